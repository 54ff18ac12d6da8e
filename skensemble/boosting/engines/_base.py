"""Interface of the engines of gradient boosting: their input and output."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

import numpy as np
from joblib import cpu_count, effective_n_jobs
from numpy.typing import NDArray

from skensemble.core import ParameterHolder
from skensemble.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class BoostingRows:
    """Rows with features, targets, weights (or None) and their current raw output."""

    X: Any
    y: Array
    weight: Array | None
    raw: Array

    def take(self, index: Array) -> "BoostingRows":
        """Take some of the rows."""
        weight = None if self.weight is None else self.weight[index]
        return BoostingRows(self.X[index], self.y[index], weight, self.raw[index])


@dataclass(frozen=True)
class TreeShape:
    """Limits of tree growth, with scikit-learn's names and defaults.

    The limits in `left` are None: they are left to the defaults of the engine.
    """

    max_depth: int | None = 3
    max_leaf_nodes: int | None = None
    min_samples_split: Any = 2
    min_samples_leaf: Any = 1
    min_weight_fraction_leaf: float = 0.0
    min_impurity_decrease: float = 0.0
    max_features: int | None = None
    ccp_alpha: float = 0.0
    monotonic_cst: tuple[int, ...] | None = None
    interaction_cst: tuple[tuple[int, ...], ...] | None = None
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BoostingProblem:
    """The input of an engine.

    Parameters
    ----------
    loss : Loss
        The loss; classes are codes.
    task : str
        Kind of target ("regression", "binary", ...).
    train : BoostingRows
        Training rows.
    scored : BoostingRows
        Training rows on which the training loss is computed.
    scored_at : ndarray of int or None
        Their positions among the training rows; None for all.
    validation : BoostingRows or None
        Validation rows.
    shape : TreeShape
        Limits of tree growth.
    categorical : tuple of int
        Columns of `X` that hold codes of categories.
    sampled : bool
        Whether each round is fitted on a subsample of the rows.
    rate : float
        Learning rate of the first round.
    seed : int
        Seed of the random numbers of the engine.
    threads : int
        Number of threads; 0 leaves the choice to OpenMP.
    can_defer_losses : bool
        Whether the raw output of the scored rows may be computed several rounds later.
    """

    loss: Loss
    task: str
    train: BoostingRows
    scored: BoostingRows
    scored_at: Array | None
    validation: BoostingRows | None
    shape: TreeShape
    categorical: tuple[int, ...]
    sampled: bool
    rate: float
    seed: int
    threads: int
    can_defer_losses: bool = False

    @property
    def width(self) -> int:
        """Number of columns of the raw output."""
        return 1 if self.train.raw.ndim == 1 else int(self.train.raw.shape[1])

    @property
    def n_features(self) -> int:
        """Number of columns of `X`."""
        return int(self.train.X.shape[1])


class Forest(ABC):
    """The trees of one fit. A forest can be pickled."""

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
        """Sum of gains, or number of splits, per feature."""

    @abstractmethod
    def tree(self, iteration: int, column: int) -> Any:
        """Return one tree."""


class Grower(ABC):
    """One run of boosting."""

    # Whether `replay` gives the raw output of the scored rows; otherwise `raw` does.
    replays = False

    @abstractmethod
    def grow(self, rate: float, mask: Array | None) -> None:
        """Add the trees of one round.

        Parameters
        ----------
        rate : float
            Learning rate.
        mask : ndarray of bool or None
            The rows that this round is fitted on.
        """

    @abstractmethod
    def raw(self, rows: str) -> Array:
        """Current raw output of the "train", "scored" or "validation" rows."""

    def replay(self, first: int, last: int) -> list[Array]:
        """Raw output of the scored rows after each of the rounds `first` to `last`.

        For raw output of one column; `first` is the `last` of the call before.
        """
        return [self.raw("scored")]

    @abstractmethod
    def forest(self, n_iterations: int) -> Forest:
        """Return the trees of the first rounds."""


class Engine(ParameterHolder, ABC):
    """An engine grows trees, or fits other weak learners, for any loss."""

    @property
    def is_free_of_units(self) -> bool:
        """Whether no parameter of the engine is in units of the target."""
        return False

    @abstractmethod
    def grower(self, problem: BoostingProblem) -> Grower:
        """Start a run of boosting.

        Parameters
        ----------
        problem : BoostingProblem
            Data, loss and limits of tree growth.

        Returns
        -------
        grower : Grower
            The grower, which adds the trees of one round per call.
        """


class LibraryEngine(Engine):
    """An engine whose parameters are those of a library, under the library's names.

    Parameters
    ----------
    native : bool, default=True
        Whether to use the library's own objective where it is exactly the loss. False
        always uses the derivatives of the loss.
    **params : dict
        Parameters of the library.
    """

    def __init__(self, *, native=True, **params):
        self._params = {"native": native, **params}

    def get_params(self, deep=True):
        """Get the parameters that were given.

        Parameters
        ----------
        deep : bool, default=True
            Without effect: no parameter is an object with parameters.

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
            Parameters, under the library's names.

        Returns
        -------
        self : Engine
            The engine itself.
        """
        self._params = {**self._params, **params}
        return self

    def __repr__(self, N_CHAR_MAX=700):
        """Show the parameters that were given."""
        given = [
            f"{name}={value!r}"
            for name, value in self._params.items()
            if (name, value) != ("native", True)
        ]
        return f"{type(self).__name__}({', '.join(given)})"[:N_CHAR_MAX]

    # Parameters of the library that are in units of the target.
    _in_units_of_target: frozenset[str] = frozenset()

    @property
    def is_free_of_units(self) -> bool:
        """Whether no parameter that was given is in units of the target."""
        given = self.library_params
        return not any(given.get(name) for name in self._in_units_of_target)

    @property
    def native(self) -> bool:
        """Whether the library's own objectives may be used."""
        return bool(self._params["native"])

    @property
    def library_params(self) -> dict[str, Any]:
        """The parameters that are passed to the library."""
        return {key: value for key, value in self._params.items() if key != "native"}


def check_unsupported(
    engine: Engine, problem: BoostingProblem, names: tuple[str, ...]
) -> None:
    """Refuse limits of tree growth that the library does not have."""
    default = TreeShape()
    for name in names:
        value = getattr(problem.shape, name)
        if name not in problem.shape.left and value != getattr(default, name):
            raise ValueError(
                f"{name}={value!r} means nothing to engine={engine!r}; use "
                "engine=WeakLearner(), or leave it out."
            )


def check_known_params(engine: LibraryEngine, known: frozenset[str]) -> None:
    """Refuse unknown names, which the library would ignore without a warning."""
    for name in engine.library_params:
        if name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see its docs."
            raise ValueError(
                f"{name} of engine={engine!r} is not a parameter of "
                f"{type(engine).__name__} (or a rare alias of one); {hint}"
            )


def check_reserved_params(engine: LibraryEngine, names: dict[str, str]) -> None:
    """Refuse library parameters that are parameters of the estimator."""
    for name in engine.library_params:
        if name in names:
            raise ValueError(
                f"{name}={engine.library_params[name]!r} of engine={engine!r} is set by "
                f"the estimator: give {names[name]} there."
            )


def min_hessian(problem: BoostingProblem) -> float:
    """Turn `min_weight_fraction_leaf` into a sum of the hessians at the start.

    For losses with a hessian of one this is the share of the weights itself.
    """
    rows = problem.train
    h = problem.loss.hessian(rows.y, rows.raw)
    h = h.mean(axis=1) if h.ndim == 2 else h
    total = float(h.sum() if rows.weight is None else h @ rows.weight)
    return problem.shape.min_weight_fraction_leaf * total


def as_count(value: int | float, n_rows: int) -> int:
    """Turn a number of rows, or a share of the rows, into a number."""
    if isinstance(value, float) and value < 1:
        return int(np.ceil(value * n_rows))
    return int(value)


def library_threads(n_jobs: int | None) -> int:
    """Number of threads of a library; 0 leaves the choice to OpenMP."""
    if n_jobs is None:
        return 0
    # More threads than cores are slower, and end the process if they are very many.
    return min(int(effective_n_jobs(n_jobs)), cpu_count())
