"""What holds parameters does it as scikit-learn's estimators do."""

import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from skensemble import GradientBoostingRegressor, Patience, WeakLearner
from skensemble.losses import Huber
from skensemble.optim import Cosine, WarmUp


def test_parameters_by_name_at_any_depth():
    rate = WarmUp(Cosine(0.3), steps=5)
    assert rate.get_params()["schedule__rate"] == 0.3
    assert rate.set_params(schedule__final=0.1, steps=2).schedule.final == 0.1
    model = GradientBoostingRegressor(learning_rate=rate, engine=WeakLearner(Ridge()))
    model.set_params(learning_rate__schedule__rate=0.5, engine__estimator__alpha=7.0)
    assert rate.schedule.rate == 0.5
    assert model.engine.estimator.alpha == 7.0


def test_clone_is_a_copy():
    loss = Huber(2.0)
    again = clone(loss)
    assert again is not loss
    assert repr(again) == "Huber(delta=2.0)"
    again.set_params(delta=3.0)
    assert loss.delta == 2.0


def test_unknown_names_are_refused():
    with pytest.raises(
        ValueError, match=r"Patience has no parameter 'round'.*'rounds'"
    ):
        Patience().set_params(round=3)
