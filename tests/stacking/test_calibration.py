"""Calibration against direct minimisation, scikit-learn, and what was simulated."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit, logit, softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from skensemble.calibration._calibrator import cross_calibrate, fit_calibrator

METHODS = ["temperature", "sigmoid", "isotonic"]


def made(k, n=400, seed=0, factor=3.0):
    """Probabilities that are too sure by a known factor."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    y = (rng.random((n, 1)) > softmax(z, axis=1).cumsum(axis=1)).sum(axis=1)
    y[:k] = np.arange(k)
    return softmax(factor * z, axis=1), y


def made_labels(n=400, k=3):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(n, k))
    return expit(3 * z), (rng.random((n, k)) < expit(z)).astype(int)


def are_probabilities(p):
    assert (p >= 0).all()
    assert (p <= 1).all()
    assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("scores", [False, True])
def test_probabilities_and_a_better_loss(method, k, scores):
    p, y = made(k, n=2000)
    block = np.log(p) if scores else p
    options = {"kind": "classes", "n_classes": k, "scores": scores}
    calibrator = fit_calibrator(method, block[:1000], y[:1000], **options)
    found = calibrator.transform(block[1000:])
    are_probabilities(found)
    labels = range(k)
    before = log_loss(y[1000:], p[1000:], labels=labels)
    assert log_loss(y[1000:], found, labels=labels) < before + 0.15 * (
        method == "isotonic"  # its steps may say never
    )
    copy = pickle.loads(pickle.dumps(calibrator))
    assert_array_equal(copy.transform(block), calibrator.transform(block))


@pytest.mark.parametrize("k", [2, 3])
def test_temperature_is_recovered_and_minimal(k):
    p, y = made(k, n=20_000)
    calibrator = fit_calibrator("temperature", p, y, kind="classes", n_classes=k)
    t = calibrator.maps[0].temperature
    assert_allclose(t, 3.0, rtol=0.1)
    z = np.log(p)
    losses = [log_loss(y, softmax(z / s, axis=1)) for s in (0.999 * t, t, 1.001 * t)]
    assert losses[1] == min(losses)
    assert_allclose(calibrator.transform(p), softmax(z / t, axis=1), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_temperature_at_any_scale_of_scores(scale):
    p, y = made(3)
    options = {"kind": "classes", "n_classes": 3, "scores": True}
    z = np.log(p)
    plain = fit_calibrator("temperature", z, y, **options).transform(z)
    scaled = fit_calibrator("temperature", z * scale, y, **options).transform(z * scale)
    assert_allclose(scaled, plain, atol=1e-6)


def test_sigmoid_as_direct_minimisation():
    p, y = made(2)
    weight = np.random.default_rng(0).random(len(y))
    on, off = weight[y == 1].sum(), weight[y == 0].sum()
    target = np.where(y == 1, (on + 1) / (on + 2), 1 / (off + 2))
    z = logit(p[:, 1])

    def loss(at):
        raw = at[0] * z + at[1]
        return weight @ (np.logaddexp(0, raw) - target * raw)

    expected = minimize(loss, [0.0, 0.0], tol=1e-12).x
    found = fit_calibrator(
        "sigmoid", p, y, kind="classes", n_classes=2, sample_weight=weight
    ).maps[0]
    assert_allclose([found.slope, found.intercept], expected, atol=1e-5)
    assert loss([found.slope, found.intercept]) <= loss(expected) + 1e-12


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("k", [2, 3])
def test_decisions_as_scikit_learn(method, k):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = np.digitize(X[:, 0] + rng.normal(size=300), [-0.5, 0.5][: k - 1])
    model = LinearSVC(random_state=0).fit(X, y)
    theirs = CalibratedClassifierCV(
        FrozenEstimator(model), method=method, cv=[(np.arange(300), np.arange(300))]
    ).fit(X, y)
    decision = model.decision_function(X)
    ours = fit_calibrator(
        method, decision, y, kind="classes", n_classes=k, scores=True
    ).transform(decision)
    assert_allclose(ours, theirs.predict_proba(X), atol=1e-4)


def test_isotonic_is_isotonic():
    p, y = made(2)
    found = fit_calibrator("isotonic", p, y, kind="classes", n_classes=2).transform(p)
    expected = IsotonicRegression(out_of_bounds="clip").fit_transform(p[:, 1], y)
    assert_allclose(found[:, 1], expected, atol=1e-12)
    outside = np.array([[1.0, 0.0], [0.0, 1.0], [np.nan, np.nan]])
    calibrator = fit_calibrator("isotonic", p[5:], y[5:], kind="classes", n_classes=2)
    assert np.isfinite(calibrator.transform(outside)).all(axis=1).tolist() == [1, 1, 0]


def test_isotonic_rows_of_zeros_are_uniform():
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])
    calibrator = fit_calibrator(
        "isotonic",
        np.repeat(p[:3], 2, 0),
        [0, 0, 1, 1, 2, 2],
        kind="classes",
        n_classes=3,
    )
    none = np.full((1, 3), 0.1)
    assert_allclose(calibrator.transform(none), 1 / 3)
    are_probabilities(calibrator.transform(p))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 3])
def test_weights_are_repetition(method, k):
    p, y = made(k, n=80)
    times = np.random.default_rng(1).integers(0, 4, 80)
    times[:k] = 1
    again = np.repeat(np.arange(80), times)
    options = {"kind": "classes", "n_classes": k}
    weighted = fit_calibrator(method, p, y, sample_weight=times, **options)
    repeated = fit_calibrator(method, p[again], y[again], **options)
    # A minimum is found to the root of the rounding error.
    tolerance = 1e-6 if method == "temperature" else 1e-8
    assert_allclose(weighted.transform(p), repeated.transform(p), atol=tolerance)


@pytest.mark.parametrize("method", METHODS)
def test_labels_one_by_one(method):
    p, y = made_labels()
    found = fit_calibrator(method, p, y, kind="labels", n_classes=0).transform(p)
    for column in range(3):
        alone = fit_calibrator(
            method, p[:, column], y[:, column], kind="classes", n_classes=2
        )
        assert_allclose(
            found[:, column], alone.transform(p[:, column])[:, 1], atol=1e-12
        )
    y[:, 1] = 1  # never varies: nothing to learn from
    found = fit_calibrator(method, p, y, kind="labels", n_classes=0).transform(p)
    assert_allclose(found[:, 1], p[:, 1], atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 3])
def test_cross_calibration_does_not_see_its_rows(method, k):
    p, y = made(k)
    folds = [test for _, test in KFold(4).split(p)]
    options = {"kind": "classes", "n_classes": k}
    found = cross_calibrate(method, p, y, folds, **options)
    are_probabilities(found)
    # Other truths in a fold change nothing in that fold.
    changed = y.copy()
    changed[folds[1]] = (y[folds[1]] + 1) % k
    again = cross_calibrate(method, p, changed, folds, **options)
    assert_array_equal(found[folds[1]], again[folds[1]])
    assert not np.array_equal(found[folds[0]], again[folds[0]])
    others = np.setdiff1d(np.arange(len(y)), folds[2])
    by_hand = fit_calibrator(method, p[others], y[others], **options)
    assert_allclose(found[folds[2]], by_hand.transform(p[folds[2]]), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_rows_not_covered(method):
    p, y = made(3)
    p[:30] = np.nan
    options = {"kind": "classes", "n_classes": 3}
    folds = [np.arange(30, 200), np.arange(200, 390)]
    found = cross_calibrate(method, p, y, folds, **options)
    uncovered = np.r_[np.arange(30), np.arange(390, 400)]
    assert np.isnan(found[uncovered]).all()
    are_probabilities(found[30:390])
    calibrator = fit_calibrator(method, p, y, **options)
    short = fit_calibrator(method, p[30:], y[30:], **options)
    assert_array_equal(calibrator.transform(p), short.transform(p))
    # A row in two folds has the mean of both.
    twice = cross_calibrate(method, p, y, [*folds, np.arange(30, 60)], **options)
    are_probabilities(twice[30:390])
    labels, on = made_labels()
    labels[:30] = np.nan
    found = cross_calibrate(method, labels, on, folds, kind="labels", n_classes=0)
    assert np.isnan(found[uncovered]).all()
    assert np.isfinite(found[30:390]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scores", [False, True])
def test_a_class_that_the_other_folds_lack(method, scores):
    p, y = made(3, n=60)
    folds = [np.flatnonzero(y == 2), np.flatnonzero(y < 2)]
    block = np.log(p) if scores else p
    found = cross_calibrate(
        method, block, y, folds, kind="classes", n_classes=3, scores=scores
    )
    assert_allclose(found[folds[0]], p[folds[0]], rtol=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sampled_from(METHODS), st.integers(2, 4), st.booleans())
def test_extreme_predictions(seed, method, k, certain):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), rng.integers(0, k, 20)]
    p = np.eye(k)[rng.permutation(y)] if certain else np.full((len(y), k), 1 / k)
    are_probabilities(
        fit_calibrator(method, p, y, kind="classes", n_classes=k).transform(p)
    )


def test_narrow_blocks_of_two_classes():
    p, y = made(2)
    options = {"kind": "classes", "n_classes": 2}
    for method in METHODS:
        wide = fit_calibrator(method, p, y, **options).transform(p)
        narrow = fit_calibrator(method, p[:, 1], y, **options).transform(p[:, 1])
        assert_allclose(wide, narrow, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "platt"}, "method='platt' must be one of"),
        ({"kind": "continuous"}, "kind='continuous' cannot be calibrated"),
        ({"block": np.ones((4, 3)) / 3}, r"shape \(4, 3\), expected \(4, 2\)"),
        ({"block": np.ones(3) / 2}, "block has 3 rows and y 4"),
        ({"y": np.zeros(4, dtype=int)}, r"only rows of the classes \[0\], of 2"),
        ({"sample_weight": [1, 2]}, "sample_weight has shape"),
        ({"sample_weight": [1, 2, -3, 1]}, "sample_weight is -3.0 in row 2"),
    ],
)
def test_errors_name_the_way_out(change, words):
    options = {
        "method": "sigmoid",
        "block": np.ones((4, 2)) / 2,
        "y": np.array([0, 1, 0, 1]),
        "kind": "classes",
        "n_classes": 2,
    }
    with pytest.raises(ValueError, match=words):
        fit_calibrator(**options | change)


def test_a_temperature_of_rows_without_a_class():
    p, y = made(3, n=90)
    wide = np.column_stack([p, np.full(90, 0.0)])
    options = {"kind": "classes", "n_classes": 4}
    calibrator = fit_calibrator("temperature", wide, y, **options)
    three = fit_calibrator("temperature", p, y, kind="classes", n_classes=3)
    assert_allclose(calibrator.transform(wide)[:, :3], three.transform(p), atol=1e-4)
    folds = [np.arange(45), np.arange(45, 90)]
    found = cross_calibrate("temperature", wide, y, folds, **options)
    assert abs(found[:, :3] - p).max() > 0.01
    with pytest.raises(ValueError, match="of every class"):
        fit_calibrator("isotonic", wide, y, **options)
    with pytest.raises(ValueError, match="of every class"):
        fit_calibrator("temperature", wide, np.zeros(90, dtype=int), **options)
