"""Target means have the right values and do not leak the target of a row."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_predict
from sklearn.preprocessing import TargetEncoder

from skensemble.preprocessing import TableEncoder, make_member
from skensemble.preprocessing._target_means import (
    assign_folds,
    cross_fit_means,
    target_columns,
)

N = 600
RNG = np.random.default_rng(0)
TOWNS = np.array([f"town{k}" for k in RNG.integers(0, 60, N)])
EFFECT = dict(zip(np.unique(TOWNS), RNG.normal(size=60), strict=False))
Y = np.array([EFFECT[t] for t in TOWNS]) + RNG.normal(size=N)
FRAME = pd.DataFrame({"town": TOWNS, "x": RNG.normal(size=N)})


def _by_hand(levels, y, rows, m):
    prior = y.mean()
    kept = pd.Series(y[rows]).groupby(levels[rows])
    sums, counts = kept.sum(), kept.count()
    means = (sums + m * prior) / (counts + m)
    return pd.Series(levels).map(means).fillna(prior).to_numpy()


def test_cross_fitted_means_by_hand(monkeypatch):
    monkeypatch.setattr(
        "skensemble.preprocessing._target_means._prior_rows", lambda *_: 7.0
    )
    cv = KFold(4, shuffle=True, random_state=3)
    encoder = TableEncoder(cv=cv)
    training = encoder.fit_transform(FRAME, Y)["town_mean"].to_numpy()
    for rest, own in cv.split(FRAME):
        expected = _by_hand(TOWNS, Y, rest, 7.0)[own]
        np.testing.assert_allclose(training[own], expected)
    new = encoder.transform(FRAME)["town_mean"].to_numpy()
    np.testing.assert_allclose(new, _by_hand(TOWNS, Y, np.arange(N), 7.0))


def test_means_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(
        "skensemble.preprocessing._target_means._prior_rows", lambda *_: 20.0
    )
    ours = TableEncoder().fit(FRAME, Y).transform(FRAME)["town_mean"]
    theirs = TargetEncoder(smooth=20.0).fit(FRAME[["town"]], Y)
    np.testing.assert_allclose(ours, theirs.transform(FRAME[["town"]])[:, 0])


def test_prior_is_worth_little_where_levels_differ_and_much_where_they_do_not():
    signal = TableEncoder(random_state=0).fit(FRAME, Y).transform(FRAME)["town_mean"]
    noise = RNG.normal(size=N)
    nothing = (
        TableEncoder(random_state=0).fit(FRAME, noise).transform(FRAME)["town_mean"]
    )
    raw = pd.Series(Y).groupby(TOWNS).transform("mean")
    raw_noise = pd.Series(noise).groupby(TOWNS).transform("mean")
    assert signal.std() > 0.8 * raw.std()
    assert nothing.std() < 0.4 * raw_noise.std()


@pytest.mark.parametrize(("classes", "columns"), [(2, 1), (3, 2), (10, 9), (14, 10)])
def test_columns_a_class(classes, columns):
    y = np.array([f"c{k}" for k in RNG.integers(0, classes, N)])
    out = TableEncoder(random_state=0).fit_transform(FRAME, y)
    assert sum("mean" in name for name in out) == columns
    assert "town_count" in out


def test_several_outputs():
    out = TableEncoder().fit_transform(FRAME, np.column_stack([Y, -Y]))
    np.testing.assert_allclose(out["town_mean_0"], -out["town_mean_1"])


def test_without_a_target_there_are_counts_only():
    out = TableEncoder().fit_transform(FRAME)
    assert out.columns.tolist() == ["x", "town_count", "town"]
    np.testing.assert_allclose(
        np.expm1(out["town_count"]),
        pd.Series(TOWNS).map(pd.Series(TOWNS).value_counts()),
    )


def test_a_level_never_seen_has_the_mean_of_all_and_missing_its_own():
    frame = FRAME.assign(town=np.where(RNG.random(N) < 0.2, None, TOWNS))
    y = Y + 5 * frame["town"].isna()
    encoder = TableEncoder(random_state=0).fit(frame, y)
    new = pd.DataFrame({"town": ["nowhere", None], "x": [0.0, 0.0]})
    unseen, missing = encoder.transform(new)["town_mean"]
    assert unseen == pytest.approx(y.mean())
    assert missing > y.mean() + 2


@pytest.mark.parametrize("labels", [True, False], ids=["classes", "numbers"])
def test_on_noise_a_mean_does_not_leak_the_target_of_its_row(labels):
    """Means of 200 columns of noise: each ranks y by chance; plain means do not."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, N)
    target = target_columns(y, "classification" if labels else "regression")
    folds = assign_folds(5, target, 0)
    areas, plain = [], []
    for _ in range(200):
        codes = rng.integers(0, 100, N)
        fitted, own = cross_fit_means(codes, 101, target.values, folds)
        areas.append(roc_auc_score(y, own[:, 0]))
        plain.append(roc_auc_score(y, fitted.of(codes)[:, 0]))
    error = np.std(areas) / np.sqrt(len(areas))
    assert abs(np.mean(areas) - 0.5) < 3 * error + 0.002
    assert np.mean(plain) > 0.6


@pytest.mark.parametrize("kind", ["trees", "forests", "linear", "neighbors", "neural"])
def test_on_noise_a_member_predicts_nothing(kind):
    rng = np.random.default_rng(2)
    n = 800
    X = pd.DataFrame({f"h{j}": rng.integers(0, 150, n).astype(str) for j in range(12)})
    y = rng.integers(0, 2, n)
    model = (
        LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)
        if kind == "trees"
        else LogisticRegression(C=0.01, max_iter=300)
    )
    member = make_member(model, for_=kind, random_state=0)
    if kind == "forests":
        member.set_params(tableencoder__missing="impute")
    cv = KFold(4, shuffle=True, random_state=0)
    p = cross_val_predict(member, X, y, cv=cv, method="predict_proba")[:, 1]
    error = np.sqrt((n + 1) / (12 * (n / 2) ** 2))
    assert abs(roc_auc_score(y, p) - 0.5) < 3 * error


def test_noise_beside_a_signal_does_not_drown_it():
    """A model on cross-fitted means keeps the signal; on plain means it is deceived."""
    rng = np.random.default_rng(3)
    n = 1200
    X = pd.DataFrame({f"h{j}": rng.integers(0, 300, n).astype(str) for j in range(60)})
    X["x"] = rng.normal(size=n)
    y = X["x"].to_numpy() + rng.normal(size=n)
    train, test = np.arange(n // 2), np.arange(n // 2, n)
    encoder = TableEncoder("neighbors", random_state=0)
    kinds = dict.fromkeys(X.columns.drop("x"), "high-cardinality")
    encoder.set_params(kinds=kinds, rare=10**6)
    honest = encoder.fit_transform(X.iloc[train], y[train])
    deceived = encoder.transform(X.iloc[train])
    new = encoder.transform(X.iloc[test])
    scores = [
        Ridge().fit(rows, y[train]).score(new, y[test]) for rows in (honest, deceived)
    ]
    assert scores[0] > 0.25
    assert scores[0] > scores[1] + 0.1


def test_folds_are_shuffled_by_the_seed_and_even():
    target = target_columns(np.repeat([0, 1], [500, 100]), "auto")
    folds = assign_folds(5, target, 0)
    assert (np.bincount(folds[:500]) == 100).all()
    assert (np.bincount(folds[500:]) == 20).all()
    assert (folds == assign_folds(5, target, 0)).all()
    assert (folds != assign_folds(5, target, 1)).any()


def test_folds_that_leave_rows_out_are_refused():
    with pytest.raises(ValueError, match="hold each row out once"):
        TableEncoder(cv=ShuffleSplit(3)).fit(FRAME, Y)


def test_numbers_or_classes():
    whole = RNG.integers(0, 100, N)
    assert target_columns(whole, "auto").strata is None
    assert target_columns(whole % 5, "auto").strata is not None
    assert target_columns(whole % 5, "regression").strata is None
    assert target_columns(whole, "classification").values.shape == (N, 10)


def test_a_target_with_missing_values_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        TableEncoder().fit(FRAME, np.where(Y > 0, np.nan, Y))
