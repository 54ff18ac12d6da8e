"""Random labels cannot be predicted out of fold by any member."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from skensemble import AutoEnsembleClassifier
from skensemble.auto import _fitted_ensemble

KINDS = ["lightgbm", "linear", "network", "extra_trees", "xgboost", "neighbors"]
BELOW = ["linear", "lightgbm_small", "neighbors"]


def noise(n_rows, n_columns, seed):
    """Columns of words, each word in three rows on the mean, and labels at random."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, n_rows // 3, (n_rows, n_columns)).astype(str)
    X = pd.DataFrame(words, columns=[f"c{k}" for k in range(n_columns)]).add("_word")
    return X, rng.integers(0, 2, n_rows)


def standard_errors(y, p):
    """AUC less one half, in standard errors of random scores (Mann and Whitney)."""
    n_1 = y.sum()
    n_0 = len(y) - n_1
    return (roc_auc_score(y, p) - 0.5) / np.sqrt((n_1 + n_0 + 1) / (12 * n_1 * n_0))


def assert_no_signal(auto, y):
    blocks = {name: auto.oof_[name] for name in auto.oof_.members}
    blocks["ensemble"] = auto.ensemble_oof_
    far = {name: standard_errors(y, p[:, 1]) for name, p in blocks.items()}
    assert max(map(abs, far.values())) < 3, far


def test_many_columns_of_many_levels(monkeypatch):
    # The models of all rows are not tested here, and they take most of the time.
    monkeypatch.setattr(_fitted_ensemble, "fit_on_all_rows", lambda model, *_: model)
    X, y = noise(300, 40, seed=0)
    auto = AutoEnsembleClassifier(
        None, preset="fast", members=KINDS, cv=3, random_state=0, n_jobs=1
    ).fit(X, y)
    assert not auto.failed_
    assert list(auto.oof_.members) == KINDS
    assert_no_signal(auto, y)


def test_both_layers_on_repeated_folds():
    X, y = noise(300, 8, seed=1)
    auto = AutoEnsembleClassifier(None, members=BELOW, random_state=0, n_jobs=1).fit(
        X, y
    )
    assert set(auto.oof_.members) == {*BELOW, "upper", "upper_random"}
    assert_no_signal(auto, y)


def test_catboost():
    X, y = noise(300, 8, seed=2)
    auto = AutoEnsembleClassifier(
        None, preset="fast", members=["catboost"], cv=3, random_state=0, n_jobs=1
    ).fit(X, y)
    assert_no_signal(auto, y)
