"""With memory=, no member is fitted twice on the same data."""

import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
)
from stacking_family import (
    CHAIN,
    DATA,
    assert_equal,
    built,
    counted,
    fits,
    fitted,
    without_near,
)


@pytest.mark.parametrize("kind", CHAIN)
def test_one_store_serves_the_family(kind, tmp_path):
    log, memory = tmp_path / "log", str(tmp_path / "store")
    members = [*without_near(kind), ("counted", counted(kind, log))]
    X, y, _ = DATA[kind]
    for place, family in enumerate(CHAIN[kind]):
        model = built(family, members, memory=memory).fit(X, y)
        assert fits(log) == 3  # two splits and all rows, once and never again
        assert {fold_fit.cached for fold_fit in model.fits_} == {place > 0}
        alone = clone(model).set_params(memory=None, counted__log="/dev/null")
        assert_equal(model, alone.fit(X, y), family)


@pytest.mark.parametrize(
    ("changed", "new_fits"),
    [
        ({"final_estimator": LinearRegression()}, 0),
        ({"passthrough": True}, 0),
        ({"refit": False}, 0),
        ({"scoring": "neg_mean_absolute_error"}, 0),
        ({"counted__k": 1}, 3),
        ({"random_state": 1}, 2),  # other splits, the same rows in all
        ({"cv": KFold(4)}, 4),
    ],
)
def test_which_fits_are_repeated(changed, new_fits, tmp_path):
    log = tmp_path / "log"
    members = [("ridge", Ridge()), ("counted", counted("numbers", log))]
    model = fitted("StackingRegressor", members, memory=str(tmp_path))
    assert fits(log) == 3
    X, y, _ = DATA["numbers"]
    other = clone(model).set_params(**changed).fit(X, y)
    assert fits(log) == 3 + new_fits
    cached = [
        fold_fit.cached for fold_fit in other.fits_ if fold_fit.member == "counted"
    ]
    assert cached.count(False) == new_fits
    alone = clone(other).set_params(memory=None).fit(X, y)
    assert_equal(other, alone, "StackingRegressor")


def test_layers_are_kept_too(tmp_path):
    log = tmp_path / "log"
    X, y, _ = DATA["numbers"]
    model = built(
        "StackingRegressor",
        [("ridge", Ridge()), ("low", counted("numbers", log))],
        layers=[[("high", counted("numbers", log))]],
        memory=str(tmp_path),
    ).fit(X, y)
    assert fits(log) == 6
    model.set_params(final_estimator=LinearRegression()).fit(X, y)
    assert fits(log) == 6
    model.set_params(ridge__alpha=2.0).fit(X, y)  # the upper layer sees others
    assert fits(log) == 9


@pytest.mark.parametrize("memory", [False, True])
def test_grid_over_the_meta_model(memory, tmp_path):
    log = tmp_path / "log"
    members = [("ridge", Ridge()), ("counted", counted("numbers", log))]
    kept = str(tmp_path / "store") if memory else None
    model = built("StackingRegressor", members, memory=kept)
    grid = {"final_estimator": [Ridge(), LinearRegression()]}
    X, y, _ = DATA["numbers"]
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    # Three fits an outer split, and three on all rows.
    assert fits(log) == (3 * 3 if memory else 2 * 2 * 3 + 3)
    assert (
        all(fold_fit.cached for fold_fit in search.best_estimator_.fit(X, y).fits_)
        == memory
    )
