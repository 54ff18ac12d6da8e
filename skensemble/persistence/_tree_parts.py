"""Decision trees of scikit-learn, whose compiled code believes every number it reads.

A tree from a file is looked through before it is used: children come after their
parent and lie within the tree, features within the table. So a forged tree can be
wrong, but cannot lead outside its memory.
"""

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

# scikit-learn has no public name for what a tree is made of, nor for what all its
# ensembles of trees have in common; a round trip of each of them
# (tests/persistence/test_round_trips.py) tells when one moves.
from sklearn.ensemble._bagging import BaseBagging
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import (
    BaseHistGradientBoosting,
)
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from skensemble.exceptions import ModelFileError
from skensemble.persistence._part import Part

LEAF = -1
CHILDREN = ("left_child", "right_child")


def _take_tree(tree: Tree) -> dict[str, Any]:
    _, (n_features, n_classes, n_outputs), state = tree.__reduce__()
    nodes = state.pop("nodes").copy()
    for side in CHILDREN:
        nodes[side] = _steps(nodes[side])
    return {
        "n_features": n_features,
        "n_classes": n_classes,
        "n_outputs": n_outputs,
        "nodes": nodes,
        "state": state,
    }


def _make_tree(value: dict[str, Any]) -> Tree:
    state, n_features = value["state"], value["n_features"]
    nodes = value["nodes"].copy()
    for side in CHILDREN:
        nodes[side] = _children(nodes[side])
    require(state["node_count"] == len(nodes) == len(state["values"]) > 0)
    inner = nodes["left_child"] != LEAF
    require(((nodes["right_child"] != LEAF) == inner).all())
    check_children(nodes["left_child"], inner)
    check_children(nodes["right_child"], inner)
    check_within(nodes["feature"][inner], n_features)
    require(len(value["n_classes"]) == value["n_outputs"])
    tree = Tree(n_features, value["n_classes"], value["n_outputs"])
    tree.__setstate__(state | {"nodes": nodes})
    return tree


def _steps(children: NDArray[Any]) -> NDArray[Any]:
    """How far from a node its child is, 0 for none: small numbers compress well."""
    steps = children - np.arange(len(children))
    return np.where(children == LEAF, 0, steps)


def _children(steps: NDArray[Any]) -> NDArray[Any]:
    return np.where(steps == 0, LEAF, steps + np.arange(len(steps)))


def _take_predictor(tree: TreePredictor) -> dict[str, Any]:
    return dict(vars(tree))


def _make_predictor(value: dict[str, Any]) -> TreePredictor:
    nodes = value["nodes"]
    require(len(nodes) > 0)
    inner = nodes["is_leaf"] == 0
    # Unsigned numbers: let none wrap around.
    check_children(nodes["left"].astype(np.int64), inner)
    check_children(nodes["right"].astype(np.int64), inner)
    by_category = inner & (nodes["is_categorical"] != 0)
    for name in ("binned_left_cat_bitsets", "raw_left_cat_bitsets"):
        bits = value[name]
        require(bits.ndim == 2 and bits.shape[1] == 8 and bits.dtype == np.uint32)
        check_within(nodes["bitset_idx"][by_category].astype(np.int64), len(bits))
    return TreePredictor(**value)


def check_children(children: NDArray[Any], inner: NDArray[Any]) -> None:
    """Refuse a tree with a child outside it, or before its parent.

    Parameters
    ----------
    children : ndarray of int of shape (n_nodes,)
        Number of the child of each node.
    inner : ndarray of bool of shape (n_nodes,)
        Whether a node has children.
    """
    parents = np.flatnonzero(inner)
    require((children[inner] > parents).all())
    require((children[inner] < len(children)).all())


def check_within(numbers: NDArray[Any], limit: int) -> None:
    """Refuse numbers below zero or from a limit on.

    Parameters
    ----------
    numbers : ndarray of int
        What is used to look something up.
    limit : int
        How much there is.
    """
    require(((numbers >= 0) & (numbers < limit)).all())


def require(sound: Any) -> None:
    """Refuse a tree that is not sound.

    Parameters
    ----------
    sound : bool
        Whether it is.
    """
    if not sound:
        raise ModelFileError(
            "The file holds a decision tree that leads outside itself: it is damaged or "
            "forged. Save the model again."
        )


def check_model(model: Any) -> None:
    """Refuse a model whose trees look for features that its table does not have.

    Parameters
    ----------
    model : object
        Made from a file, with all that it holds.
    """
    for kind, check in CHECKS:
        if isinstance(model, kind):
            check(model)


def _check_decision_tree(model: BaseDecisionTree) -> None:
    tree = getattr(model, "tree_", None)
    if tree is not None:
        require(isinstance(tree, Tree) and tree.n_features == model.n_features_in_)
        require(tree.n_outputs == model.n_outputs_)


def _check_forest(model: Any) -> None:
    for tree in np.ravel(getattr(model, "estimators_", [])):
        require(tree.n_features_in_ == model.n_features_in_)
        require(isinstance(tree, BaseDecisionTree))


def _check_bag(model: BaseBagging) -> None:
    trees = getattr(model, "estimators_", [])
    for tree, features in zip(
        trees, getattr(model, "estimators_features_", []), strict=True
    ):
        check_within(np.asarray(features), model.n_features_in_)
        if isinstance(tree, BaseDecisionTree):
            require(tree.n_features_in_ == len(features))


def _check_histograms(model: BaseHistGradientBoosting) -> None:
    if hasattr(model, "_predictors"):
        mapper = model._bin_mapper
        width = len(mapper.is_categorical_)
        require(width == model._n_features)
        for tree in chain.from_iterable(model._predictors):
            require(isinstance(tree, TreePredictor))
            inner = tree.nodes["is_leaf"] == 0
            check_within(tree.nodes["feature_idx"][inner], width)


CHECKS = (
    (BaseBagging, _check_bag),
    (BaseDecisionTree, _check_decision_tree),
    (BaseForest, _check_forest),
    (BaseGradientBoosting, _check_forest),
    (BaseHistGradientBoosting, _check_histograms),
)
PARTS = (
    Part("sklearn.Tree", ("sklearn.tree._tree.Tree",), _take_tree, _make_tree),
    Part(
        "sklearn.TreePredictor",
        ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",),
        _take_predictor,
        _make_predictor,
    ),
)
