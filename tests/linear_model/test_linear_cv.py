"""Paths and cross-validation: shared work gives what separate fits give."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_classification
from sklearn.linear_model import (
    ElasticNetCV,
    LassoCV,
    LogisticRegression,
    RidgeCV,
)
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)

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
    Adaptive,
    ElasticNetPenalty,
    GroupLasso,
    NonNegative,
)


def numbers(n=120, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.linspace(0.5, 3, p) + rng.normal(size=p)
    coef = np.r_[2.0, -1.0, 0.5, np.zeros(p - 3)]
    return X, X @ coef + rng.normal(size=n)


def classes(n=200, p=6, seed=0):
    X, y = numbers(n, p, seed)
    rng = np.random.default_rng(seed)
    raw = y - y.mean()
    return X, np.array(["no", "yes"])[(raw + 2 * rng.logistic(size=n) > 0).astype(int)]


def losses_of(model):
    return -model.scores_.mean(axis=-1)


def test_lasso_path_is_that_of_scikit_learn():
    X, y = numbers()
    theirs = LassoCV(cv=5, alphas=30, tol=1e-10, max_iter=100_000).fit(X, y)
    ours = LinearRegressorCV(penalty="l1", alphas=theirs.alphas_, cv=5).fit(X, y)
    np.testing.assert_allclose(losses_of(ours), theirs.mse_path_.mean(1) / 2, rtol=1e-6)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


def test_largest_automatic_alpha_gives_zero_coefficients():
    X, y = numbers()
    model = LinearRegressorCV(penalty="l1", n_alphas=20).fit(X, y)
    assert len(model.alphas_) == 20
    assert np.all(np.diff(model.alphas_) < 0)
    assert not model.path_.coef[0].any()
    assert model.path_.coef[1].any()
    theirs = LassoCV(alphas=20).fit(X, y)
    np.testing.assert_allclose(model.alphas_, theirs.alphas_, rtol=1e-10)


def test_ridge_by_folds_and_by_leaving_one_out():
    X, y = numbers(60)
    alphas = np.geomspace(1e-3, 10, 7)
    ours = LinearRegressorCV(alphas=alphas, cv=KFold(4)).fit(X, y)
    for j, alpha in enumerate(ours.alphas_):
        single = LinearRegressor(penalty=L2(alpha))
        score = cross_val_score(
            single, X, y, cv=KFold(4), scoring="neg_mean_squared_error"
        )
        np.testing.assert_allclose(ours.scores_[j], score / 2, rtol=1e-8)
    loo = LinearRegressorCV(alphas=alphas, cv="loo").fit(X, y)
    theirs = RidgeCV(alphas=alphas * len(y), store_cv_results=True).fit(X, y)
    np.testing.assert_allclose(
        losses_of(loo)[::-1], theirs.cv_results_.mean(axis=0) / 2, rtol=1e-8
    )


def test_elastic_net_over_mixing_values():
    X, y = numbers()
    ratios = [0.2, 0.5, 0.9]
    theirs = ElasticNetCV(l1_ratio=ratios, alphas=20, cv=5, tol=1e-10).fit(X, y)
    ours = LinearRegressorCV(
        penalty="elasticnet", l1_ratios=ratios, n_alphas=20, cv=5
    ).fit(X, y)
    assert ours.scores_.shape == (3, 20, 5)
    assert ours.alphas_.shape == (3, 20)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)


KINDS = {
    "l2": L2(),
    "l1": L1(),
    "elastic net": ElasticNetPenalty(),
    "weights": L1(weights=np.array([0.0, 1, 2, 1, 1, 1])),
    "non-negative": NonNegative(L1()),
    "groups": GroupLasso(groups=np.array([0, 0, 1, 1, 2, 2])),
    "adaptive": Adaptive(),
    "mcp": MCP(),
}
SPLITS = {
    "folds": KFold(3, shuffle=True, random_state=0),
    "time": TimeSeriesSplit(3),
    "overlapping": [(np.arange(60), np.arange(40, 90)), (np.arange(50, 90), [0, 1])],
}


@pytest.mark.filterwarnings("ignore:.*cv.*:UserWarning")
@pytest.mark.parametrize(
    ("loss", "kind", "cv", "standardize"),
    [
        (loss, *case)
        for loss in ("squared_error", "log_loss", "huber")
        for case in (
            *((kind, "folds", False) for kind in KINDS),
            *((kind, "overlapping", True) for kind in KINDS if loss != "huber"),
            *((kind, "time", True) for kind in ("l2", "elastic net")),
        )
    ],
)
def test_shared_work_is_that_of_single_fits(loss, kind, standardize, cv):
    penalty = KINDS[kind]
    options = {"standardize": standardize, "tol": 1e-7, "max_iter": 10_000}
    if loss == "log_loss":
        X, y = classes(90)
        many, one, score = LinearClassifierCV, LinearClassifier, "neg_log_loss"
    else:
        X, y = numbers(90, 6)
        many, one, score = LinearRegressorCV, LinearRegressor, None
    alphas = [0.3, 0.1, 0.03]
    model = many(loss, penalty, alphas=alphas, cv=SPLITS[cv], **options).fit(X, y)
    for j, alpha in enumerate(alphas):
        single = one(loss, penalty.with_alpha(alpha), **options)
        by_loss = single.fit(X, y).loss_.scorer() if score is None else score
        reported = cross_val_score(single, X, y, cv=SPLITS[cv], scoring=by_loss)
        if kind == "mcp" and loss == "log_loss":
            # Several minima: a path may end in another than a fit from zero.
            assert np.isfinite(model.scores_[j]).all()
            continue
        size = 1e-3 if kind == "mcp" else 1e-5
        np.testing.assert_allclose(model.scores_[j], reported, rtol=size, atol=1e-7)
        single.fit(X, y)
        np.testing.assert_allclose(model.path_.coef[j], single._point.coef, atol=1e-3)


def test_logistic_path_against_scikit_learn():
    X, y = classes()
    alphas = np.geomspace(1, 1e-4, 6)
    model = LinearClassifierCV(alphas=alphas, cv=5).fit(X, y)
    for j, alpha in enumerate(alphas):
        theirs = LogisticRegression(C=1 / (alpha * len(y)), tol=1e-10, max_iter=10_000)
        theirs.fit(X, y)
        np.testing.assert_allclose(
            model.path_.coef[j], theirs.coef_[0], atol=1e-4, rtol=1e-3
        )


def test_leaving_one_out_of_a_logistic_model_is_close_to_refits():
    X, y = classes(60)
    model = LinearClassifierCV(penalty="l2", alphas=[0.1], cv="loo").fit(X, y)
    single = LinearClassifier(penalty=L2(0.1))
    exact = cross_val_predict(
        single, X, y, cv=LeaveOneOut(), method="decision_function"
    )
    whole = single.fit(X, y).decision_function(X)
    near = model._mean(exact)
    assert (
        np.abs(model.oof_ - near).max() < 0.1 * np.abs(near - model._mean(whole)).max()
    )


def leave_one_out_of(X, y, alphas, *, cv, **options):
    model = LinearRegressorCV(alphas=alphas, cv=cv, tol=1e-10, **options).fit(X, y)
    return model.scores_.mean(axis=1)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("factors", [None, [0.5, 1, 2, 1, 0, 1, 1, 3]])
def test_leaving_one_out_is_exact_but_for_strength_and_scale(standardize, factors):
    X, y = numbers(40)
    X[0, 3] += 40  # a row that makes up the scale of its column
    alphas = np.array([1.0, 0.1, 0.01])
    given = {"penalty": L2(weights=factors)}
    quick = leave_one_out_of(X, y, alphas, cv="loo", standardize=standardize, **given)
    scaled = X / X.std(axis=0) if standardize else X
    stronger = alphas * 40 / 39
    refits = leave_one_out_of(scaled, y, stronger, cv=LeaveOneOut(), **given)
    np.testing.assert_allclose(quick, refits, rtol=1e-6)


@pytest.mark.parametrize(
    "penalty", ["l1", "elasticnet", "mcp", NonNegative(L2()), GroupLasso()], ids=str
)
@pytest.mark.parametrize("many", [LinearRegressorCV, LinearClassifierCV])
def test_leaving_one_out_by_a_step_is_refused_where_it_does_not_hold(many, penalty):
    X, y = classes(40) if many is LinearClassifierCV else numbers(40)
    with pytest.raises(ValueError, match=r"smooth penalty.*use cv=LeaveOneOut\(\)"):
        many(penalty=penalty, alphas=[0.1], cv="loo").fit(X, y)


def test_leave_one_out_of_several_l1_ratios():
    X, y = numbers(40)
    model = LinearRegressorCV(
        penalty=ElasticNetPenalty(), alphas=[0.1], l1_ratios=[0.0], cv="loo"
    )
    assert model.fit(X, y).l1_ratio_ == 0
    with pytest.raises(ValueError, match="smooth penalty"):
        model.set_params(l1_ratios=[0.0, 0.5]).fit(X, y)


def test_one_standard_error_takes_a_stronger_penalty():
    X, y = numbers(80, 20)
    best = LinearRegressorCV(penalty="l1").fit(X, y)
    strong = LinearRegressorCV(penalty="l1", selection="1se").fit(X, y)
    assert strong.alpha_ > best.alpha_
    error = best.scores_.std(axis=1, ddof=1) / np.sqrt(5)
    at = np.argmax(best.scores_.mean(axis=1))
    level = best.scores_.mean(axis=1)[at] - error[at]
    within = best.alphas_[best.scores_.mean(axis=1) >= level]
    assert strong.alpha_ == within.max()


def test_any_scorer_groups_and_weights():
    X, y = classes()
    groups = np.arange(len(y)) % 10
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    model = LinearClassifierCV(
        alphas=[0.1, 0.01], cv=GroupKFold(5), scoring="roc_auc"
    ).fit(X, y, weight, groups=groups)
    assert np.all((model.scores_ > 0.5) & (model.scores_ <= 1))
    assert model.oof_.shape == (len(y),)
    with pytest.raises(ValueError, match="needs groups"):
        LinearClassifierCV(cv=GroupKFold(5)).fit(X, y)


def test_rows_of_weight_zero_change_nothing():
    X, y = numbers(80)
    weight = np.ones(80)
    weight[::4] = 0
    splits = list(KFold(4).split(X))
    place = np.cumsum(weight > 0) - 1
    kept = np.flatnonzero(weight)
    fewer = [(place[a[weight[a] > 0]], place[b[weight[b] > 0]]) for a, b in splits]
    for loss in ("squared_error", "log_cosh"):
        one = LinearRegressorCV(loss, "l1", alphas=[0.1, 0.01], cv=splits)
        other = LinearRegressorCV(loss, "l1", alphas=[0.1, 0.01], cv=fewer)
        one.fit(X, y, weight)
        other.fit(X[kept], y[kept])
        np.testing.assert_allclose(one.scores_, other.scores_, rtol=1e-6)
        np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-6)


def test_sparse_and_several_outputs():
    X, y = numbers()
    targets = np.column_stack([y, -2 * y + X[:, 3]])
    dense = LinearRegressorCV(penalty="l1", n_alphas=10).fit(X, targets)
    sparse = LinearRegressorCV(penalty="l1", n_alphas=10).fit(sp.csr_matrix(X), targets)
    np.testing.assert_allclose(dense.coef_, sparse.coef_, atol=1e-6)
    assert dense.coef_.shape == (2, 8)
    assert dense.oof_.shape == targets.shape
    labels = (targets > 0).astype(int)
    model = LinearClassifierCV(n_alphas=4, cv=3).fit(X, labels)
    assert model.oof_.shape == labels.shape
    three = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    model = LinearClassifierCV(n_alphas=4, cv=3).fit(X, three)
    assert model.oof_.shape == (len(y), 3)
    np.testing.assert_allclose(model.oof_.sum(axis=1), 1)


def test_n_jobs_changes_nothing():
    X, y = classes(120)
    for penalty in ("l1", GroupLasso(groups=np.arange(6) // 2)):
        one = LinearClassifierCV(penalty=penalty, n_alphas=5, cv=3).fit(X, y)
        two = LinearClassifierCV(penalty=penalty, n_alphas=5, cv=3, n_jobs=2).fit(X, y)
        np.testing.assert_array_equal(one.scores_, two.scores_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphas": "some"}, "alphas='some'"),
        ({"alphas": []}, r"alphas=\[\]"),
        ({"alphas": [-1]}, r"alphas=\[-1\]"),
        ({"n_alphas": 0}, "n_alphas=0"),
        ({"eps": 2}, "eps=2"),
        ({"selection": "max"}, "selection='max'"),
        ({"l1_ratios": [0.5]}, "needs a penalty with l1_ratio"),
        ({"penalty": "elasticnet", "l1_ratios": [2]}, "l1_ratio=2"),
        ({"cv": "some"}, "cv='some'"),
        ({"cv": "loo", "loss": "absolute_error"}, "cv='loo' needs a smooth loss"),
        ({"penalty": "none"}, "has no alpha"),
        ({"n_jobs": 0}, "n_jobs=0"),
    ],
)
def test_bad_options_are_refused(options, message):
    X, y = numbers(40)
    with pytest.raises(ValueError, match=message):
        LinearRegressorCV(**options).fit(X, y)


@pytest.mark.parametrize("noise", [1.0, 1e-7])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_scores_from_products_are_those_of_predictions(noise, intercept, weighted):
    X, y = numbers()
    y = X @ np.arange(8) + 1e3 + noise * (y - y.mean())
    weight = np.random.default_rng(0).integers(0, 3, len(y)) if weighted else None
    cv = KFold(4, shuffle=True, random_state=0)
    model = LinearRegressorCV(
        penalty="l1", alphas=[1.0, 0.1, 1e-9], cv=cv, fit_intercept=intercept
    )
    model.fit(X, y, weight)
    for k, (train, test) in enumerate(cv.split(X)):
        for j, alpha in enumerate(model.alphas_):
            one = LinearRegressor(penalty=L1(alpha), fit_intercept=intercept, tol=1e-9)
            one.fit(X[train], y[train], None if weight is None else weight[train])
            each = (y[test] - one.predict(X[test])) ** 2 / 2
            by = None if weight is None else weight[test]
            found = -np.average(each, weights=by)
            assert model.scores_[j, k] == pytest.approx(found, rel=1e-4, abs=1e-11)


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_folds_of_scattered_rows_are_those_of_sorted_rows(penalty):
    X, y = classes()
    cv = list(KFold(4, shuffle=True, random_state=0).split(X))
    order = np.hstack([test for _, test in cv])
    place = np.argsort(order)
    given = {"penalty": penalty, "alphas": [0.1, 0.01]}
    scattered = LinearClassifierCV(**given, cv=cv).fit(X, y)
    runs = [(place[train], np.sort(place[test])) for train, test in cv]
    together = LinearClassifierCV(**given, cv=runs).fit(X[order], y[order])
    np.testing.assert_allclose(scattered.scores_, together.scores_, rtol=1e-5)
    np.testing.assert_allclose(scattered.oof_[order], together.oof_, atol=1e-4)


@pytest.mark.parametrize("seed", [0, 3])
def test_folds_of_nearly_separable_classes(seed):
    """Slopes are almost zero there, and a tolerance in units of the start too large."""
    X, y = make_classification(
        1500, 12, n_informative=8, class_sep=5.0, flip_y=2e-3, random_state=seed
    )
    alphas, cv = np.logspace(-1, -9, 6), KFold(3)
    found = LinearClassifierCV(alphas=alphas, cv=cv).fit(X, y)
    for alpha, scores in zip(found.alphas_, found.scores_, strict=True):
        losses = []
        for train, test in cv.split(X):
            one = LinearClassifier(penalty=L2(alpha), tol=1e-9).fit(X[train], y[train])
            margin = one.decision_function(X[test]) * (2 * y[test] - 1)
            losses.append(np.mean(np.logaddexp(0, -margin)))
        np.testing.assert_allclose(-np.mean(scores), np.mean(losses), rtol=0.1)
