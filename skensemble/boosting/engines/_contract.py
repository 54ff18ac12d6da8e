"""What an engine is given, and what it gives back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder
from skensemble.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Rows of a table: features, targets, weights (or None), raw output so far."""

    X: Any
    y: Array
    weight: Array | None
    raw: Array

    def take(self, index: Array) -> "Rows":
        """Pick some of the rows."""
        weight = None if self.weight is None else self.weight[index]
        return Rows(self.X[index], self.y[index], weight, self.raw[index])


@dataclass(frozen=True)
class TreeShape:
    """How trees may grow, in scikit-learn's words."""

    max_depth: int | None = 3
    max_leaf_nodes: int | None = None
    min_samples_split: int | float = 2
    min_samples_leaf: int | float = 1
    min_weight_fraction_leaf: float = 0.0
    min_impurity_decrease: float = 0.0
    max_features: int | None = None
    ccp_alpha: float = 0.0
    monotonic_cst: tuple[int, ...] | None = None
    interaction_cst: tuple[tuple[int, ...], ...] | None = None


@dataclass(frozen=True)
class Problem:
    """All that an engine needs to grow trees.

    Parameters
    ----------
    loss : Loss
        With classes as codes.
    task : str
        What the target is ("regression", "binary", ...).
    train : Rows
        What is learned from.
    scored : Rows
        Some of the training rows, whose loss is followed.
    scored_at : ndarray of int or None
        Which they are; None for all.
    validation : Rows or None
        Rows held out.
    shape : TreeShape
        How trees may grow.
    categorical : tuple of int
        Columns of `X` that hold codes of categories.
    sampled : bool
        Whether each round sees some rows only.
    rate : float
        Learning rate of the first round.
    seed : int
        For what an engine draws.
    threads : int
        How many to use; 0 leaves it to OpenMP.
    replayed : bool
        Whether the raw output of the scored rows may be asked for rounds later.
    """

    loss: Loss
    task: str
    train: Rows
    scored: Rows
    scored_at: Array | None
    validation: Rows | None
    shape: TreeShape
    categorical: tuple[int, ...]
    sampled: bool
    rate: float
    seed: int
    threads: int
    replayed: bool = False

    @property
    def width(self) -> int:
        """Number of raw columns."""
        return 1 if self.train.raw.ndim == 1 else int(self.train.raw.shape[1])

    @property
    def n_features(self) -> int:
        """Number of columns of `X`."""
        return int(self.train.X.shape[1])


class Forest(ABC):
    """Grown trees: what they add to the raw output. It pickles."""

    n_iterations: int
    width: int

    @abstractmethod
    def raw(self, X: Any, first: int, last: int, threads: int = 0) -> Array:
        """Sum of the trees of rounds `first` to `last` (excluded), (n,) or (n, k)."""

    @abstractmethod
    def leaves(self, X: Any, threads: int = 0) -> Array:
        """Leaf of each row in each tree, (n, n_iterations, k)."""

    @abstractmethod
    def importance(self, kind: str) -> Array:
        """Sum of gains, or number of splits, by feature."""

    @abstractmethod
    def tree(self, iteration: int, column: int) -> Any:
        """One tree."""


class Grower(ABC):
    """One run of boosting."""

    # Whether `replay` tells the raw output of the scored rows; `raw` does otherwise.
    replays = False

    @abstractmethod
    def grow(self, rate: float, mask: Array | None) -> None:
        """Add the trees of one round.

        Parameters
        ----------
        rate : float
            Learning rate.
        mask : ndarray of bool or None
            The rows that this round sees.
        """

    @abstractmethod
    def raw(self, rows: str) -> Array:
        """Raw output now of the "train", "scored" or "validation" rows."""

    def replay(self, first: int, last: int) -> list[Array]:
        """Raw output of the scored rows after each of the rounds `first` to `last`.

        For one raw column, and asked for one stretch of rounds after the other.
        """
        return [self.raw("scored")]

    @abstractmethod
    def forest(self, n_iterations: int) -> Forest:
        """Give the trees of the first rounds."""


class Engine(ParameterHolder, ABC):
    """What grows trees, or other weak learners, for any loss."""

    @abstractmethod
    def grower(self, problem: Problem) -> Grower:
        """Start a run.

        Parameters
        ----------
        problem : Problem
            Data, loss and shape of trees.

        Returns
        -------
        grower : Grower
            The grower, which adds the trees of one round per call.
        """


class LibraryEngine(Engine):
    """An engine whose parameters are those of a library, by the library's own names.

    Parameters
    ----------
    native : bool, default=True
        Use the library's own objective where it has exactly the loss; False: always
        the derivatives of the loss.
    **params : dict
        Parameters of the library.
    """

    def __init__(self, *, native=True, **params):
        self._params = {"native": native, **params}

    def get_params(self, deep=True):
        """Get the parameters given.

        Parameters
        ----------
        deep : bool, default=True
            Nothing is nested here.

        Returns
        -------
        params : dict
            The parameters by name.
        """
        return dict(self._params)

    def set_params(self, **params) -> Self:
        """Set parameters of the library.

        Parameters
        ----------
        **params : dict
            By the library's names.

        Returns
        -------
        self : Engine
            The engine itself.
        """
        self._params = {**self._params, **params}
        return self

    def __repr__(self, N_CHAR_MAX=700):
        """Show what was given."""
        given = [
            f"{name}={value!r}"
            for name, value in self._params.items()
            if (name, value) != ("native", True)
        ]
        return f"{type(self).__name__}({', '.join(given)})"[:N_CHAR_MAX]

    @property
    def native(self) -> bool:
        """Whether the library's own objectives may be used."""
        return bool(self._params["native"])

    @property
    def library_params(self) -> dict[str, Any]:
        """What the library is given."""
        return {key: value for key, value in self._params.items() if key != "native"}


def refuse(engine: Engine, problem: Problem, names: tuple[str, ...]) -> None:
    """Refuse those limits of tree growth that a library has no word for."""
    default = TreeShape()
    for name in names:
        value = getattr(problem.shape, name)
        if value != getattr(default, name):
            raise ValueError(
                f"{name}={value!r} means nothing to engine={engine!r}; use "
                "engine=WeakLearner(), or leave it out."
            )


def refuse_unknown(engine: LibraryEngine, known: frozenset[str]) -> None:
    """Refuse names that a library does not know: it would ignore them in silence."""
    for name in engine.library_params:
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see its docs."
            raise ValueError(
                f"{name} of engine={engine!r} is not a parameter of "
                f"{type(engine).__name__} (or a rare alias of one); {hint}"
            )


def refuse_reserved(engine: LibraryEngine, names: dict[str, str]) -> None:
    """Refuse library parameters that the estimator has itself."""
    for name in engine.library_params:
        if name in names:
            raise ValueError(
                f"{name}={engine.library_params[name]!r} of engine={engine!r} is set by "
                f"the estimator: give {names[name]} there."
            )


def least_hessian(problem: Problem) -> float:
    """Read `min_weight_fraction_leaf` as a sum of hessians, as they are at the start.

    For losses with a hessian of one that is the share of weights itself.
    """
    rows = problem.train
    h = problem.loss.hessian(rows.y, rows.raw)
    h = h.mean(axis=1) if h.ndim == 2 else h
    total = float(h.sum() if rows.weight is None else h @ rows.weight)
    return problem.shape.min_weight_fraction_leaf * total


def count_of(value: int | float, n_rows: int) -> int:
    """Read a number of rows that may be given as a share."""
    if isinstance(value, float) and value < 1:
        return int(np.ceil(value * n_rows))
    return int(value)
