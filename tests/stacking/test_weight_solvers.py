"""Weights against scipy's optimisers, optimality conditions and known values."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, nnls
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from skensemble.losses import AbsoluteError
from skensemble.member_weights._solvers import (
    NNLS,
    Convex,
    Discrete,
    MaximizeAUC,
    WeightSolver,
    as_weight_solver,
)

SOLVERS = [NNLS(), Convex(), Convex("squared_error"), MaximizeAUC(), Discrete()]
KINDS = [
    ("continuous", 1),
    ("continuous", 3),
    ("classes", 2),
    ("classes", 4),
    ("labels", 3),
]
FOR_CLASSES = {"MaximizeAUC()"}


def made(kind, k, n=200, m=5, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(m, n, k)) * rng.uniform(0.5, 2, (m, 1, 1))
    if kind == "continuous":
        y = rng.normal(size=(n, k))
        values = y + noise
        return (values[:, :, 0], y[:, 0]) if k == 1 else (values, y)
    if kind == "labels":
        y = rng.integers(0, 2, (n, k))
        return 1 / (1 + np.exp(1 - 2 * y - noise)), y
    y = np.r_[np.arange(k), rng.integers(0, k, n - k)]
    p = np.exp(np.eye(k)[y] + noise)
    return p / p.sum(axis=2, keepdims=True), y


def combined(w, values):
    return np.tensordot(w, values, axes=1)


def squared(w, values, y, weight, kind):
    truth = np.eye(values.shape[2])[y] if kind == "classes" else y
    each = (combined(w, values) - truth) ** 2
    return np.average(each.reshape(len(y), -1).sum(axis=1), weights=weight)


def log_loss(w, values, y, weight, kind):
    p = combined(w, values)
    if kind == "classes":
        each = -np.log(p[np.arange(len(y)), y])
    else:
        each = -np.log(np.where(y == 1, p, 1 - p)).sum(axis=1)
    return np.average(each, weights=weight)


def on_simplex(loss, m):
    found = minimize(
        loss,
        np.full(m, 1 / m),
        method="SLSQP",
        bounds=[(0, 1)] * m,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return found.x


@pytest.mark.parametrize(
    ("solver", "kind", "k"),
    [
        pytest.param(solver, kind, k, id=f"{solver}-{kind}-{k}")
        for solver in SOLVERS
        for kind, k in (KINDS if repr(solver) not in FOR_CLASSES else KINDS[2:4])
    ],
)
def test_weights_on_the_simplex_and_repetition(solver, kind, k):
    values, y = made(kind, k, n=90)
    times = np.random.default_rng(1).integers(0, 4, 90)
    times[:k] = 1
    again = np.repeat(np.arange(90), times)
    w = solver.weigh(values, y, kind=kind, sample_weight=times)
    assert w.shape == (5,)
    assert (w >= 0).all()
    assert_allclose(w.sum(), 1, rtol=1e-12)
    repeated = solver.weigh(values[:, again], y[again], kind=kind)
    assert_allclose(w, repeated, atol=1e-8)


@pytest.mark.parametrize(("kind", "k"), KINDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_convex_squared_error_as_slsqp(kind, k, weighted):
    values, y = made(kind, k)
    weight = np.random.default_rng(2).random(len(y)) if weighted else None
    w = Convex("squared_error").weigh(values, y, kind=kind, sample_weight=weight)
    other = on_simplex(lambda w: squared(w, values, y, weight, kind), len(values))
    assert_allclose(w, other, atol=1e-5)
    ours, theirs = (squared(v, values, y, weight, kind) for v in (w, other))
    assert ours <= theirs + 1e-9


@pytest.mark.parametrize(("kind", "k"), KINDS)
def test_convex_squared_error_is_optimal(kind, k):
    # Slopes are lowest, and equal, where there is weight.
    values, y = made(kind, k, m=12)
    w = Convex("squared_error").weigh(values, y, kind=kind)
    truth = np.eye(k)[y] if kind == "classes" else y
    residuals = (values - truth).reshape(len(values), -1)
    slopes = residuals @ (w @ residuals) / len(y)
    assert_allclose(slopes[w > 0], slopes.min(), atol=1e-12)


@pytest.mark.parametrize(("kind", "k"), KINDS[2:])
@pytest.mark.parametrize("weighted", [False, True])
def test_convex_log_loss_is_optimal(kind, k, weighted):
    values, y = made(kind, k, m=12)
    weight = np.random.default_rng(2).random(len(y)) if weighted else np.ones(len(y))
    w = Convex().weigh(values, y, kind=kind, sample_weight=weight)
    other = on_simplex(lambda w: log_loss(w, values, y, weight, kind), len(values))
    ours, theirs = (log_loss(v, values, y, weight, kind) for v in (w, other))
    assert ours <= theirs + 1e-9
    assert_allclose(w, other, atol=1e-3)
    # No direction towards a member gains anything (the duality gap).
    step = 1e-7
    for member in np.eye(len(w)):
        moved = log_loss((1 - step) * w + step * member, values, y, weight, kind)
        assert moved >= ours - 1e-9 * step - 1e-15


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(2, 60), st.booleans())
def test_certificate_of_the_log_loss(seed, m, n, extreme):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    p = rng.beta(0.05, 0.05, (m, n)) if extreme else rng.random((m, n))
    w = Convex().weigh(p, y, kind="classes")
    truth = np.clip(np.where(y == 1, p, 1 - p), 2.2e-16, 1 - 2.2e-16)
    slopes = (truth / (w @ truth)).mean(axis=1)
    assert slopes.max() - 1 <= 1e-9


def test_nnls_as_scipy():
    for kind, k in KINDS:
        values, y = made(kind, k)
        truth = np.eye(k)[y] if kind == "classes" else y
        A = values.reshape(len(values), -1).T
        expected = nnls(A, truth.astype(float).ravel())[0]
        w = NNLS().weigh(values, y, kind=kind)
        assert_allclose(w, expected / expected.sum(), atol=1e-10)


def test_known_combination_is_recovered():
    rng = np.random.default_rng(0)
    truth = np.array([0.5, 0.3, 0.2, 0, 0])
    values = rng.normal(size=(5, 20_000))
    y = truth @ values + 0.1 * rng.normal(size=20_000)
    for solver in (NNLS(), Convex()):
        assert_allclose(solver.weigh(values, y, kind="continuous"), truth, atol=0.01)
    p = rng.dirichlet(np.ones(3), (5, 50_000))
    mixture = combined(truth, p)
    codes = (rng.random((50_000, 1)) > mixture.cumsum(axis=1)).sum(axis=1)
    for solver in (Convex(), Convex("squared_error")):
        assert_allclose(solver.weigh(p, codes, kind="classes"), truth, atol=0.03)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_auc_is_better_than_the_best_and_near_brute_force(k, seed):
    values, y = made("classes", k, m=3, seed=seed)

    def auc(w):
        """Mean over the classes of the area by ranks (Mann and Whitney)."""
        p = combined(w, values)
        ranks, truth = rankdata(p, axis=0), np.eye(k)[y]
        n = truth.sum(axis=0)
        above = (ranks * truth).sum(axis=0) - n * (n + 1) / 2
        return np.mean((above / (n * (len(y) - n)))[1 if k == 2 else 0 :])

    p = combined(np.full(3, 1 / 3), values)
    theirs = roc_auc_score(y, p[:, 1] if k == 2 else p, multi_class="ovr")
    assert auc(np.full(3, 1 / 3)) == pytest.approx(theirs, abs=1e-12)
    w = MaximizeAUC().weigh(values, y, kind="classes")
    assert auc(w) >= max(auc(member) for member in np.eye(3)) - 1e-12
    assert auc(w) >= auc(Convex().weigh(values, y, kind="classes")) - 1e-5
    grid = np.random.default_rng(0).dirichlet(np.ones(3), 500)
    assert auc(w) >= max(map(auc, grid)) - 5e-4


def test_discrete():
    values, y = made("classes", 3)
    p = values[:, np.arange(len(y)), y]
    by_loss = Discrete("neg_log_loss").weigh(values, y, kind="classes")
    assert_array_equal(by_loss, np.eye(5)[np.log(p).mean(axis=1).argmax()])
    by_default = Discrete().weigh(values, y, kind="classes")
    hits = (values.argmax(axis=2) == y).mean(axis=1)
    assert_array_equal(by_default, np.eye(5)[hits.argmax()])
    numbers, target = made("continuous", 1)
    w = Discrete(AbsoluteError()).weigh(numbers, target, kind="continuous")
    assert w.argmax() == np.abs(numbers - target).mean(axis=1).argmin()


@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_degenerate_members(solver):
    values, y = made("classes", 2)

    def weigh(p, target=y):
        w = solver.weigh(p, target, kind="classes")
        assert_allclose(w.sum(), 1)
        assert (w >= 0).all()
        return w

    assert_array_equal(weigh(values[:1]), [1.0])
    # Copies of a member share what one would have: the combination is the same.
    twice = weigh(np.concatenate([values, values[:1], values[2:3]]))
    merged = twice[:5] + np.array([twice[5], 0, twice[6], 0, 0])
    if not isinstance(solver, MaximizeAUC):
        assert_allclose(merged, weigh(values), atol=1e-4)
    assert_allclose(weigh(np.repeat(values[:1], 3, axis=0)).sum(), 1)
    weigh(np.full_like(values, 0.5))
    perfect = np.eye(2)[y]
    assert weigh(np.stack([values[0], perfect]))[1] > 0.4
    weigh(np.stack([1 - perfect, 1 - perfect]))
    weigh(np.stack([1 - perfect, values[0]]))


def test_no_use_to_least_squares():
    y = np.array([1.0, 2.0, 3.0])
    w = NNLS().weigh([-y, -2 * y], y, kind="continuous")
    assert_array_equal(w, [1.0, 0.0])
    w = Convex().weigh(np.zeros((3, 3)), np.zeros(3), kind="continuous")
    assert_allclose(w.sum(), 1)


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_scale_does_not_matter(scale):
    values, y = made("continuous", 1)
    for solver in (NNLS(), Convex()):
        w = solver.weigh(values, y, kind="continuous")
        scaled = solver.weigh(values * scale, y * scale, kind="continuous")
        assert_allclose(w, scaled, atol=1e-9)


def test_more_members_than_rows():
    values, y = made("continuous", 1, n=6, m=20)
    for solver in (NNLS(), Convex(), Discrete()):
        assert_allclose(solver.weigh(values, y, kind="continuous").sum(), 1)


def test_solvers_hold_parameters():
    assert repr(as_weight_solver("nnls")) == "NNLS()"
    assert [type(as_weight_solver(name)) for name in ("convex", "auc", "discrete")] == [
        Convex,
        MaximizeAUC,
        Discrete,
    ]
    solver = Convex("log_loss")
    assert as_weight_solver(solver) is solver
    assert clone(solver, safe=False).get_params() == {"loss": "log_loss"}
    assert Discrete().set_params(scoring="r2").scoring == "r2"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: as_weight_solver("best"),
            r"solver='best' is not known; use one of \['auc'",
        ),
        (lambda: as_weight_solver(NNLS), r"give NNLS\(\)"),
        (lambda: weigh(Convex("hinge")), "loss='hinge' of Convex must be one of"),
        (
            lambda: weigh(Convex("log_loss")),
            "is for classes, but the target is continuous",
        ),
        (lambda: weigh(MaximizeAUC()), "MaximizeAUC needs one class per row"),
        (lambda: weigh(MaximizeAUC(tol=0), "classes"), "tol=0 of MaximizeAUC"),
        (lambda: weigh(NNLS(), "numbers"), "kind='numbers' must be one of"),
    ],
)
def test_errors_name_the_way_out(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()


def test_a_solver_of_ones_own():
    class Equal(WeightSolver):
        def solve(self, members):
            return np.ones(len(members.values))

    assert_allclose(weigh(as_weight_solver(Equal())), [0.5, 0.5])
    with pytest.raises(NotImplementedError, match="does not define solve"):
        weigh(WeightSolver())


def weigh(solver, kind="continuous"):
    return solver.weigh(np.array([[0.1, 0.9], [0.4, 0.6]]), np.array([0, 1]), kind=kind)
