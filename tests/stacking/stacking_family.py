"""Data and ensembles of every kind, shared by the tests of fitted ensembles."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
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
TIME = TimeSeriesSplit(3)
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
        "hard",  # the same models, with another response method
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
    assert [(c.member, c.split) for c in one.fits_] == [
        (c.member, c.split) for c in other.fits_
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


def photograph(model):
    return dict(model.__dict__), list(model.estimators)


def assert_unchanged(model, photo):
    now, members = photograph(model)
    assert now.keys() == photo[0].keys()
    changed = [key for key, value in now.items() if value is not photo[0][key]]
    assert not changed
    assert members == photo[1]
