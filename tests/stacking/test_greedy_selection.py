"""Greedy selection equals the plain loop over scikit-learn's metrics, step by step."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics

from skensemble.losses import AbsoluteError, LogLoss, SquaredError
from skensemble.member_weights._greedy_selection import TOLERANCE, greedy_selection
from skensemble.member_weights._ranking import BinaryAUC, ordered

METRICS = {
    "neg_log_loss": lambda y, p, w: -metrics.log_loss(y, p, sample_weight=w),
    "accuracy": lambda y, p, w: metrics.accuracy_score(y, p.argmax(1), sample_weight=w),
    "roc_auc": lambda y, p, w: metrics.roc_auc_score(y, p[:, 1], sample_weight=w),
    "roc_auc_ovr": lambda y, p, w: metrics.roc_auc_score(
        y, p if p.shape[1] > 2 else p[:, 1], sample_weight=w, multi_class="ovr"
    ),
    "f1_macro": lambda y, p, w: metrics.f1_score(
        y, p.argmax(1), average="macro", sample_weight=w
    ),
    "neg_mean_squared_error": lambda y, p, w: (
        -metrics.mean_squared_error(y, p, sample_weight=w)
    ),
    "neg_root_mean_squared_error": lambda y, p, w: (
        -metrics.root_mean_squared_error(y, p, sample_weight=w)
    ),
    "neg_mean_absolute_error": lambda y, p, w: (
        -metrics.mean_absolute_error(y, p, sample_weight=w)
    ),
    "r2": lambda y, p, w: metrics.r2_score(y, p, sample_weight=w),
    "neg_median_absolute_error": lambda y, p, w: (
        -metrics.median_absolute_error(y, p, sample_weight=w)
    ),
}


def plain(values, y, score, *, max_steps=9, weight=None, ties="used"):
    """Caruana's loop, as one would write it."""
    total, taken, path = np.zeros(values.shape[1:]), [], []
    for step in range(1, max_steps + 1):
        scores = np.array([score(y, (total + p) / step, weight) for p in values])
        best = scores.max()
        tied = np.flatnonzero(scores >= best - TOLERANCE * max(1, abs(best)))
        used = [m for m in tied if m in taken] if ties == "used" else []
        pick = used[0] if used else tied[0]
        taken.append(pick)
        path.append(scores[pick])
        total = total + values[pick]
    best = max(path)
    kept = next(
        i for i, s in enumerate(path) if s >= best - TOLERANCE * max(1, abs(best))
    )
    counts = np.bincount(taken[: kept + 1], minlength=len(values))
    return counts / counts.sum(), np.array(taken), np.array(path)


def class_data(k, n=150, m=6, seed=0, digits=None):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(k), rng.integers(0, k, n - k)]
    raw = np.eye(k)[y] + rng.normal(size=(m, n, k)) * rng.uniform(0.5, 2, (m, 1, 1))
    p = np.exp(raw)
    p /= p.sum(axis=2, keepdims=True)
    if digits is not None:  # ties within members and between them
        p = np.eye(k)[p.argmax(axis=2)] * 0.5 + 0.5 / k
    return p, y, rng.uniform(0.2, 3, n)


def number_data(outputs=1, n=150, m=6, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n, outputs) if outputs > 1 else n)
    noise = rng.normal(size=(m, *y.shape))
    return (
        y + noise + rng.normal(size=m).reshape(-1, *[1] * y.ndim),
        y,
        rng.random(n) + 0.1,
    )


def same_as_plain(values, y, weight, name, **options):
    expected = plain(values, y, METRICS[name], weight=weight, **options)
    weights, path = greedy_selection(
        values,
        y,
        scoring=name,
        sample_weight=weight,
        return_path=True,
        **{"max_steps": 9} | options,
    )
    assert_array_equal(path.members, expected[1])
    assert_allclose(path.scores, expected[2], atol=1e-11)
    assert_allclose(weights, expected[0], atol=1e-15)
    assert_allclose(path.weights[path.kept - 1], weights)


# Half of the combinations: every pair of values of two options is there.
@pytest.mark.parametrize(
    ("weighted", "digits", "ties"),
    [
        (False, None, "used"),
        (False, 1, "first"),
        (True, None, "first"),
        (True, 1, "used"),
    ],
)
@pytest.mark.parametrize(
    ("name", "k"),
    [
        ("neg_log_loss", 2),
        ("neg_log_loss", 4),
        ("accuracy", 2),
        ("accuracy", 4),
        ("roc_auc", 2),
        ("roc_auc_ovr", 2),
        ("roc_auc_ovr", 4),
        ("f1_macro", 3),
    ],
)
def test_classes_as_plain(name, k, weighted, digits, ties):
    values, y, weight = class_data(k, digits=digits)
    same_as_plain(values, y, weight if weighted else None, name, ties=ties)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize(
    "name", [name for name in METRICS if name[:5] in ("neg_m", "neg_r", "r2")]
)
def test_numbers_as_plain(name, outputs, weighted):
    values, y, weight = number_data(outputs)
    same_as_plain(values, y, weight if weighted else None, name)


def test_many_rows_as_plain():
    # Beyond the size where scores are sorted by radix and blocks hold one member.
    values, y, weight = class_data(2, n=7000, m=4)
    same_as_plain(values, y, None, "roc_auc", max_steps=8)
    same_as_plain(values, y, weight, "roc_auc", max_steps=4)
    values, y, _ = class_data(3, n=12000, m=3)
    same_as_plain(values, y, None, "accuracy", max_steps=6)
    same_as_plain(values, y, None, "neg_log_loss", max_steps=6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(-4, 4), st.integers(1, 3)),
        min_size=2,
        max_size=40,
    ),
    st.sampled_from([0, 6000]),
)
def test_auc_as_scikit_learn(rows, padding):
    y, score, weight = map(np.array, zip(*rows, strict=True))
    rng = np.random.default_rng(padding)
    y = np.r_[y, True, False, rng.random(padding) < 0.3]
    score = np.r_[score, 0, 0, rng.normal(size=padding)] / 3
    weight = np.r_[weight, 1, 1, rng.integers(1, 3, padding)].astype(float)
    expected = metrics.roc_auc_score(y, score, sample_weight=weight)
    assert_allclose(BinaryAUC(y, weight)(score), expected, rtol=1e-12)


@pytest.mark.parametrize("squeeze", [1.0, 1e-12, 1e-300])
def test_order_is_exact_beyond_32_bits(squeeze):
    rng = np.random.default_rng(0)
    score = np.r_[rng.normal(size=9000) * squeeze, 1.0, -1.0, np.zeros(50)]
    order, found = ordered(score)
    assert_array_equal(found, np.sort(score))
    assert_array_equal(np.sort(order), np.arange(len(score)))
    assert_array_equal(score[order], found)


@pytest.mark.parametrize("name", ["neg_log_loss", "roc_auc", "accuracy", "f1_macro"])
def test_weights_are_repetition(name):
    values, y, _ = class_data(2, n=80)
    times = np.random.default_rng(1).integers(0, 4, 80)
    times[:2] = 1
    again = np.repeat(np.arange(80), times)
    options = {"scoring": name, "max_steps": 15}
    weights = greedy_selection(values, y, sample_weight=times, **options)
    repeated = greedy_selection(values[:, again], y[again], **options)
    assert_allclose(weights, repeated, atol=1e-12)


def test_weights_are_repetition_for_numbers():
    values, y, _ = number_data(2, n=60)
    times = np.random.default_rng(1).integers(0, 4, 60)
    again = np.repeat(np.arange(60), times)
    for name in ("r2", "neg_mean_absolute_error"):
        weights = greedy_selection(values, y, scoring=name, sample_weight=times)
        repeated = greedy_selection(values[:, again], y[again], scoring=name)
        assert_allclose(weights, repeated, atol=1e-12)


def test_losses_by_name_and_object():
    values, y, weight = class_data(3)
    expected = greedy_selection(values, y, scoring="neg_log_loss", sample_weight=weight)
    for scoring in ("log_loss", LogLoss(), LogLoss().scorer()):
        found = greedy_selection(values, y, scoring=scoring, sample_weight=weight)
        assert_allclose(found, expected)
    smooth = LogLoss(label_smoothing=0.1)  # no fast way: the loss itself is used
    weights, path = greedy_selection(
        values, y, scoring=smooth, max_steps=5, return_path=True
    )
    combined = np.tensordot(weights, values, 1)
    assert_allclose(path.scores[path.kept - 1], smooth.score(y, combined), rtol=1e-9)


@pytest.mark.parametrize("loss", [SquaredError(), AbsoluteError()])
@pytest.mark.parametrize("outputs", [1, 2])
def test_scores_of_losses(loss, outputs):
    values, y, weight = number_data(outputs)
    weights, path = greedy_selection(
        values, y, scoring=loss, sample_weight=weight, return_path=True
    )
    combined = np.tensordot(weights, values, 1)
    assert_allclose(path.scores[path.kept - 1], loss.score(y, combined, weight))


def test_never_worse_than_the_best_member():
    values, y, _ = class_data(2, digits=1)
    _, path = greedy_selection(values, y, scoring="roc_auc", return_path=True)
    best = max(metrics.roc_auc_score(y, p[:, 1]) for p in values)
    assert path.scores[path.kept - 1] >= path.scores[0] == pytest.approx(best)
    assert path.scores[path.kept - 1] == path.scores.max()


def test_sorted_start():
    values, y, _ = number_data()
    errors = [metrics.mean_squared_error(y, p) for p in values]
    _, path = greedy_selection(
        values, y, scoring="neg_mean_squared_error", n_init=3, return_path=True
    )
    assert_array_equal(path.members[:3], np.argsort(errors)[:3])
    mean = values[path.members[:3]].mean(axis=0)
    assert_allclose(path.scores[2], -metrics.mean_squared_error(y, mean))
    assert path.kept >= 3
    only = greedy_selection(values, y, n_init=3, max_steps=3)
    assert_allclose(np.sort(only)[-3:], 1 / 3)


def test_bags_average_and_repeat():
    values, y, _ = number_data(m=9)
    options = {"n_bags": 5, "bag_fraction": 0.4, "return_path": True}
    weights, paths = greedy_selection(values, y, random_state=3, **options)
    again, _ = greedy_selection(values, y, random_state=3, **options)
    assert_array_equal(weights, again)
    assert len(paths) == 5
    assert all(len(set(path.members)) <= 4 for path in paths)
    assert_allclose(np.mean([p.weights[p.kept - 1] for p in paths], axis=0), weights)
    whole = greedy_selection(values, y, n_bags=2, bag_fraction=1.0, random_state=0)
    assert_allclose(whole, greedy_selection(values, y))


def test_ties():
    values, y, _ = number_data()
    twins = np.concatenate([values[:1], values[:1], values[1:]])
    for ties in ("used", "first"):
        weights = greedy_selection(twins, y, ties=ties)
        assert weights[1] == 0
    # Taken already beats first: the member at hand is taken again.
    start = {"ties": "used", "max_steps": 4, "return_path": True}
    flat = np.broadcast_to(y + 1.0, (3, len(y)))
    _, path = greedy_selection(flat, y, **start)
    assert_array_equal(path.members, 0)
    assert path.kept == 1
    _, path = greedy_selection(flat, y, **start | {"ties": "random"}, random_state=0)
    assert len(set(path.members)) > 1


def test_patience():
    values, y, _ = number_data()
    _, path = greedy_selection(values, y, patience=3, max_steps=500, return_path=True)
    assert len(path.scores) < 500
    assert path.kept == len(path.scores) - 3


def test_shapes_of_predictions():
    values, y, _ = class_data(2)
    expected = greedy_selection(values, y, scoring="roc_auc")
    named = {f"member {m}": block for m, block in enumerate(values)}
    names = np.array(["no", "yes"])
    for given_, target in [
        (list(values), y),
        (named, y),
        (SimpleNamespace(blocks=named), names[y]),
        (values[:, :, 1], y),
        (values[:, :, 1], y.astype(bool)),
        (values, names[y]),
        (values, y.astype(float)),
        (values, y + 1),
    ]:
        assert_allclose(greedy_selection(given_, target, scoring="roc_auc"), expected)
    _, path = greedy_selection(named, y, return_path=True)
    assert path.names == tuple(named)
    # 0 and 1 are numbers where the scoring says so.
    weights = greedy_selection(values[:, :, 1], y, scoring="r2")
    numbers = greedy_selection(values[:, :, 1], y.astype(float))
    assert_allclose(weights, numbers)


def test_labels():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (100, 3))
    values = np.clip(y + rng.normal(size=(4, 100, 3)), 0, 1)
    weights, path = greedy_selection(values, y, scoring="f1_macro", return_path=True)
    combined = np.tensordot(weights, values, 1) > 0.5
    expected = metrics.f1_score(y, combined, average="macro")
    assert_allclose(path.scores[path.kept - 1], expected)
    assert greedy_selection(values, y, max_steps=5).sum() == pytest.approx(1)
    weight = rng.random(100)
    weights, path = greedy_selection(
        values, y, scoring="log_loss", sample_weight=weight, return_path=True
    )
    expected = LogLoss().score(y, np.tensordot(weights, values, 1), weight)
    assert_allclose(path.scores[path.kept - 1], expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predictions": []}, "predictions is empty"),
        ({"predictions": np.zeros((2, 0)), "y": np.zeros(0)}, "one row or more"),
        ({"predictions": [[1.0, 2], [1.0]]}, "must predict the same"),
        ({"predictions": np.zeros(4)}, r"expected \(n_members, n\)"),
        ({"y": np.zeros(3)}, "4 rows per member and y has the shape"),
        ({"y": np.array([0, 1, np.nan, 1])}, "y .* must be finite"),
        ({"y": np.zeros((4, 2))}, "needs predictions of shape"),
        ({"predictions": {"a": [0, 1, np.nan, 1]}}, "member 'a' are NaN .* 1 rows"),
        ({"sample_weight": [1, 2]}, r"sample_weight has shape \(2,\)"),
        ({"sample_weight": [1, 1, 1, -1]}, "sample_weight is -1.0 in row 3"),
        ({"sample_weight": np.zeros(4)}, "zero in all rows"),
        ({"max_steps": 0}, "max_steps=0 must be a whole number, 1 or more"),
        ({"max_steps": 2.5}, "max_steps=2.5 must be a whole number"),
        ({"ties": "last"}, "ties='last' must be one of"),
        ({"n_init": 3}, "n_init=3 must not exceed the 2 members"),
        ({"n_bags": -1}, "n_bags=-1"),
        ({"bag_fraction": 0}, r"bag_fraction=0 must lie in \(0, 1\]"),
        ({"patience": 0}, "patience=0"),
        ({"kind": "numbers"}, "kind='numbers' must be one of"),
        ({"kind": "labels"}, "labels need y"),
        (
            {"kind": "classes", "predictions": np.full((2, 4), 3.0)},
            "but probabilities from 0 to 1",
        ),
        ({"predictions": np.full((2, 4, 2), 0.5), "y": [0, 1, 2, 3]}, "2 columns"),
    ],
)
def test_errors_name_the_way_out(change, words):
    options = {"predictions": np.ones((2, 4)) / 2, "y": np.array([0.0, 1, 1, 0])}
    with pytest.raises(ValueError, match=words):
        greedy_selection(**options | change)


def test_one_class_has_no_auc():
    with pytest.raises(ValueError, match="ROC AUC is not defined"):
        greedy_selection(
            np.ones((2, 4)) / 2, [1] * 4, scoring="roc_auc", kind="classes"
        )


def test_rows_of_weight_zero_may_be_nan():
    values, y, weight = number_data()
    values[:, :20], weight[:20] = np.nan, 0
    found = greedy_selection(values, y, sample_weight=weight)
    kept = greedy_selection(values[:, 20:], y[20:], sample_weight=weight[20:])
    assert_array_equal(found, kept)
