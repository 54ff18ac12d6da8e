"""Columns and targets of any scale: units, offsets, constants and near dependence."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from skensemble import (
    LinearClassifier,
    LinearClassifierCV,
    LinearRegressor,
    LinearRegressorCV,
)
from skensemble.linear_model import (
    L1,
    L2,
    MCP,
    GroupLasso,
    NoPenalty,
    SparseGroupLasso,
)

every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
SOLVERS = [
    *("direct", "coordinate_descent", "newton_cholesky", "lbfgs"),
    *("proximal_newton", "fista"),
]


def drawn(n=200, p=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X @ np.arange(1.0, p + 1) + 0.1 * rng.normal(size=n), rng


@every_storage
@pytest.mark.parametrize("weighted", [False, True])
def test_float32_columns_far_from_zero_are_scaled(stored, weighted):
    Z, y, rng = drawn()
    X = (Z * [0.5, 0.05, 1e-3] + [2000, 300, 48]).astype(np.float32)
    weight = rng.integers(1, 4, size=len(y)) if weighted else None
    model = LinearRegressor(penalty=L2(1e-3), standardize=True)
    wide = model.fit(X.astype(float), y, weight).coef_
    single = model.fit(stored(X), y, weight).coef_
    np.testing.assert_allclose(single, wide, rtol=2e-2)
    np.testing.assert_allclose(wide * [0.5, 0.05, 1e-3], [1, 2, 3], rtol=5e-2)
    cv = LinearRegressorCV(alphas=[1e-3], standardize=True, cv=3)
    np.testing.assert_allclose(cv.fit(stored(X), y, weight).coef_, wide, rtol=2e-2)


@every_storage
@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "squared_error"])
@pytest.mark.parametrize("solver", ["auto", "interior_point"])
def test_constant_columns_have_no_coefficient(stored, loss, solver):
    X, y, _ = drawn()
    X[:, 1] = 0.1
    solver = "auto" if loss == "squared_error" else solver
    model = LinearRegressor(loss, "none", solver).fit(stored(X), y)
    assert model.converged_
    assert model.coef_[1] == 0
    assert np.abs(model.coef_).max() < 10
    hinge = LinearClassifier("hinge", "none", solver="auto")
    noisy = (y + 5 * np.sin(9 * y) > 0).astype(int)
    found = hinge.fit(stored(X), noisy)
    assert found.coef_[0, 1] == 0
    assert np.abs(found.coef_).max() < 10


@pytest.mark.parametrize("scale", [1e-19, 1e-6, 1e15])
@pytest.mark.parametrize("solver", SOLVERS)
def test_units_of_the_target_do_not_matter(scale, solver):
    X, y, _ = drawn()
    one = LinearRegressor(penalty="none", solver=solver).fit(X, y)
    other = LinearRegressor(penalty="none", solver=solver).fit(X, y * scale)
    assert other.converged_
    np.testing.assert_allclose(other.coef_ / scale, one.coef_, rtol=1e-4)


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [
        ("absolute_error", "none"),
        ("quantile", L2(0.1)),
        ("squared_error", L1(0.1)),
        ("expectile", L1(0.1)),
    ],
)
@pytest.mark.parametrize("scale", [1e-19, 1e9])
def test_units_of_the_target_for_losses_and_cv(loss, penalty, scale):
    X, y, _ = drawn(60)
    form = penalty == "none"
    alpha = None if form else penalty.alpha
    same_units = form or isinstance(penalty, L1)
    quadratic = loss in ("squared_error", "expectile")

    def factor(other):
        # Loss and penalty must have the same units.
        if form:
            return "none"
        if same_units:
            return L1(alpha * (other if quadratic else 1.0))
        return L2(alpha / other)

    fits = []
    for unit in (1.0, scale):
        for solver in ["auto"] + ["interior_point"] * (not quadratic):
            model = LinearRegressor(loss, factor(unit), solver).fit(X, y * unit)
            assert model.converged_
            fits.append(model.coef_ / unit)
        if not form:
            alphas = [factor(unit).alpha]
            cv = LinearRegressorCV(loss, type(penalty)(), alphas=alphas, cv=2)
            fits.append(cv.fit(X, y * unit).coef_ / unit)
    for other in fits[1:]:
        np.testing.assert_allclose(other, fits[0], rtol=1e-3)


@every_storage
@pytest.mark.parametrize("unit", [1e154, 1e-154, 1e-200])
def test_columns_whose_squares_are_not_finite(stored, unit):
    X, y, _ = drawn(100)
    wide = X * [1, unit, 1]
    model = LinearRegressor(penalty=L2(1e-3), standardize=True)
    one, other = model.fit(X, y).coef_, model.fit(stored(wide), y).coef_
    np.testing.assert_allclose(other * [1, unit, 1], one, rtol=1e-6)
    cv = LinearRegressorCV(alphas=[1e-3], standardize=True, cv=2)
    found = cv.fit(stored(wide), y).coef_
    np.testing.assert_allclose(found * [1, unit, 1], one, rtol=1e-6)
    for kind in (LinearRegressor, LinearRegressorCV):
        with pytest.raises(ValueError, match=r"Column 1 of X .* use other units"):
            kind().fit(stored(wide), y)


def test_float32_columns_whose_squares_need_float64():
    X, y, _ = drawn(100)
    unit = np.array([1e17, 1e-18, 1.0])
    coef = LinearRegressor(penalty="none").fit((X * unit).astype(np.float32), y).coef_
    np.testing.assert_allclose(coef * unit, [1, 2, 3], rtol=0.1)


@pytest.mark.parametrize("solver", [*SOLVERS, "auto"])
@pytest.mark.parametrize("noise", [1e-4, 1e-6])
def test_converged_means_the_least_objective(solver, noise):
    X, _, rng = drawn(80, 2)
    X[:, 1] = X[:, 0] + noise * rng.normal(size=80)
    y = (X[:, 1] - X[:, 0]) / noise + X[:, 0] + 0.1 * rng.normal(size=80)
    A = np.column_stack([X, np.ones(80)])
    least = np.mean((y - A @ np.linalg.lstsq(A, y)[0]) ** 2) / 2
    model = LinearRegressor(penalty="none", solver=solver)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    warned = any(one.category is ConvergenceWarning for one in caught)
    assert warned != model.converged_
    if model.converged_:
        assert model.objective_ <= least * (1 + 1e-3)


PAIRS = ["a", "a", "b", "b"]
NEARLY_FREE = {
    "none": NoPenalty(),
    "l1": L1(1e-10),
    "groups": GroupLasso(1e-10, groups=PAIRS),
    "sparse groups": SparseGroupLasso(1e-10, groups=PAIRS),
    "mcp": MCP(1e-10),
}


def fitted_with_warning(model, X, y):
    """The fitted model, and whether it warned that it did not converge."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    return model, any(one.category is ConvergenceWarning for one in caught)


@pytest.mark.parametrize(
    ("solver", "penalty"),
    [
        *(("fista", name) for name in NEARLY_FREE),
        *(("proximal_newton", name) for name in ("none", "l1", "mcp")),
        ("lbfgs", "none"),
    ],
)
@pytest.mark.parametrize("task", ["two classes", "three classes", "two outputs"])
def test_converged_for_nearly_dependent_columns(task, solver, penalty):
    X, _, rng = drawn(100, 4)
    X[:, [1, 3]] = X[:, [0, 2]] + 1e-5 * rng.normal(size=(100, 2))
    raw = (X[:, 1] - X[:, 0]) / 1e-5 + 0.3 * rng.logistic(size=100)
    kind, y = {
        "two classes": (LinearClassifier, raw > 0),
        "three classes": (LinearClassifier, np.digitize(raw, [-0.5, 0.5])),
        "two outputs": (LinearRegressor, np.column_stack([raw, -raw + X[:, 2]])),
    }[task]
    best = kind(penalty="none").fit(X, y).objective_
    model = kind(penalty=NEARLY_FREE[penalty], solver=solver, max_iter=100)
    model, warned = fitted_with_warning(model, X, y)
    assert warned != model.converged_
    if model.converged_:
        assert model.objective_ <= best * (1 + 1e-3)


def test_dependent_columns_of_groups_converge():
    """One-hot columns and an intercept are dependent, and their slope is zero."""
    rng = np.random.default_rng(0)
    level = rng.integers(3, size=90)
    X = np.column_stack([level == 0, level == 1, level == 2, rng.normal(size=90)])
    y = level + rng.normal(size=90)
    groups = ["level", "level", "level", "number"]
    for solver in ("auto", "fista"):
        for penalty in (GroupLasso(0.01, groups=groups), NoPenalty()):
            model = LinearRegressor(penalty=penalty, solver=solver)
            assert not fitted_with_warning(model, X.astype(float), y)[1]


def test_fits_of_paths_that_do_not_converge_warn():
    X, y, rng = drawn(60)
    wide = np.column_stack([X[:, :1], X[:, :1] + 1e-7 * rng.normal(size=(60, 1))])
    model = LinearRegressorCV(
        penalty=GroupLasso(groups=["a", "a"]), alphas=[1e-9, 1e-10], cv=2
    )
    model, warned = fitted_with_warning(model, wide, wide @ [1e7, -1e7] + y)
    assert warned
    assert not model.path_.converged.all()


def test_cv_of_classes_does_not_depend_on_units():
    X, y, _ = drawn(80)
    label = (y > 0).astype(int)
    model = LinearClassifierCV(alphas=[0.1, 0.01], standardize=True, cv=2)
    one, other = model.fit(X, label).coef_, model.fit(X * 1e-12, label).coef_
    np.testing.assert_allclose(other * 1e-12, one, rtol=1e-6)


@pytest.mark.parametrize("as_columns", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_columns_that_vary_in_one_row(as_columns, penalty):
    """The fold that holds this row out has a constant column."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=60), np.arange(60) == 7]).astype(float)
    model = LinearRegressorCV(penalty=penalty, standardize=True, n_alphas=5, cv=3)
    model.fit(as_columns(X), X[:, 0] + rng.normal(size=60))
    assert np.isfinite(model.coef_).all()
    weight = 1.0 - X[:, 1]
    model.fit(as_columns(X), X[:, 0], sample_weight=weight)
    assert model.coef_[1] == 0
    assert model.coef_[0] > 0.9
