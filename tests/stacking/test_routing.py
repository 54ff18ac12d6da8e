"""Metadata routing, the splitter included."""

import numpy as np
import pytest
import sklearn
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import StackingRegressor

X = np.random.default_rng(0).normal(size=(60, 3))
y = X.sum(axis=1)
GROUPS = np.arange(60) % 6


def test_groups_and_weights_are_routed():
    weight = np.linspace(0.1, 2, 60)
    with sklearn.config_context(enable_metadata_routing=True):
        member = Ridge().set_fit_request(sample_weight=True)
        stack = StackingRegressor([("r", member)], cv=GroupKFold(3))
        stack.fit(X, y, groups=GROUPS, sample_weight=weight)
    for fold_fit in stack.fits_:
        if fold_fit.train is not None:
            assert not set(GROUPS[fold_fit.train]) & set(GROUPS[fold_fit.test])
    alone = Ridge().fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(stack.estimators_[0].coef_, alone.coef_)


def test_a_member_is_named():
    weight = np.linspace(0.1, 2, 60)
    pipe = make_pipeline(StandardScaler(), Ridge())
    stack = StackingRegressor([("a", pipe), ("b", Ridge())])
    stack.fit(X, y, a__ridge__sample_weight=weight)
    alone = make_pipeline(StandardScaler(), Ridge()).fit(
        X, y, ridge__sample_weight=weight
    )
    np.testing.assert_allclose(stack.estimators_[0].predict(X), alone.predict(X))
    np.testing.assert_allclose(stack.estimators_[1].coef_, Ridge().fit(X, y).coef_)


def test_no_member_is_named():
    with pytest.raises(ValueError, match=r"\[c__x, colour\] passed"):
        StackingRegressor([("a", Ridge())]).fit(X, y, colour="red", c__x=1)


def test_weights_of_a_wrong_length():
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3,\)"):
        StackingRegressor([("a", Ridge())]).fit(X, y, sample_weight=[1, 2, 3])


def test_groups_of_a_wrong_length():
    with pytest.raises(ValueError, match=r"groups has shape \(3,\)"):
        StackingRegressor([("a", Ridge())], cv=GroupKFold(3)).fit(
            X, y, groups=[1, 2, 3]
        )


def test_routing_without_parameters():
    with sklearn.config_context(enable_metadata_routing=True):
        stack = StackingRegressor([("a", Ridge())]).fit(X, y)
        with pytest.raises(ValueError, match="needs groups"):
            stack.set_params(cv=GroupKFold(3)).fit(X, y)
    assert len(stack.fits_) == 6
