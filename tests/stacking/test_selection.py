"""Ensemble selection, by a plain loop."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    RepeatedKFold,
)
from stacking_data import (
    CLASSIFIERS,
    CLOSE,
    NEW,
    REGRESSORS,
    STRATA,
    X2,
    X3,
    XR,
    Y2,
    Y3,
    YR,
)

from skensemble import (
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
)


def chosen(blocks, score, steps, n_init=0):
    """Path of a plain greedy selection."""
    names = list(blocks)
    alone = {name: score(blocks[name]) for name in names}
    taken = sorted(names, key=lambda name: -alone[name])[:n_init]
    scores = [
        score(np.mean([blocks[name] for name in taken[: k + 1]], axis=0))
        for k in range(n_init)
    ]
    while len(taken) < steps:
        each = [
            score(np.mean([blocks[m] for m in [*taken, name]], axis=0))
            for name in names
        ]
        tied = [n for n, s in zip(names, each, strict=True) if s > max(each) - 1e-12]
        used = [name for name in tied if name in taken]
        taken.append((used or tied)[0])
        scores.append(max(each))
    late = scores[max(n_init, 1) - 1 :]
    first = next(k for k, s in enumerate(late) if s > max(late) - 1e-12)
    return taken, scores, first + max(n_init, 1)


def scorers(y):
    classes = np.unique(y)
    labels = {
        "accuracy": lambda p: accuracy_score(y, classes[p.argmax(axis=1)]),
        "neg_log_loss": lambda p: -log_loss(y, p),
    }
    if len(classes) == 2:
        return labels | {"roc_auc": lambda p: roc_auc_score(y, p[:, 1])}
    return labels | {"roc_auc_ovr": lambda p: roc_auc_score(y, p, multi_class="ovr")}


@pytest.mark.parametrize("n_init", [0, 2])
@pytest.mark.parametrize(
    ("X", "y", "scoring"),
    [(X3, Y3, name) for name in scorers(Y3)] + [(X2, Y2, name) for name in scorers(Y2)],
)
def test_path_of_a_plain_loop(X, y, scoring, n_init):
    selection = EnsembleSelectionClassifier(
        CLASSIFIERS, scoring=scoring, max_steps=12, cv=STRATA, n_init=n_init
    ).fit(X, y)
    taken, scores, kept = chosen(selection.oof_.blocks, scorers(y)[scoring], 12, n_init)
    assert list(selection.path_["member"]) == taken
    assert_allclose(selection.path_["score"], scores, rtol=1e-9)
    assert selection.path_["kept"].sum() == kept
    for name in selection.weights_.index:
        expected = taken[:kept].count(name) / kept
        assert selection.weights_[name] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "score"),
    [
        (None, lambda predicted: -root_mean_squared_error(YR, predicted)),
        (
            "neg_mean_absolute_error",
            lambda predicted: -mean_absolute_error(YR, predicted),
        ),
        ("r2", lambda predicted: r2_score(YR, predicted)),
    ],
)
def test_path_of_a_plain_loop_for_numbers(scoring, score):
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    selection = EnsembleSelectionRegressor(
        REGRESSORS, scoring=scoring, max_steps=12, cv=cv
    ).fit(XR, YR)
    taken, scores, kept = chosen(selection.oof_.blocks, score, 12)
    assert list(selection.path_["member"]) == taken
    assert_allclose(selection.path_["score"], scores, rtol=1e-9)
    mean = np.mean(
        [
            clone(dict(REGRESSORS)[name]).fit(XR, YR).predict(NEW)
            for name in taken[:kept]
        ],
        axis=0,
    )
    assert_allclose(selection.predict(NEW), mean, rtol=1e-10)


def test_bags_are_averaged():
    selection = EnsembleSelectionClassifier(
        CLASSIFIERS, n_bags=6, max_steps=8, cv=STRATA, random_state=0
    ).fit(X3, Y3)
    expected = np.zeros(3)
    names = [name for name, _ in CLASSIFIERS]
    for _, path in selection.path_.groupby("bag"):
        kept = path[path["kept"]]["member"]
        assert kept.nunique() <= 2  # half of three members, rounded
        expected += [(kept == name).mean() / 6 for name in names]
    assert_allclose(selection.weights_, expected, **CLOSE)
