"""The adaptive lasso: factors of a first fit."""

import numpy as np
import pytest

from skensemble.linear_model.penalties import (
    L1,
    L2,
    Adaptive,
    Bounded,
    ElasticNetPenalty,
    NonNegative,
    NoPenalty,
    PenaltyColumns,
)


class Pilot:
    """A first fit that counts its calls."""

    def __init__(self, coef):
        self.coef = np.asarray(coef)
        self.penalties = []

    def __call__(self, penalty):
        self.penalties.append(penalty)
        return self.coef

    def columns(self):
        return PenaltyColumns(len(self.coef), pilot=self)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_factors_are_powers_of_the_first_fit(gamma):
    pilot = Pilot([2.0, -0.5, 0.1])
    found = Adaptive(0.3, gamma).bind(pilot.columns())
    assert type(found) is L1
    assert found.alpha == 0.3
    np.testing.assert_allclose(found.weights, np.array([2, 0.5, 0.1]) ** -gamma)
    assert [repr(one) for one in pilot.penalties] == [repr(L2())]


def test_several_outputs_share_a_factor():
    pilot = Pilot([[3.0, -4.0], [0.0, 0.5]])
    found = Adaptive(0.3, pilot="none", l1_ratio=0.5).bind(pilot.columns())
    assert type(found) is ElasticNetPenalty
    assert found.l1_ratio == 0.5
    np.testing.assert_allclose(found.weights, [0.2, 2.0])
    assert isinstance(pilot.penalties[0], NoPenalty)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 10.0])
def test_columns_left_out_first_stay_out(unit, gamma):
    pilot = Pilot(np.array([0.0, 2.0, 1e-30, 1.0]) * unit)
    weights = Adaptive(0.3, gamma).bind(pilot.columns()).weights
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights[[0, 2]] / weights[1], 1e6)
    np.testing.assert_allclose(weights[3] / weights[1], 2**gamma)


def test_an_empty_first_fit_does_not_warn():
    found = Adaptive(0.3).bind(Pilot(np.zeros(3)).columns())
    np.testing.assert_array_equal(found.weights, np.ones(3))


def test_bounds_around_it_are_of_the_penalty_found():
    pilot = Pilot([2.0, -0.5])
    found = NonNegative(Adaptive(0.3)).bind(pilot.columns())
    assert type(found.penalty) is L1
    assert len(pilot.penalties) == 1
    found = found.with_alpha(0.1).with_alpha(0.6)
    np.testing.assert_allclose(found.prox(np.array([2.0, -9.0]), 1.0), [1.7, 0.0])
    assert len(pilot.penalties) == 1


def test_refuses_in_words():
    with pytest.raises(ValueError, match="needs a first fit for its factors"):
        Adaptive().bind(PenaltyColumns(3))
    for pilot in (Adaptive(), "adaptive"):
        with pytest.raises(ValueError, match=r"pilot=.* needs a first fit itself"):
            Adaptive(pilot=pilot).check()
    with pytest.raises(ValueError, match="penalty='ridge' is not known"):
        Adaptive(pilot="ridge").check()
    with pytest.raises(ValueError, match="alpha=-1 of L2"):
        Adaptive(pilot=L2(-1)).check()
    with pytest.raises(NotImplementedError, match="Adaptive does not define prox"):
        Adaptive().prox(np.ones(3), 1.0)
    assert Bounded(Adaptive()).form(3) is None
