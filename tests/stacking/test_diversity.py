"""Diversity of members, against loops written by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from skensemble.stacking.inspection._diversity import diversity

RNG = np.random.default_rng(0)
N = 60
MEASURES = ["q_statistic", "disagreement", "double_fault"]


def softmax(raw):
    raw = np.exp(raw)
    return raw / raw.sum(axis=1, keepdims=True)


def classes(k):
    y = RNG.integers(k, size=N)
    good = RNG.normal(size=(N, k)) + 2 * np.eye(k)[y]
    blocks = {
        "proba": softmax(good),
        "other": softmax(good + RNG.normal(size=(N, k))),
        "decision": RNG.normal(size=(N, k)) + np.eye(k)[y],
        "labels": np.where(RNG.random(N) < 0.7, y, (y + 1) % k),
    }
    if k == 2:
        blocks["decision"] = blocks["decision"][:, 1] - blocks["decision"][:, 0]
    methods = ["predict_proba", "predict_proba", "decision_function", "predict"]
    return blocks, y, dict(zip(blocks, methods, strict=True))


def correlation(a, b, w):
    """Pearson, one row at a time."""
    total = sum(w)
    mean_a = sum(x * v for x, v in zip(a, w, strict=True)) / total
    mean_b = sum(x * v for x, v in zip(b, w, strict=True)) / total
    ab = aa = bb = 0.0
    for x, y, v in zip(a, b, w, strict=True):
        ab += v * (x - mean_a) * (y - mean_b)
        aa += v * (x - mean_a) ** 2
        bb += v * (y - mean_b) ** 2
    return ab / math.sqrt(aa * bb) if aa * bb else math.nan


def error_and_fault(block, method, truth):
    """Error and fault of one row of classes."""
    if method == "predict":
        return (float(block != truth),) * 2
    if method == "decision_function":
        label = int(block > 0) if np.ndim(block) == 0 else int(np.argmax(block))
        return (float(label != truth),) * 2
    return 1 - block[truth], float(int(np.argmax(block)) != truth)


def agreement(a, b, w):
    """Kuncheva's table of right and wrong, counted row by row."""
    n = {(i, j): 0.0 for i in (0, 1) for j in (0, 1)}
    for x, y, v in zip(a, b, w, strict=True):
        n[1 - int(x), 1 - int(y)] += v
    same, other = n[1, 1] * n[0, 0], n[0, 1] * n[1, 0]
    q = (same - other) / (same + other) if same + other else math.nan
    total = sum(n.values())
    return {
        "q_statistic": q,
        "disagreement": (n[0, 1] + n[1, 0]) / total,
        "double_fault": n[0, 0] / total,
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_classes(k, weighted):
    blocks, y, methods = classes(k)
    w = RNG.random(N) if weighted else None
    table = diversity(
        blocks, y, kind="classes", n_classes=k, methods=methods, sample_weight=w
    )
    assert table.index.names == ["first", "second"]
    assert list(table.index[:2]) == [("proba", "other"), ("proba", "decision")]
    assert len(table) == 6
    w = np.ones(N) if w is None else w
    reported = {
        name: [
            error_and_fault(row, methods[name], truth)
            for row, truth in zip(block, y, strict=True)
        ]
        for name, block in blocks.items()
    }
    for (first, second), found in table.iterrows():
        (a, wrong_a), (b, wrong_b) = (
            zip(*reported[name], strict=True) for name in (first, second)
        )
        expected = agreement(wrong_a, wrong_b, w)
        expected["error_correlation"] = correlation(a, b, w)
        assert_allclose(
            [found[name] for name in expected], list(expected.values()), atol=1e-12
        )


def test_numbers_of_several_outputs_are_averaged():
    y = RNG.normal(size=(N, 2))
    blocks = {name: y + RNG.normal(size=(N, 2)) for name in "abc"}
    w = RNG.random(N)
    table = diversity(
        blocks, y, kind="continuous", n_classes=0,
        methods=dict.fromkeys(blocks, "predict"), sample_weight=w,
    )  # fmt: skip
    assert list(table.columns) == ["error_correlation"]
    for (a, b), found in table["error_correlation"].items():
        each = [
            correlation(blocks[a][:, k] - y[:, k], blocks[b][:, k] - y[:, k], w)
            for k in (0, 1)
        ]
        assert_allclose(found, sum(each) / 2)


def test_multilabel_is_averaged_over_labels():
    y = RNG.integers(2, size=(N, 3))
    blocks = {
        "proba": np.clip(0.2 + 0.6 * y + 0.3 * RNG.normal(size=(N, 3)), 0, 1),
        "labels": np.where(RNG.random((N, 3)) < 0.8, y, 1 - y),
    }
    methods = {"proba": "predict_proba", "labels": "predict"}
    table = diversity(blocks, y, kind="labels", n_classes=0, methods=methods)
    ones = np.ones(N)
    wrong = {"proba": (blocks["proba"] > 0.5) != y, "labels": blocks["labels"] != y}
    each = [agreement(wrong["proba"][:, k], wrong["labels"][:, k], ones)
            for k in range(3)]  # fmt: skip
    errors = [correlation(abs(y - blocks["proba"])[:, k], wrong["labels"][:, k], ones)
              for k in range(3)]  # fmt: skip
    found = table.loc[("proba", "labels")]
    assert_allclose(found["error_correlation"], np.mean(errors))
    for name in MEASURES:
        assert_allclose(found[name], np.mean([one[name] for one in each]))


@pytest.mark.parametrize("kind", ["classes", "continuous"])
def test_weight_is_repetition(kind):
    blocks, y, methods = classes(3)
    if kind == "continuous":
        y, blocks = RNG.normal(size=N), {name: RNG.normal(size=N) for name in "abc"}
        methods = dict.fromkeys(blocks, "predict")
    times = RNG.integers(4, size=N)
    rows = np.repeat(np.arange(N), times)
    options = {"kind": kind, "n_classes": 3, "methods": methods}
    weighted = diversity(blocks, y, sample_weight=times, **options)
    repeated = diversity({k: v[rows] for k, v in blocks.items()}, y[rows], **options)
    assert_frame_equal(weighted, repeated)


def test_rows_not_covered_are_left_out_for_all():
    blocks, y, methods = classes(3)
    options = {"kind": "classes", "n_classes": 3, "methods": methods}
    seen = diversity({k: v[10:] for k, v in blocks.items()}, y[10:], **options)
    holes = {name: block.astype(float) for name, block in blocks.items()}
    holes["proba"][:6] = np.nan
    holes["labels"][6:10] = np.nan
    assert_frame_equal(diversity(holes, y, **options), seen)
    holes["other"][:] = np.nan
    assert diversity(holes, y, **options).isna().all(axis=None)


def test_constant_errors_have_no_correlation():
    y = RNG.normal(size=N) * 1e3
    blocks = {"exact": y, "off by one": y + 0.1, "noisy": y + RNG.normal(size=N)}
    options = {"n_classes": 2, "methods": dict.fromkeys(blocks, "predict")}
    assert diversity(blocks, y, kind="continuous", **options).isna().all(axis=None)
    codes = RNG.integers(2, size=N)
    blocks = {"exact": codes, "off by one": 1 - codes, "noisy": RNG.integers(2, size=N)}
    table = diversity(blocks, codes, kind="classes", **options)
    assert table[["error_correlation", "q_statistic"]].isna().all(axis=None)
    assert table.loc[("exact", "off by one"), "disagreement"] == 1


def test_columns_that_tell_no_error_are_nan():
    y = RNG.normal(size=N)
    blocks = {"a": RNG.normal(size=N), "b": RNG.normal(size=N),
              "quantiles": RNG.normal(size=(N, 3))}  # fmt: skip
    methods = dict.fromkeys(blocks, "predict")
    table = diversity(blocks, y, kind="continuous", n_classes=0, methods=methods)
    assert list(table["error_correlation"].isna()) == [False, True, True]

    blocks, y, methods = classes(4)
    blocks["decision"] = RNG.normal(size=(N, 6))  # one class against one
    table = diversity(blocks, y, kind="classes", n_classes=4, methods=methods)
    holes = ["decision" in pair for pair in table.index]
    assert list(table.isna().all(axis=1)) == holes
    assert list(table.isna().any(axis=1)) == holes


def test_one_member_has_no_pair():
    table = diversity(
        {"a": np.ones(3)}, np.arange(3), kind="classes", n_classes=3,
        methods={"a": "predict"},
    )  # fmt: skip
    assert len(table) == 0
    assert list(table.columns) == ["error_correlation", *MEASURES]
