"""Solvers of member weights, one per criterion."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from skensemble.core import ParameterHolder, Target
from skensemble.member_weights._auc_ascent import best_auc_weights
from skensemble.member_weights._greedy_selection import first_of_best
from skensemble.member_weights._score_range import scorer_of_members
from skensemble.member_weights._simplex import (
    largest_likelihood,
    least_squares,
    vertex,
)
from skensemble.scoring import (
    MemberPredictions,
    as_prediction_scorer,
    read_predictions,
)

Array = NDArray[Any]

_ROUNDING = 1e-9
LOSSES = ("squared_error", "log_loss")


class WeightSolver(ParameterHolder):
    """Base class of solvers of member weights, which are non-negative with sum one.

    A subclass defines one method, `solve`.

    Read more in the :ref:`User Guide <guide_super_learner>`.
    """

    def weigh(
        self, predictions: Any, y: Any, *, kind: str, sample_weight: Any = None
    ) -> Array:
        """Compute the weights of members.

        Parameters
        ----------
        predictions : array-like of shape (n_members, n) or (n_members, n, k)
            Continuous predictions, or probabilities of classes or labels, preferably
            out-of-fold.
        y : array-like of shape (n,) or (n, k)
            The target; codes for classes.
        kind : {"continuous", "classes", "labels"}
            Type of the target.
        sample_weight : array-like of shape (n,) or None
            Sample weights; an integer weight is equivalent to that many copies of the
            row.

        Returns
        -------
        weights : ndarray of shape (n_members,)
            Non-negative, with sum one.
        """
        members = read_predictions(
            predictions, y, kind=kind, sample_weight=sample_weight
        )
        weights = np.asarray(self.solve(members), dtype=float)
        _check_solution(self, weights, len(members.values))
        weights = np.maximum(weights, 0)
        return weights / weights.sum()

    def solve(self, members: MemberPredictions) -> Array:
        """Compute weights for checked predictions.

        Parameters
        ----------
        members : MemberPredictions
            Predictions of the members, the target and the sample weights.

        Returns
        -------
        weights : ndarray of shape (n_members,)
            The weight of each member.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define solve(members)."
        )


class NNLS(WeightSolver):
    r"""Non-negative least squares, normalised to sum one afterwards.

    :math:`\min_{w \ge 0} \sum_i \omega_i (y_i - \sum_m w_m p_{mi})^2`, then
    :math:`w / \sum w` (Breiman, "Stacked regressions", Machine Learning 24, 1996; van
    der Laan, Polley and Hubbard, "Super Learner", Statistical Applications in Genetics
    and Molecular Biology 6, 2007). Classes are fitted as one-hot columns, all with the
    same weights. If all weights are zero, the member of lowest squared error gets all
    the weight.

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking import NNLS
    >>> y = np.array([0.0, 1.0, 2.0, 3.0])
    >>> predictions = [y + [1, -1, 1, -1], y - [1, -1, 1, -1], np.ones(4)]
    >>> NNLS().weigh(predictions, y, kind="continuous").round(6)
    array([0.5, 0.5, 0. ])
    """

    def solve(self, members):
        """Solve with the triangle of a QR decomposition, which is smaller."""
        values, target, root = _stacked(members)
        system = np.column_stack([values, target]) * root
        triangle = np.linalg.qr(system, mode="r")
        most = 100 * len(triangle)
        weights, _ = nnls(triangle[:, :-1], triangle[:, -1], maxiter=most)
        if weights.any():
            return weights
        return vertex(-(((values - target) * root) ** 2).sum(axis=0))


class Convex(WeightSolver):
    r"""The convex combination with the smallest loss, computed exactly.

    Squared error: :math:`\min_{w \in \Delta} \sum_i \omega_i (y_i - \sum_m w_m
    p_{mi})^2` by an active-set method. Log loss: :math:`\min_{w \in \Delta} -\sum_i
    \omega_i \log \sum_m w_m p_{mi}`, with :math:`p_{mi}` the probability of the target,
    by sequential quadratic programming until no weights can improve the mean loss by
    more than 1e-10; the certificate is the duality gap :math:`\max_m \sum_i \omega_i
    p_{mi} / \sum_l w_l p_{li} - 1`.

    The Super Learner of van der Laan, Polley and Hubbard (2007) takes the convex
    combination of least cross-validated risk. The method for log loss follows Kim,
    Carbonetto, Stephens and Anitescu, "A fast algorithm for maximum likelihood
    estimation of mixture proportions using sequential quadratic programming", Journal
    of Computational and Graphical Statistics 29, 2020.

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Parameters
    ----------
    loss : {"squared_error", "log_loss"} or None, default=None
        The loss that is minimised; None for squared error of a continuous target and
        log loss of classes and labels. Squared error of classes is that of one-hot
        columns.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking import Convex
    >>> y = np.array([0.0, 1.0, 2.0, 3.0])
    >>> Convex().weigh([y + 1, y - 3], y, kind="continuous").round(6)
    array([0.75, 0.25])
    >>> chance, good = np.full(4, 0.5), np.array([0.1, 0.9, 0.9, 0.1])
    >>> Convex().weigh([chance, good], np.array([0, 1, 1, 0]), kind="classes").round(6)
    array([0., 1.])
    """

    def __init__(self, loss=None):
        self.loss = loss

    def solve(self, members):
        """Minimise the loss."""
        loss = self.loss
        if loss is None:
            loss = "squared_error" if members.kind == "continuous" else "log_loss"
        if loss not in LOSSES:
            raise ValueError(
                f"loss={loss!r} of Convex must be one of {list(LOSSES)} or None."
            )
        if loss == "squared_error":
            values, target, root = _stacked(members)
            return least_squares((values - target) * root)
        if members.kind == "continuous":
            raise ValueError(
                "loss='log_loss' of Convex is for classes, but the target is continuous; "
                "use loss='squared_error'."
            )
        return largest_likelihood(members.likelihoods(), members.weight_of_entries())


class MaximizeAUC(WeightSolver):
    r"""Weights that maximise the area under the ROC curve of the combination.

    :math:`\max_{w \in \Delta} \mathrm{AUC}(y, \sum_m w_m p_m)`, for several classes the
    mean AUC of each class against the rest. The AUC is a step function of the weights,
    so they are searched by steps of decreasing length towards and away from each
    member, from the best member, from equal weights and from the weights of least log
    loss. The result is never worse than the best member (LeDell, van der Laan and
    Petersen, "AUC-maximizing ensembles through metalearning", International Journal of
    Biostatistics 12, 2016; the search is the coordinate ascent of Metzler and Croft,
    "Linear feature-based models for information retrieval", Information Retrieval 10,
    2007).

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Parameters
    ----------
    tol : float, default=1e-3
        Length of the shortest steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking import MaximizeAUC
    >>> y = np.array([0, 1, 0, 1])
    >>> first, second = np.array([0.3, 0.4, 0.5, 0.6]), np.array([0.3, 0.6, 0.2, 0.1])
    >>> w = MaximizeAUC().weigh([first, second], y, kind="classes")
    >>> mean = w @ [first, second]
    >>> bool(mean[y == 1].min() > mean[y == 0].max())
    True
    """

    def __init__(self, tol=1e-3):
        self.tol = tol

    def solve(self, members):
        """Search from several starts."""
        if members.kind != "classes":
            raise ValueError(
                f"MaximizeAUC needs one class per row (kind='classes'), got "
                f"kind={members.kind!r}; use Convex() or NNLS()."
            )
        if not 0 < self.tol <= 0.5:
            raise ValueError(f"tol={self.tol!r} of MaximizeAUC must lie in (0, 0.5].")
        start = largest_likelihood(members.likelihoods(), members.weight)
        return best_auc_weights(members, start, self.tol)


class Discrete(WeightSolver):
    """All weight on the best member: the discrete Super Learner.

    The first of those whose score equals the best (van der Laan, Polley and Hubbard,
    "Super Learner", 2007, section 2, the cross-validation selector).

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Parameters
    ----------
    scoring : str, scorer, Loss or None, default=None
        The score by which the best member is chosen; None for accuracy (classes) or R2
        (continuous target).

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking import Discrete
    >>> y = np.array([0.0, 1.0, 2.0])
    >>> Discrete().weigh([y + 2, y + 1, y - 3], y, kind="continuous")
    array([0., 1., 0.])
    """

    def __init__(self, scoring=None):
        self.scoring = scoring

    def solve(self, members):
        """Score each member."""
        scorer = as_prediction_scorer(self.scoring, members.kind, members.n_classes)
        scorer = scorer_of_members(scorer, members)
        method = "predict" if members.kind == "continuous" else "predict_proba"
        scores = [
            scorer.score_or_nan(block, members.y, members.sample_weight, method)
            for block in members.values
        ]
        return np.eye(len(scores))[first_of_best(np.array(scores))]


SOLVERS: dict[str, type[WeightSolver]] = {
    "auc": MaximizeAUC,
    "convex": Convex,
    "discrete": Discrete,
    "nnls": NNLS,
}


def _check_solution(solver: WeightSolver, weights: Array, n_members: int) -> None:
    """Refuse invalid weights; rounding errors below zero are allowed."""
    fits = weights.shape == (n_members,) and bool(np.isfinite(weights).all())
    if not fits or weights.min() < -_ROUNDING or not weights.sum() > 0:
        raise ValueError(
            f"solver={solver!r} gave the weights {weights}; they should be {n_members} "
            "non-negative numbers, not all zero."
        )


def as_weight_solver(solver: Any) -> WeightSolver:
    """Make a solver from its name, or return it unchanged.

    Parameters
    ----------
    solver : WeightSolver or {"nnls", "convex", "auc", "discrete"}
        The solver or its name.

    Returns
    -------
    solver : WeightSolver
    """
    if isinstance(solver, str) and solver in SOLVERS:
        return SOLVERS[solver]()
    if isinstance(solver, type) and issubclass(solver, WeightSolver):
        raise ValueError(
            f"solver={solver.__name__} is a class; give {solver.__name__}()."
        )
    if not hasattr(solver, "weigh"):
        raise ValueError(
            f"solver={solver!r} is not known; use one of {sorted(SOLVERS)}, or an object "
            "with weigh(predictions, y, kind=, sample_weight=)."
        )
    return solver


def with_classes(solver: WeightSolver, target: Target) -> WeightSolver:
    """Return a solver whose parameter ``scoring``, if any, scores labels of a target.

    Parameters
    ----------
    solver : WeightSolver
        The solver.
    target : Target
        The target.

    Returns
    -------
    solver : WeightSolver
    """
    known: dict[str, Any] = getattr(solver, "__dict__", {})
    if target.kind != "classes" or "scoring" not in known:
        return solver
    solver = copy.copy(solver)
    vars(solver)["scoring"] = as_prediction_scorer(
        known["scoring"], target.kind, target.n_classes, target.classes
    )
    return solver


def _stacked(members: MemberPredictions) -> tuple[Array, Array, Array]:
    """Return values (entries, n_members), target and root weights (entries, 1)."""
    values = members.values.reshape(len(members.values), -1).T
    target = members.one_hot_target().reshape(-1, 1)
    weight = np.repeat(members.weight, len(target) // len(members.y))
    return values, target, np.sqrt(weight / weight.sum())[:, None]
