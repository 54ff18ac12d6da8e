"""Convert decision trees of scikit-learn, whose compiled code does not check indices.

A tree from a file is checked before it is used: children come after their parent and
lie within the tree, and features lie within the table. A forged tree can therefore give
wrong predictions, but cannot access memory outside of its arrays.
"""

from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

# scikit-learn has no public names for the structure of a tree and for the base classes
# of its ensembles of trees. A round trip of each of them in
# tests/persistence/test_round_trips.py fails if one is renamed.
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
from skensemble.persistence._graph import Converter

LEAF = -1
CHILDREN = ("left_child", "right_child")


def dump_tree(tree: Tree) -> dict[str, Any]:
    """Return the parts of a tree; children are relative to their parents."""
    _, (n_features, n_classes, n_outputs), state = tree.__reduce__()
    nodes = state.pop("nodes").copy()
    for side in CHILDREN:
        nodes[side] = _child_offsets(nodes[side])
    return {
        "n_features": n_features,
        "n_classes": n_classes,
        "n_outputs": n_outputs,
        "nodes": nodes,
        "state": state,
    }


def load_tree(value: dict[str, Any]) -> Tree:
    """Return the tree of some parts, after checks."""
    state, n_features = value["state"], value["n_features"]
    nodes = value["nodes"].copy()
    for side in CHILDREN:
        nodes[side] = _children(nodes[side])
    require_sound(state["node_count"] == len(nodes) == len(state["values"]) > 0)
    inner = nodes["left_child"] != LEAF
    require_sound(((nodes["right_child"] != LEAF) == inner).all())
    check_children(nodes["left_child"], inner)
    check_children(nodes["right_child"], inner)
    check_within(nodes["feature"][inner], n_features)
    require_sound(len(value["n_classes"]) == value["n_outputs"])
    tree = Tree(n_features, value["n_classes"], value["n_outputs"])
    tree.__setstate__(state | {"nodes": nodes})
    return tree


def _child_offsets(children: NDArray[Any]) -> NDArray[Any]:
    """Return the distance from each node to its child (0 for none); compresses well."""
    steps = children - np.arange(len(children))
    return np.where(children == LEAF, 0, steps)


def _children(steps: NDArray[Any]) -> NDArray[Any]:
    return np.where(steps == 0, LEAF, steps + np.arange(len(steps)))


def _dump_predictor(tree: TreePredictor) -> dict[str, Any]:
    return dict(vars(tree))


def _load_predictor(value: dict[str, Any]) -> TreePredictor:
    nodes = value["nodes"]
    require_sound(len(nodes) > 0)
    inner = nodes["is_leaf"] == 0
    # Unsigned integers are converted so that none wraps around.
    check_children(nodes["left"].astype(np.int64), inner)
    check_children(nodes["right"].astype(np.int64), inner)
    by_category = inner & (nodes["is_categorical"] != 0)
    for name in ("binned_left_cat_bitsets", "raw_left_cat_bitsets"):
        bits = value[name]
        require_sound(bits.ndim == 2 and bits.shape[1] == 8 and bits.dtype == np.uint32)
        check_within(nodes["bitset_idx"][by_category].astype(np.int64), len(bits))
    return TreePredictor(**value)


def check_children(children: NDArray[Any], inner: NDArray[Any]) -> None:
    """Refuse a tree in which a child is outside the tree, or before its parent."""
    parents = np.flatnonzero(inner)
    require_sound((children[inner] > parents).all())
    require_sound((children[inner] < len(children)).all())


def check_within(numbers: NDArray[Any], limit: int) -> None:
    """Refuse indices below zero, or at or above a limit."""
    require_sound(((numbers >= 0) & (numbers < limit)).all())


def require_sound(sound: Any) -> None:
    """Refuse a tree that failed a check."""
    if not sound:
        raise ModelFileError(
            "The file holds a decision tree that leads outside itself. The file is "
            "damaged or forged; save the model again."
        )


def check_model(model: Any) -> None:
    """Refuse a model with trees that use features which its table does not have."""
    for kind, check in MODEL_CHECKS:
        if isinstance(model, kind):
            check(model)


def _check_decision_tree(model: BaseDecisionTree) -> None:
    tree = getattr(model, "tree_", None)
    if tree is not None:
        require_sound(
            isinstance(tree, Tree) and tree.n_features == model.n_features_in_
        )
        require_sound(tree.n_outputs == model.n_outputs_)


def _check_forest(model: Any) -> None:
    for tree in np.ravel(getattr(model, "estimators_", [])):
        require_sound(tree.n_features_in_ == model.n_features_in_)
        require_sound(isinstance(tree, BaseDecisionTree))


def _check_bagging(model: BaseBagging) -> None:
    trees = getattr(model, "estimators_", [])
    for tree, features in zip(
        trees, getattr(model, "estimators_features_", []), strict=True
    ):
        check_within(np.asarray(features), model.n_features_in_)
        if isinstance(tree, BaseDecisionTree):
            require_sound(tree.n_features_in_ == len(features))


def _check_hist_gradient_boosting(model: BaseHistGradientBoosting) -> None:
    if hasattr(model, "_predictors"):
        mapper = model._bin_mapper
        width = len(mapper.is_categorical_)
        require_sound(width == model._n_features)
        for tree in chain.from_iterable(model._predictors):
            require_sound(isinstance(tree, TreePredictor))
            inner = tree.nodes["is_leaf"] == 0
            check_within(tree.nodes["feature_idx"][inner], width)


MODEL_CHECKS = (
    (BaseBagging, _check_bagging),
    (BaseDecisionTree, _check_decision_tree),
    (BaseForest, _check_forest),
    (BaseGradientBoosting, _check_forest),
    (BaseHistGradientBoosting, _check_hist_gradient_boosting),
)
CONVERTERS = (
    Converter("sklearn.Tree", ("sklearn.tree._tree.Tree",), dump_tree, load_tree),
    Converter(
        "sklearn.TreePredictor",
        ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",),
        _dump_predictor,
        _load_predictor,
    ),
)
