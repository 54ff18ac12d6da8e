"""What is done with a fitted ensemble equals a fit from the start, and fits little."""

import pickle
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.datasets import load_wine, make_classification, make_regression
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import (
    BlendingClassifier,
    BlendingRegressor,
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
    StackingClassifier,
    StackingRegressor,
    SuperLearnerClassifier,
    SuperLearnerRegressor,
    VotingClassifier,
    VotingRegressor,
)
from skensemble.exceptions import MemberFailedWarning, StackedOverfitWarning

N = 120
WEIGHT = np.linspace(0.5, 2, N)


class Counting:
    """Writes a line a fit to a file."""

    def __init__(self, log="", k=0):
        self.log = log
        self.k = k

    def fit(self, X, y, sample_weight=None):
        with Path(self.log).open("a") as file:
            file.write("fit\n")
        self.centre_ = np.asarray(X)[:, self.k].mean()
        return self

    def _scores(self, X):
        return np.asarray(X)[:, self.k] - self.centre_


class CountingRegressor(Counting, RegressorMixin, BaseEstimator):
    """Predicts a feature, centred."""

    def predict(self, X):
        return self._scores(X)


class CountingClassifier(Counting, ClassifierMixin, BaseEstimator):
    """Leans to the last class where a feature is large."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return super().fit(X, y)

    def predict_proba(self, X):
        last = 1 / (1 + np.exp(-self._scores(X)))
        rest = len(self.classes_) - 1
        return np.column_stack([*[(1 - last) / rest] * rest, last])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Broken(RegressorMixin, BaseEstimator):
    """Fails on every fit."""

    def fit(self, X, y):
        raise OSError("out of luck")


def classes_of(n_classes):
    X, codes = make_classification(
        n_samples=N + 40, n_classes=n_classes, n_informative=4, n_features=6,
        flip_y=0.2, random_state=1,
    )  # fmt: skip
    return X, np.array(["pear", "fig", "apple"])[codes]


XC, YC = classes_of(3)
X2, Y2 = classes_of(2)
XR, YR = make_regression(n_samples=N + 40, n_features=6, noise=50, random_state=0)
DATA = {
    "classes": (XC[:N], YC[:N], XC[N:]),
    "two classes": (X2[:N], Y2[:N], X2[N:]),
    "numbers": (XR[:N], YR[:N], XR[N:]),
}
# Trees with open seeds: names, not the order of fits, are to seed them.
MEMBERS = {
    "classes": [
        ("tree", DecisionTreeClassifier(max_depth=3, max_features=2)),
        ("bayes", GaussianNB()),
        ("near", KNeighborsClassifier(9)),
    ],
    "numbers": [
        ("tree", DecisionTreeRegressor(max_depth=3, max_features=2)),
        ("ridge", Ridge()),
        ("near", KNeighborsRegressor(5)),
    ],
}
NEW = {
    "classes": ("trees", ExtraTreesClassifier(4, max_depth=3)),
    "numbers": ("trees", ExtraTreesRegressor(4, max_depth=3)),
}
CV = {
    "classes": StratifiedKFold(2, shuffle=True),
    "numbers": KFold(2, shuffle=True),
}
SEEDED = {"random_state": 0}
FINAL = LogisticRegression(solver="newton-cholesky")
FAMILY = {
    "StackingClassifier": lambda m, cv, **o: StackingClassifier(
        m, FINAL, cv=cv, **SEEDED, **o
    ),
    "StackingRegressor": lambda m, cv, **o: StackingRegressor(m, cv=cv, **SEEDED, **o),
    "BlendingClassifier": lambda m, cv, **o: BlendingClassifier(
        m, FINAL, validation_fraction=0.4, **SEEDED, **o
    ),
    "BlendingRegressor": lambda m, cv, **o: BlendingRegressor(
        m, validation_fraction=0.4, **SEEDED, **o
    ),
    "SuperLearnerClassifier": lambda m, cv, **o: SuperLearnerClassifier(
        m, cv=cv, **SEEDED, **o
    ),
    "SuperLearnerRegressor": lambda m, cv, **o: SuperLearnerRegressor(
        m, cv=cv, **SEEDED, **o
    ),
    "EnsembleSelectionClassifier": lambda m, cv, **o: EnsembleSelectionClassifier(
        m, max_steps=8, cv=cv, **SEEDED, **o
    ),
    "EnsembleSelectionRegressor": lambda m, cv, **o: EnsembleSelectionRegressor(
        m, max_steps=8, cv=cv, **SEEDED, **o
    ),
    "VotingClassifier": lambda m, cv, **o: VotingClassifier(
        m, voting="soft", weights="cv", cv=cv, **SEEDED, **o
    ),
    "hard": lambda m, cv, **o: VotingClassifier(m, weights="cv", cv=cv, **SEEDED, **o),
    "VotingRegressor": lambda m, cv, **o: VotingRegressor(
        m, weights="cv", cv=cv, **SEEDED, **o
    ),
    "unsplit Classifier": lambda m, cv, **o: VotingClassifier(
        m, voting="soft", **SEEDED, **o
    ),
    "unsplit Regressor": lambda m, cv, **o: VotingRegressor(m, **SEEDED, **o),
}
SPLIT = [name for name in FAMILY if not name.startswith("unsplit")]
CHAIN = {
    "classes": [
        "StackingClassifier",
        "SuperLearnerClassifier",
        "EnsembleSelectionClassifier",
        "VotingClassifier",
        "hard",  # the same models, asked otherwise
    ],
    "numbers": [
        "StackingRegressor",
        "SuperLearnerRegressor",
        "EnsembleSelectionRegressor",
        "VotingRegressor",
    ],
}


def kind_of(family):
    return "classes" if "Classifier" in family or family == "hard" else "numbers"


def built(family, members=None, cv=None, **options):
    kind = kind_of(family)
    members = MEMBERS[kind] if members is None else members
    return FAMILY[family](members, CV[kind] if cv is None else cv, **options)


def fitted(family, members=None, cv=None, weight=None, **options):
    X, y, _ = DATA[kind_of(family)]
    model = built(family, members, cv, **options)
    return model.fit(X, y) if weight is None else model.fit(X, y, sample_weight=weight)


def without_near(kind):
    return [member for member in MEMBERS[kind] if member[0] != "near"]


def says(model, X):
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return getattr(model, method)(X)


def assert_equal(one, other, family):
    """Bit for bit, out of fold and for new rows, and in every table."""
    new = DATA[kind_of(family)][2]
    assert_array_equal(says(one, new), says(other, new))
    assert_array_equal(one.transform(new), other.transform(new))
    assert list(one.get_feature_names_out()) == list(other.get_feature_names_out())
    assert list(one.named_estimators_) == list(other.named_estimators_)
    assert [(c.member, c.split) for c in one.cells_] == [
        (c.member, c.split) for c in other.cells_
    ]
    assert one.failed_.keys() == other.failed_.keys()
    assert one.get_params().keys() == other.get_params().keys()
    assert hasattr(one, "oof_") == hasattr(other, "oof_")
    if hasattr(one, "oof_"):
        assert_array_equal(one.oof_.values, other.oof_.values)
        assert_array_equal(one.ensemble_oof_, other.ensemble_oof_)
        scores = ["score", "score_std"]
        assert_frame_equal(one.leaderboard_[scores], other.leaderboard_[scores])
        assert_frame_equal(one.diversity_, other.diversity_)
    for name in ("weights_", "cv_risk_", "path_", "outer_risk_"):
        assert hasattr(one, name) == hasattr(other, name), name
        if hasattr(one, name):
            left, right = (pd.DataFrame(getattr(m, name)) for m in (one, other))
            assert_frame_equal(left, right, check_exact=True)


def fits(log):
    return len(log.read_text().splitlines()) if log.exists() else 0


def counted(kind, log, k=0):
    one = CountingClassifier if kind == "classes" else CountingRegressor
    return one(str(log), k)


# The store


@pytest.mark.parametrize("kind", CHAIN)
def test_one_store_serves_the_family(kind, tmp_path):
    log, memory = tmp_path / "log", str(tmp_path / "store")
    members = [*without_near(kind), ("counted", counted(kind, log))]
    X, y, _ = DATA[kind]
    for place, family in enumerate(CHAIN[kind]):
        model = built(family, members, memory=memory).fit(X, y)
        assert fits(log) == 3  # two splits and all rows, once and never again
        assert {cell.cached for cell in model.cells_} == {place > 0}
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
def test_what_is_fitted_again(changed, new_fits, tmp_path):
    log = tmp_path / "log"
    members = [("ridge", Ridge()), ("counted", counted("numbers", log))]
    model = fitted("StackingRegressor", members, memory=str(tmp_path))
    assert fits(log) == 3
    X, y, _ = DATA["numbers"]
    other = clone(model).set_params(**changed).fit(X, y)
    assert fits(log) == 3 + new_fits
    cached = [cell.cached for cell in other.cells_ if cell.member == "counted"]
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
        all(cell.cached for cell in search.best_estimator_.fit(X, y).cells_) == memory
    )


# Adding members


def check_added(family, weight, log, memory):
    kind = kind_of(family)
    first = [*without_near(kind), ("counted", counted(kind, log))]
    model = fitted(family, first, weight=weight, memory=memory)
    before = fits(log)
    added = [NEW[kind], ("second", counted(kind, log, 1))]
    assert model.add_members(added) is model
    own = [cell for cell in model.cells_ if cell.member == "second"]
    assert fits(log) == before + len(own)
    whole = fitted(family, [*first, *added], weight=weight, memory=memory)
    assert_equal(model, whole, family)
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
    model.add_members([NEW[kind]], X, y, sample_weight=WEIGHT)
    whole = fitted(family, [*members, NEW[kind]], weight=WEIGHT)
    assert_equal(model, whole, family)


TIME = TimeSeriesSplit(3)


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
    model.add_members([NEW[kind]])
    assert_equal(model, fitted(family, [*members, NEW[kind]], **options), family)
    if "outer_cv" in options:  # measured by fits of the whole, which is no more
        assert not hasattr(model.drop_members("tree"), "outer_risk_")
        return
    model.drop_members("tree")
    left = [members[1], NEW[kind]]
    assert_equal(model, fitted(family, left, **options), family)


def test_prefit_members_are_added():
    X, y, new = DATA["numbers"]
    ready = [(name, clone(m).fit(X[:60], y[:60])) for name, m in MEMBERS["numbers"]]
    options = {"cv": "prefit", "final_estimator": LinearRegression()}
    model = StackingRegressor(ready[:2], **options).fit(X[60:], y[60:])
    model.add_members(ready[2:])
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
    model.set_params(weights=[1, 2, 3]).add_members([NEW["numbers"]])
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


def photograph(model):
    return dict(model.__dict__), list(model.estimators)


def assert_unchanged(model, photo):
    now, members = photograph(model)
    assert now.keys() == photo[0].keys()
    changed = [key for key, value in now.items() if value is not photo[0][key]]
    assert not changed
    assert members == photo[1]


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("refit", [True, False])
def test_what_cannot_be_added(why, refit):
    given, told = REFUSED[why]
    params = given[3] if len(given) > 3 else {}
    model = fitted("StackingRegressor", without_near("numbers"), refit=refit)
    photo = photograph(model)
    with pytest.raises((ValueError, OSError), match=told):
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
    assert model.drop_members("tree") is model
    assert_equal(model, fitted(family, members[1:], weight=WEIGHT), family)
    model.drop_members([members[1][0]])
    assert_equal(model, fitted(family, members[2:], weight=WEIGHT), family)
    # Back again: in another place, but the same.
    model.add_members(members[:1])
    assert_equal(model, fitted(family, [members[2], members[0]], weight=WEIGHT), family)


@pytest.mark.parametrize("family", FAMILY)
def test_dropped_after_a_pickle(family):
    kind = kind_of(family)
    members = MEMBERS[kind]
    model = pickle.loads(pickle.dumps(fitted(family, members)))
    model.drop_members(["near", "tree"])
    assert_equal(model, fitted(family, [members[1]]), family)


@pytest.mark.parametrize(
    ("names", "told"),
    [("nobody", "no members"), (["tree", "nobody"], "nobody"),
     (["tree", "ridge"], "leave no member")],
)  # fmt: skip
def test_who_cannot_be_dropped(names, told):
    model = fitted("SuperLearnerRegressor", without_near("numbers"))
    photo = photograph(model)
    with pytest.raises(ValueError, match=told):
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
    model.drop_members("ridge")
    whole = VotingRegressor([members[0], members[2]], weights=[1, 3], **options)
    assert_array_equal(model.predict(new), whole.fit(X, y).predict(new))
    assert list(model.weights) == [1, 3]


def test_members_that_failed_are_forgotten_when_dropped():
    members = [*without_near("numbers"), ("broken", Broken())]
    with pytest.warns(MemberFailedWarning, match="broken"):
        model = fitted("StackingRegressor", members, on_error="drop")
    model.drop_members("broken")
    whole = fitted("StackingRegressor", members[:2], on_error="drop")
    assert_equal(model, whole, "StackingRegressor")
    model.add_members([("broken", Ridge(3.0))])  # mended
    assert not model.failed_
    assert "broken" in model.named_estimators_


def test_screeners_of_dropped_members_go_too():
    members = MEMBERS["numbers"]
    screeners = {"tree": SelectKBest(lambda X, y: X.std(axis=0), k=3)}
    model = fitted("SuperLearnerRegressor", screeners=screeners)
    model.drop_members("tree")
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
    ("options", "told"),
    [({}, "max_members, max_latency"), ({"max_members": 0}, "1 or more"),
     ({"max_members": 1.5}, "1 or more"), ({"max_latency": 0.0}, "quickest")],
)  # fmt: skip
def test_what_cannot_be_compressed(options, told):
    model = fitted("SuperLearnerRegressor")
    with pytest.raises(ValueError, match=told):
        model.compress(**options)


# Importance and diversity


class Noise(RegressorMixin, BaseEstimator):
    """Predicts what has nothing to do with the target."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.sin(1e4 * X[:, 0])


WORTH = [("noise", Noise()), ("ridge", Ridge(0.1)), ("stump", DecisionTreeRegressor(max_depth=1))]  # fmt: skip


@pytest.mark.parametrize("kind", ["drop", "permutation"])
@pytest.mark.parametrize(
    "family",
    ["StackingRegressor", "SuperLearnerRegressor", "EnsembleSelectionRegressor"],
)
def test_importance_finds_the_useful_member(family, kind):
    model = fitted(family, WORTH)
    found = model.member_importance(kind, random_state=0)
    assert found.index.name == "member"
    assert found.name == kind
    assert list(found.index[:1]) == ["ridge"]
    assert found["ridge"] > 0.1
    assert abs(found["noise"]) < found["ridge"] / 10
    assert found.is_monotonic_decreasing
    again = model.member_importance(kind, random_state=0)
    assert_array_equal(found, again)


@pytest.mark.parametrize("family", SPLIT)
def test_importance_is_the_fall_of_the_score(family):
    members = MEMBERS[kind_of(family)]
    model = fitted(family, members)
    found = model.member_importance()
    whole = model.leaderboard_["score"].iloc[-1]
    for name, _ in members:
        rest = fitted(family, [m for m in members if m[0] != name])
        fall = whole - rest.leaderboard_["score"].iloc[-1]
        assert found[name] == pytest.approx(fall, abs=1e-12)


def test_shuffling_whom_nobody_hears_costs_nothing():
    model = fitted("SuperLearnerRegressor", WORTH, solver="discrete")
    found = model.member_importance("permutation", random_state=0)
    assert_allclose(found[["noise", "stump"]], 0, atol=1e-12)


def test_importance_of_one_member_and_of_no_kind():
    model = fitted("SuperLearnerRegressor", WORTH[1:2])
    assert np.isnan(model.member_importance()["ridge"])
    assert model.member_importance("permutation", random_state=0)["ridge"] > 0.1
    with pytest.raises(ValueError, match="kind='shap'"):
        model.member_importance("shap")


def test_diversity_of_numbers_by_hand():
    model = fitted("SuperLearnerRegressor", cv=TIME)
    rows = model.oof_.covered
    table = model.diversity_
    for first, second in [("tree", "ridge"), ("tree", "near"), ("ridge", "near")]:
        left, right = (
            model.oof_[n][rows] - DATA["numbers"][1][rows] for n in (first, second)
        )
        expected = np.corrcoef(left, right)[0, 1]
        found = table.loc[(first, second), "error_correlation"]
        assert found == pytest.approx(expected)
    assert len(table) == 3


def test_diversity_of_classes_by_hand():
    model = fitted("StackingClassifier")
    y = DATA["classes"][1]
    right = {
        name: model.classes_[model.oof_[name].argmax(axis=1)] == y
        for name in model.oof_
    }
    for (first, second), row in model.diversity_.iterrows():
        a, b = right[first], right[second]
        n11, n00 = (a & b).sum(), (~a & ~b).sum()
        n10, n01 = (a & ~b).sum(), (~a & b).sum()
        q = (n11 * n00 - n01 * n10) / (n11 * n00 + n01 * n10)
        assert row["q_statistic"] == pytest.approx(q)
        assert row["disagreement"] == pytest.approx((n10 + n01) / N)
        assert row["double_fault"] == pytest.approx(n00 / N)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.diversity_,
        lambda model: model.member_importance(),
        lambda model: model.to_frame(),
        lambda model: model.compress(max_members=1),
    ],
)
def test_without_splits_nothing_is_known_out_of_fold(ask):
    model = fitted("unsplit Regressor")
    with pytest.raises(AttributeError, match="give it a cv"):
        ask(model)


# Predictions as tables

EXPORTS = {
    "two classes": (
        lambda cv: StackingClassifier(MEMBERS["classes"], FINAL, cv=cv, **SEEDED),
        ["prediction"],
    ),
    "classes": (
        lambda cv: SuperLearnerClassifier(MEMBERS["classes"], cv=cv, **SEEDED),
        ["apple", "fig", "pear"],
    ),
    "numbers": (
        lambda cv: EnsembleSelectionRegressor(MEMBERS["numbers"], cv=cv, **SEEDED),
        ["prediction"],
    ),
    "votes": (
        lambda cv: VotingClassifier(MEMBERS["classes"], cv=cv, **SEEDED),
        ["prediction"],
    ),
}
READERS = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


def expected_of(model, which, block):
    if which == "two classes":
        return block[:, 1:]
    return block.reshape(len(block), -1)


@pytest.mark.parametrize("in_time", [False, True])
@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("which", EXPORTS)
def test_exported_predictions(which, suffix, in_time, tmp_path):
    build, columns = EXPORTS[which]
    X, y, new = DATA["classes" if which == "votes" else which]
    index = pd.Index([f"r{k}" for k in range(len(X))], name="row")
    frame = pd.DataFrame(X, index=index).add_prefix("x")
    asked = pd.DataFrame(new).add_prefix("x")
    model = build(TIME if in_time else 3).fit(frame, y)
    path = tmp_path / f"oof{suffix}"
    assert model.save_predictions(path) == path
    table = READERS[suffix](path)
    assert list(table) == ["row", *columns]
    assert list(table["row"]) == list(index)
    silent = ~np.isfinite(model.ensemble_oof_.reshape(N, -1)).all(axis=1)
    assert silent.any() == in_time
    said = table[columns]
    assert_array_equal(
        said.isna().to_numpy(), np.repeat(silent[:, None], said.shape[1], 1)
    )
    if which == "votes":
        codes = model.ensemble_oof_[~silent].astype(int)
        assert_array_equal(said[~silent].to_numpy()[:, 0], model.classes_[codes])
    else:
        expected = expected_of(model, which, model.ensemble_oof_)
        assert_allclose(said.astype(float), expected, rtol=1e-12)
    path = model.save_predictions(tmp_path / f"new{suffix}", asked, id_column="id")
    table = READERS[suffix](path)
    assert list(table) == ["id", *columns]
    assert list(table["id"]) == list(range(len(new)))
    if which == "votes":
        assert_array_equal(table["prediction"], model.predict(asked))
    else:
        expected = expected_of(model, which, says(model, asked))
        assert_allclose(table[columns], expected, rtol=1e-12)


def test_votes_of_whole_numbers_stay_whole():
    X, y, new = DATA["classes"]
    codes = np.unique(y, return_inverse=True)[1] + 5
    model = VotingClassifier(MEMBERS["classes"], cv=3, **SEEDED).fit(X, codes)
    for frame in (model.to_frame(), model.to_frame(new)):
        assert frame["prediction"].dtype.kind == "i"
        assert set(frame["prediction"]) <= {5, 6, 7}


def test_names_of_columns_and_rows():
    model = fitted("StackingRegressor")
    new = DATA["numbers"][2]
    assert list(model.to_frame(new)) == ["prediction"]
    table = model.to_frame(new, index=np.arange(40) + 100, target="price")
    assert list(table) == ["id", "price"]
    assert list(table["id"]) == list(range(100, 140))
    assert list(model.to_frame(id_column="row")["row"]) == list(range(N))


# Pickles, clones and parameters


@pytest.mark.parametrize("family", FAMILY)
def test_pickle_and_clone(family):
    model = fitted(family, without_near(kind_of(family)), weight=WEIGHT)
    again = pickle.loads(pickle.dumps(model))
    assert_equal(again, model, family)
    assert not [
        key for key, value in again.__dict__.items() if "training" in key and value
    ]
    empty = clone(model)
    assert not hasattr(empty, "estimators_")
    assert repr(empty.get_params()) == repr(model.get_params())
    X, y, _ = DATA[kind_of(family)]
    assert_equal(empty.fit(X, y, sample_weight=WEIGHT), model, family)


@pytest.mark.parametrize("family", SPLIT)
def test_asked_after_a_pickle(family):
    model = fitted(family)
    again = pickle.loads(pickle.dumps(model))
    assert_frame_equal(again.to_frame(), model.to_frame())
    assert_array_equal(again.member_importance(), model.member_importance())
    assert_frame_equal(again.diversity_, model.diversity_)
    small, other = (m.compress(max_members=2) for m in (again, model))
    assert_equal(small, other, family)


def layered(alpha=1.0, top=2.0):
    return StackingRegressor(
        without_near("numbers"),
        layers=[
            [("upper", Ridge(alpha)), ("tree2", DecisionTreeRegressor(max_depth=2))],
            [("top", Ridge(top))],
        ],
        cv=CV["numbers"],
        random_state=0,
    )


def test_parameters_of_upper_layers():
    X, y, new = DATA["numbers"]
    model = layered()
    assert model.get_params()["upper__alpha"] == 1.0
    model.set_params(upper__alpha=30.0, top__alpha=9.0)
    expected = layered(30.0, 9.0).fit(X, y).predict(new)
    assert_array_equal(model.fit(X, y).predict(new), expected)
    whole = layered().set_params(upper=Ridge(30.0), top=Ridge(9.0))
    assert_array_equal(whole.fit(X, y).predict(new), expected)
    fewer = layered().set_params(tree2="drop", top="drop").fit(X, y)
    assert list(fewer.oof_) == ["tree", "ridge", "upper"]
    with pytest.raises(ValueError, match="nobody"):
        layered().set_params(nobody__alpha=1.0)


def test_clones_do_not_share_upper_layers():
    model = layered()
    other = clone(model).set_params(upper__alpha=7.0)
    assert model.get_params()["upper__alpha"] == 1.0
    assert other.get_params()["upper__alpha"] == 7.0


def test_search_over_upper_layers():
    X, y, _ = DATA["numbers"]
    grid = {"upper__alpha": [0.1, 1000.0], "ridge__alpha": [1.0]}
    search = GridSearchCV(layered(), grid, cv=2).fit(X, y)
    alpha = search.best_params_["upper__alpha"]
    assert search.best_estimator_.named_estimators_["upper"].alpha == alpha


def test_a_stack_is_judged_by_what_it_was_fitted_with(tmp_path):
    X, y = load_wine(return_X_y=True)
    final = LogisticRegression(C=0.01)
    members = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
    stack = StackingClassifier(members, final, random_state=0).fit(X, y)
    at_once = pickle.loads(pickle.dumps(stack)).leaderboard_

    later = pickle.loads(pickle.dumps(stack))
    final.set_params(C=100.0)
    stack.set_params(final_estimator__C=100.0, scoring="neg_log_loss", cv=2)
    later.set_params(final_estimator=LogisticRegression(C=100.0))

    assert_frame_equal(stack.leaderboard_, at_once)
    assert_frame_equal(later.leaderboard_, at_once)
    assert_array_equal(stack.ensemble_oof_, later.ensemble_oof_)


def test_asking_for_the_leaderboard_fits_only_the_meta_model(monkeypatch):
    X, y = load_wine(return_X_y=True)
    members = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
    stack = StackingClassifier(members, cv=4, random_state=0).fit(X, y)
    fits = []
    plain = LogisticRegression.fit
    monkeypatch.setattr(
        LogisticRegression, "fit", lambda *args: fits.append(args) or plain(*args)
    )
    for member in (DecisionTreeClassifier, GaussianNB):
        monkeypatch.delattr(member, "fit")

    first, again = stack.leaderboard_, stack.leaderboard_

    assert first is again
    assert len(fits) == 4


def test_a_vote_that_kept_nothing_out_says_how_to_get_a_leaderboard():
    X, y = load_wine(return_X_y=True)
    vote = VotingClassifier([("bayes", GaussianNB())]).fit(X, y)

    for name in ("leaderboard_", "ensemble_oof_"):
        with pytest.raises(AttributeError, match="give it a cv"):
            getattr(vote, name)
    with pytest.raises(AttributeError, match="not fitted"):
        StackingClassifier([("bayes", GaussianNB())]).leaderboard_  # noqa: B018
