"""Every loss with every penalty by every solver that says it can."""

from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp

from skensemble import LinearClassifier, LinearRegressor
from skensemble.linear_model import as_solver, penalty_names, solver_names
from skensemble.linear_model._problem import Point
from skensemble.linear_model._rows import make_problem
from skensemble.linear_model.penalties import as_penalty
from skensemble.linear_model.solvers import supporting_solvers
from skensemble.linear_model.solvers._base import pairing
from skensemble.losses import as_loss, loss_names

# Solvers that end at an optimum; first-order runs end when their epochs do.
EXACT = [name for name in solver_names() if name != "first_order"]
ALPHA = 0.05


def _target(task, rng, raw):
    n = len(raw)
    if task == "regression":
        return np.exp(0.5 * raw + 0.3 * rng.normal(size=n))
    if task == "multioutput":
        share = 1 / (1 + np.exp(-raw))
        return np.column_stack([share, 1 - share]) * 0.8 + 0.1
    if task == "binary":
        return (raw + rng.logistic(size=n) > 0).astype(int)
    if task == "multiclass":
        return np.digitize(raw + rng.logistic(size=n), [-1, 1])
    noisy = raw[:, None] * [1, -1] + rng.logistic(size=(n, 2))
    return (noisy > 0).astype(int)


def data(task, loss="", n=80, p=5):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, p)) * [1, 2, 0.5, 1, 1] + [0, 1, -1, 0, 3]
    raw = X @ [1, -0.5, 0, 0, 0.3] - 1
    y = _target(task, rng, raw)
    return X, y / (1 + y) if loss == "kl_divergence" and y.ndim == 1 else y


def model_of(task, loss, penalty, **more):
    kind = (
        LinearRegressor if task in ("regression", "multioutput") else LinearClassifier
    )
    return kind(as_loss(loss), as_penalty(penalty), tol=1e-7, max_iter=20_000, **more)


def _strong(penalty):
    made = as_penalty(penalty)
    names = made.get_params(deep=False)
    return made.with_alpha(ALPHA) if "alpha" in names else made


CASES = [
    (task, loss, penalty)
    for loss, cls in loss_names().items()
    for task in cls.links
    for penalty in penalty_names()
]

# The exact solvers that claim each pairing, by their letters, for each kind of loss.
LETTERS = {
    "D": "direct",
    "N": "newton_cholesky",
    "B": "lbfgs",
    "C": "coordinate_descent",
    "P": "proximal_newton",
    "F": "fista",
    "L": "linear_programming",
    "I": "interior_point",
    "A": "local_linear",
    "G": "cone_programming",
    "S": "smoothing",
}
PENALTIES = (
    *("none", "l1", "l2", "elasticnet", "mcp", "scad", "adaptive", "bounded"),
    *("non_negative", "group_lasso", "sparse_group_lasso"),
)
CLAIMS = {
    "squares": "DNBCPF CPF DNBCPF CPF CPF CPF CPF DNBCPF BCPF CPF CPF",
    "squares of outputs": "DNBCPF CPF DNBCPF CPF CPF CPF CPF DNBCPF BCPF F F",
    "smooth": "NBPF PF NBPF PF PF PF PF NBPF BPF PF PF",
    "smooth, several columns": "NBPF PF NBPF PF PF PF PF NBPF BPF F F",
    "coupled, not convex": "BPF PF BPF PF PF PF PF BPF BPF F F",
    "lines": "LI LI I I A A LI LI LI G G",
}
SMOOTH = ("poisson", "gamma", "tweedie", "kl_divergence", "huber", "log_cosh")
SMOOTH_BINARY = ("log_loss", "exponential", "squared_hinge", "ranked_probability")
KIND_OF_LOSS = {
    ("regression", "squared_error"): "squares",
    ("multioutput", "squared_error"): "squares of outputs",
    **{("regression", loss): "smooth" for loss in (*SMOOTH, "expectile")},
    **{("binary", loss): "smooth" for loss in (*SMOOTH_BINARY, "focal")},
    **{
        ("multioutput", loss): "smooth, several columns"
        for loss in (*SMOOTH, "expectile")
    },
    **{
        (task, loss): "smooth, several columns"
        for loss in ("log_loss", "squared_hinge")
        for task in ("multiclass", "multilabel")
    },
    ("multilabel", "focal"): "smooth, several columns",
    ("multiclass", "focal"): "coupled, not convex",
    ("multiclass", "ranked_probability"): "coupled, not convex",
    **{(task, "hinge"): "lines" for task in ("binary", "multiclass", "multilabel")},
    **{
        (task, loss): "lines"
        for loss in ("absolute_error", "quantile")
        for task in ("regression", "multioutput")
    },
    ("regression", "multi_quantile"): "lines",
}
SOLVERS = {
    (task, loss, penalty): [LETTERS[letter] for letter in letters if letter != "-"]
    for (task, loss), kind in KIND_OF_LOSS.items()
    for penalty, letters in zip(PENALTIES, CLAIMS[kind].split(), strict=True)
}
CLAIMED = [case for case in CASES if SOLVERS.get(case)]
SEVERAL_OPTIMA = {"focal", "ranked_probability", "mcp", "scad"}
ONE_OPTIMUM = [case for case in CLAIMED if not SEVERAL_OPTIMA & set(case)]


def problem_of(task, loss, penalty, n=80):
    X, y = data(task, loss, n=n)
    model = model_of(task, loss, _strong(penalty))
    rows = model._read(X, y, None)
    return make_problem(rows, as_penalty(model.penalty), model._settings())


def test_the_table_of_claims_is_complete():
    assert set(SOLVERS) == set(CASES)
    assert sorted(LETTERS.values()) == sorted(EXACT)
    claims = Counter(name for names in SOLVERS.values() for name in names)
    assert claims == {
        "fista": 308,
        "proximal_newton": 278,
        "lbfgs": 112,
        "newton_cholesky": 78,
        "interior_point": 56,
        "linear_programming": 40,
        "local_linear": 16,
        "cone_programming": 16,
        "coordinate_descent": 20,
        "direct": 6,
    }
    assert (len(CASES), len(CLAIMED), len(ONE_OPTIMUM)) == (396, 396, 279)


def test_solvers_claim_the_pairings_of_the_table():
    for case in CASES:
        problem = problem_of(*case)
        claimed = [
            name for name in supporting_solvers(pairing(problem)) if name in EXACT
        ]
        assert sorted(claimed) == sorted(SOLVERS[case]), case
        convex = problem.loss.convex and problem.penalty.convex
        assert convex != bool(SEVERAL_OPTIMA & set(case)), case
        if problem.loss.smooth:
            assert claimed, "a smooth loss has an exact solver for every penalty"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("task", "loss", "penalty"), CLAIMED)
def test_solvers_end_at_the_same_optimum(task, loss, penalty):
    X, y = data(task, loss)
    problem = problem_of(task, loss, penalty)
    found = {}
    for name in SOLVERS[task, loss, penalty]:
        model = model_of(task, loss, _strong(penalty), solver=name).fit(X, y)
        assert model.converged_, (name, model.violation_)
        found[name] = model.objective_
        if problem.loss.smooth:
            point = Point(*problem.design.transformed(*vars(model._point).values()))
            gradient = problem.gradient(problem.raw(point))
            off = problem.violation(point, gradient)
            assert off <= 1.01 * problem.tolerance() + 1e-12, name
    if problem.loss.convex and problem.penalty.convex:
        best = min(found.values())
        for name, value in found.items():
            assert value <= best + 1e-6 * max(abs(best), 1e-3), (name, found)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("task", "loss", "penalty"), ONE_OPTIMUM[::2])
def test_weights_sparse_float32_and_intercept(task, loss, penalty):
    X, y = data(task, loss)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, size=len(y))
    often = np.repeat(np.arange(len(y)), weight)
    if task in ("binary", "multiclass"):
        assert len(np.unique(y[often])) == len(np.unique(y))

    def fit(X, y, sample_weight=None):
        model = model_of(task, loss, _strong(penalty))
        return model.fit(X, y, sample_weight)

    def close(one, other, size):
        # Objectives agree even where the minimum is flat.
        gap = abs(one.objective_ - other.objective_)
        assert gap <= size * max(abs(one.objective_), 1e-3)
        if one.loss_.smooth and size < 1e-5:
            scale = 1 + np.abs(one.coef_).max()
            np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-4 * scale)

    weighted, repeated = fit(X, y, weight), fit(X[often], y[often])
    close(weighted, repeated, 1e-6)
    plain = fit(X, y)
    close(plain, fit(sp.csr_matrix(X), y), 1e-6)
    single = fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    close(plain, single, 1e-3)


@pytest.mark.parametrize("name", EXACT)
def test_a_pairing_that_cannot_work_is_refused_with_those_that_can(name):
    refused = [case for case in CASES if name not in SOLVERS[case]]
    assert len(refused) >= 88
    for task, loss, penalty in refused[:3]:
        X, y = data(task, loss, n=20)
        model = model_of(task, loss, _strong(penalty), solver=name)
        with pytest.raises(ValueError, match=f"solver='{name}' needs") as caught:
            model.fit(X, y)
        others = supporting_solvers(pairing(problem_of(task, loss, penalty, n=20)))
        assert name not in others
        assert str(others) in str(caught.value)


def test_first_order_takes_every_pairing():
    solver = as_solver("first_order")
    for case in CASES:
        assert solver.refusal(pairing(problem_of(*case, n=20))) is None, case
