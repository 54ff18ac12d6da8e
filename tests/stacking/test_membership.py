"""Ensembles with members added, dropped or left out by compress equal a new fit."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import (
    KFold,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from stacking_family import (
    DATA,
    FAMILY,
    MEMBERS,
    NEW,
    SPLIT,
    TIME,
    WEIGHT,
    Broken,
    assert_equal,
    assert_unchanged,
    built,
    counted,
    fits,
    fitted,
    kind_of,
    photograph,
    without_near,
)

from skensemble import (
    StackingRegressor,
    VotingRegressor,
)
from skensemble.exceptions import MemberFailedWarning, StackedOverfitWarning


def check_added(family, weight, log, memory):
    kind = kind_of(family)
    first = [*without_near(kind), ("counted", counted(kind, log))]
    model = fitted(family, first, weight=weight, memory=memory)
    before = fits(log)
    added = [NEW[kind], ("second", counted(kind, log, 1))]
    photo = photograph(model)
    larger = model.add_members(added)
    assert_unchanged(model, photo)
    own = [fold_fit for fold_fit in larger.fits_ if fold_fit.member == "second"]
    assert fits(log) == before + len(own)
    whole = fitted(family, [*first, *added], weight=weight, memory=memory)
    assert_equal(larger, whole, family)
    # With a store, what was added is known to a fit from the start.
    assert fits(log) == before + (1 if memory else 3) * len(own)


@pytest.mark.parametrize("family", FAMILY)
def test_added_members(family, tmp_path):
    check_added(family, None, tmp_path / "log", None)


@pytest.mark.parametrize("family", ["StackingClassifier", "VotingRegressor"])
def test_added_members_with_a_store(family, tmp_path):
    check_added(family, WEIGHT, tmp_path / "log", str(tmp_path / "store"))


@pytest.mark.parametrize("family", FAMILY)
def test_members_added_after_a_pickle(family):
    kind = kind_of(family)
    X, y, _ = DATA[kind]
    members = without_near(kind)
    model = pickle.loads(pickle.dumps(fitted(family, members, weight=WEIGHT)))
    with pytest.raises(ValueError, match=r"add_members\(members, X, y\)"):
        model.add_members([NEW[kind]])
    model = model.add_members([NEW[kind]], X, y, sample_weight=WEIGHT)
    whole = fitted(family, [*members, NEW[kind]], weight=WEIGHT)
    assert_equal(model, whole, family)


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("StackingRegressor", {"cv": TIME}),
        ("StackingRegressor", {"passthrough": True}),
        ("StackingRegressor", {"refit": False}),
        ("SuperLearnerRegressor", {"cv": TIME}),
        ("SuperLearnerRegressor", {"outer_cv": KFold(2)}),
        ("SuperLearnerClassifier", {"calibrate_members": "sigmoid"}),
        ("StackingClassifier", {"calibrate": "temperature"}),
        ("EnsembleSelectionClassifier", {"calibrate_members": "isotonic"}),
        ("VotingClassifier", {"calibrate": "sigmoid"}),
        ("BlendingClassifier", {"passthrough": True, "refit": True}),
    ],
)
def test_options_are_kept(family, options):
    kind = kind_of(family)
    members = without_near(kind)
    options = options | {"weight": WEIGHT}
    model = fitted(family, members, **options)
    model = model.add_members([NEW[kind]])
    assert_equal(model, fitted(family, [*members, NEW[kind]], **options), family)
    if "outer_cv" in options:  # measured by fits of the whole, which is no more
        assert not hasattr(model.drop_members("tree"), "outer_risk_")
        return
    model = model.drop_members("tree")
    left = [members[1], NEW[kind]]
    assert_equal(model, fitted(family, left, **options), family)


def test_prefit_members_are_added():
    X, y, new = DATA["numbers"]
    ready = [(name, clone(m).fit(X[:60], y[:60])) for name, m in MEMBERS["numbers"]]
    options = {"cv": "prefit", "final_estimator": LinearRegression()}
    model = StackingRegressor(ready[:2], **options).fit(X[60:], y[60:])
    model = model.add_members(ready[2:])
    whole = StackingRegressor(ready, **options).fit(X[60:], y[60:])
    assert_array_equal(model.predict(new), whole.predict(new))


@pytest.mark.parametrize("cv", [None, 3])
def test_given_weights_and_members_added(cv):
    members = without_near("numbers")
    X, y, new = DATA["numbers"]
    options = {"cv": cv, "random_state": 0}
    model = VotingRegressor(members, weights=[1, 2], **options).fit(X, y)
    with pytest.raises(ValueError, match="2 weights, 3 estimators"):
        model.add_members([NEW["numbers"]])
    model = model.set_params(weights=[1, 2, 3]).add_members([NEW["numbers"]])
    whole = VotingRegressor([*members, NEW["numbers"]], weights=[1, 2, 3], **options)
    whole.fit(X, y)
    assert_array_equal(model.predict(new), whole.predict(new))
    assert_array_equal(model.weights_, [1, 2, 3])


X, Y, _ = DATA["numbers"]
REFUSED = {
    "taken": (([("ridge", Ridge(2.0))],), "not unique"),
    "argument": (([("cv", Ridge())],), "conflict"),
    "nothing": (([],), "non-empty list"),
    "no list": ((Ridge(),), "non-empty list"),
    "fails": (([("broken", Broken())],), "luck"),
    "other y": (([NEW["numbers"]], X, Y + 1), "of the fit"),
    "fewer rows": (([NEW["numbers"]], X[:50], Y[:50]), "of the fit"),
    "more rows of X": (
        ([NEW["numbers"]], np.vstack([X, X]), Y),
        "inconsistent|of the fit",
    ),
    "fewer columns": (([NEW["numbers"]], X[:, :3], Y), "features|columns|of the fit"),
    "weights": (([NEW["numbers"]], X, Y, {"sample_weight": [1.0, 2.0]}), "sample_wei"),
    "wrong kind": (([NEW["classes"]],), "should be a regressor"),
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("refit", [True, False])
def test_members_that_cannot_be_added(why, refit):
    given, message = REFUSED[why]
    params = given[3] if len(given) > 3 else {}
    model = fitted("StackingRegressor", without_near("numbers"), refit=refit)
    photo = photograph(model)
    with pytest.raises((ValueError, OSError), match=message):
        model.add_members(*given[:3], **params)
    assert_unchanged(model, photo)


def test_names_of_layers_that_the_guard_left_out_are_taken():
    model = built(
        "StackingRegressor",
        without_near("numbers"),
        layers=[[("upper", KNeighborsRegressor(1))]],
        guard="fallback",
    )
    with pytest.warns(StackedOverfitWarning):
        model.fit(*DATA["numbers"][:2])
    photo = photograph(model)
    with pytest.raises(ValueError, match="not unique"):
        model.add_members([("upper", Ridge(2.0))])
    assert_unchanged(model, photo)


def test_layers_are_not_changed_after_the_fit():
    layers = [[("upper", Ridge())]]
    model = fitted("StackingRegressor", without_near("numbers"), layers=layers)
    photo = photograph(model)
    for verb, given in (
        ("add_members", ([NEW["numbers"]],)),
        ("drop_members", ("tree",)),
        ("compress", ()),
    ):
        with pytest.raises(ValueError, match=f"{verb} is for one layer"):
            getattr(model, verb)(*given)
        assert_unchanged(model, photo)


# Dropping members


@pytest.mark.parametrize("family", FAMILY)
def test_dropped_members(family):
    kind = kind_of(family)
    members = [*without_near(kind), NEW[kind]]
    model = fitted(family, members, weight=WEIGHT)
    photo = photograph(model)
    smaller = model.drop_members("tree")
    assert_unchanged(model, photo)
    assert_equal(smaller, fitted(family, members[1:], weight=WEIGHT), family)
    single = smaller.drop_members([members[1][0]])
    assert_equal(single, fitted(family, members[2:], weight=WEIGHT), family)
    # Back again: in another place, but the same.
    again = single.add_members(members[:1])
    assert_equal(again, fitted(family, [members[2], members[0]], weight=WEIGHT), family)


@pytest.mark.parametrize("family", FAMILY)
def test_dropped_after_a_pickle(family):
    kind = kind_of(family)
    members = MEMBERS[kind]
    model = pickle.loads(pickle.dumps(fitted(family, members)))
    model = model.drop_members(["near", "tree"])
    assert_equal(model, fitted(family, [members[1]]), family)


@pytest.mark.parametrize(
    ("names", "message"),
    [("nobody", "are not members"), (["tree", "nobody"], "nobody"),
     (["tree", "ridge"], "leave no member")],
)  # fmt: skip
def test_who_cannot_be_dropped(names, message):
    model = fitted("SuperLearnerRegressor", without_near("numbers"))
    photo = photograph(model)
    with pytest.raises(ValueError, match=message):
        model.drop_members(names)
    assert_unchanged(model, photo)


def test_passthrough_needs_the_rows_after_a_pickle():
    model = fitted("StackingRegressor", passthrough=True)
    model = pickle.loads(pickle.dumps(model))
    photo = photograph(model)
    with pytest.raises(ValueError, match="training data"):
        model.drop_members("tree")
    assert_unchanged(model, photo)


@pytest.mark.parametrize("cv", [None, 3])
def test_given_weights_and_members_dropped(cv):
    X, y, new = DATA["numbers"]
    members, options = MEMBERS["numbers"], {"cv": cv, "random_state": 0}
    model = VotingRegressor(members, weights=[1, 2, 3], **options).fit(X, y)
    full, model = model, model.drop_members("ridge")
    assert full.weights == [1, 2, 3]
    whole = VotingRegressor([members[0], members[2]], weights=[1, 3], **options)
    assert_array_equal(model.predict(new), whole.fit(X, y).predict(new))
    assert list(model.weights) == [1, 3]


def test_members_that_failed_are_forgotten_when_dropped():
    members = [*without_near("numbers"), ("broken", Broken())]
    with pytest.warns(MemberFailedWarning, match="broken"):
        model = fitted("StackingRegressor", members, on_error="drop")
    model = model.drop_members("broken")
    whole = fitted("StackingRegressor", members[:2], on_error="drop")
    assert_equal(model, whole, "StackingRegressor")
    model = model.add_members([("broken", Ridge(3.0))])  # mended
    assert not model.failed_
    assert "broken" in model.named_estimators_


def test_screeners_of_dropped_members_go_too():
    members = MEMBERS["numbers"]
    screeners = {"tree": SelectKBest(lambda X, y: X.std(axis=0), k=3)}
    model = fitted("SuperLearnerRegressor", screeners=screeners)
    full, model = model, model.drop_members("tree")
    assert full.screeners is screeners
    X, y, new = DATA["numbers"]
    again = clone(model).fit(X, y)
    assert_array_equal(model.predict(new), again.predict(new))
    whole = fitted("SuperLearnerRegressor", members[1:])
    assert_array_equal(model.predict(new), whole.predict(new))


@pytest.mark.parametrize("how", ["drop_members", "compress"])
def test_outer_risk_is_not_that_of_another_ensemble(how):
    model = fitted("SuperLearnerRegressor", outer_cv=KFold(2))
    if how == "drop_members":
        left = model.drop_members("tree")
    else:
        left = model.compress(max_members=2)
    known = {"super learner", "discrete winner", *left.named_estimators_}
    assert set(getattr(left, "outer_risk_", pd.DataFrame()).index) <= known


# Compressing


@pytest.mark.parametrize("family", SPLIT)
def test_compressed_to_some_members(family):
    kind = kind_of(family)
    members = [*MEMBERS[kind], NEW[kind]]
    model = fitted(family, members)
    photo = photograph(model)
    small = model.compress(max_members=2)
    assert_unchanged(model, photo)
    table = small.compression_
    assert list(table) == ["left_out", "n_members", "latency", "score", "loss"]
    assert list(table["n_members"]) == [4, 3, 2]
    assert table["left_out"].isna().tolist() == [True, False, False]
    assert_allclose(table["loss"], table["score"][0] - table["score"], atol=1e-12)
    left = [m for m in members if m[0] not in list(table["left_out"])]
    assert [name for name, _ in small.estimators] == [name for name, _ in left]
    whole = fitted(family, left)
    assert_equal(small, whole, family)
    assert whole.leaderboard_["score"].iloc[-1] == pytest.approx(table["score"][2])


@pytest.mark.parametrize("family", ["StackingRegressor", "hard"])
def test_first_to_go_is_who_is_missed_least(family):
    kind = kind_of(family)
    members = [*MEMBERS[kind], NEW[kind]]
    table = fitted(family, members).compress(max_members=2).compression_
    scores = {
        name: fitted(family, [m for m in members if m[0] != name])
        .leaderboard_["score"]
        .iloc[-1]
        for name, _ in members
    }
    assert table["score"][1] == pytest.approx(max(scores.values()))
    assert scores[table["left_out"][1]] == pytest.approx(max(scores.values()))


def test_compressed_to_some_seconds():
    model = fitted("SuperLearnerRegressor")
    whole = model.compress(max_members=3).compression_["latency"][0]
    limit = 0.6 * whole
    small = model.compress(max_latency=limit)
    assert small.compression_["latency"].iloc[-1] <= limit
    assert (small.compression_["latency"].iloc[:-1] > limit).all()
    both = model.compress(max_latency=limit, max_members=1)
    assert both.compression_["n_members"].iloc[-1] == 1
    assert len(model.compress(max_latency=1e9).estimators) == 3


class Slow(Ridge):
    """Takes its time to predict."""

    wait = staticmethod(time.sleep)

    def predict(self, X):
        self.wait(0.2)
        return super().predict(X)


def test_a_good_member_may_be_too_slow(clock, monkeypatch):
    monkeypatch.setattr(Slow, "wait", clock.sleep)
    # The quick one is missed least, but nobody else is quick enough.
    members = [("good", Slow()), ("quick", DecisionTreeRegressor(max_depth=1))]
    model = fitted("SuperLearnerRegressor", members)
    small = model.compress(max_latency=2.0)
    assert [name for name, _ in small.estimators] == ["quick"]
    assert small.compression_["latency"].iloc[-1] <= 2.0


def test_compressed_to_whom_weight_is_given():
    X, y, new = DATA["numbers"]
    members, weights = MEMBERS["numbers"], [0, 1, 0]
    model = VotingRegressor(members, weights=weights, cv=3, random_state=0).fit(X, y)
    small = model.compress(max_members=1)
    assert [name for name, _ in small.estimators] == ["ridge"]
    assert_array_equal(small.predict(new), model.predict(new))
    assert list(model.weights) == weights


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "max_members, max_latency"), ({"max_members": 0}, "1 or more"),
     ({"max_members": 1.5}, "1 or more"), ({"max_latency": 0.0}, "fastest")],
)  # fmt: skip
def test_ensembles_that_cannot_be_compressed(options, message):
    model = fitted("SuperLearnerRegressor")
    with pytest.raises(ValueError, match=message):
        model.compress(**options)
