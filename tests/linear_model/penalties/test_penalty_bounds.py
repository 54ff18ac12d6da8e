"""Bounds of coefficients."""

import numpy as np
import pytest

from skensemble.linear_model.penalties import (
    L1,
    L2,
    MCP,
    Adaptive,
    Bounded,
    ElasticNetPenalty,
    GroupLasso,
    NonNegative,
    PenaltyColumns,
)

FRAME = PenaltyColumns(
    4,
    names=("age", "city_A", "city_B", "size"),
    groups=np.array([0, 1, 1, 2]),
    scale=np.array([2.0, 1.0, 0.5, 10.0]),
    sources=("age", "city", "city", "size"),
)


def test_bounds_are_in_the_units_of_the_data():
    form = Bounded("l1", lower=-1.0, upper=[1.0, 2.0, 3.0, np.inf]).bind(FRAME).form(4)
    np.testing.assert_array_equal(form.lower, [-2, -1, -0.5, -10])
    np.testing.assert_array_equal(form.upper, [2, 2, 1.5, np.inf])
    np.testing.assert_array_equal(form.l1, np.full(4, 0.001))
    # The bounded coefficient of the data is that of the design over its scale.
    far = Bounded(lower=-1.0).bind(FRAME).prox(np.full(4, -99.0), 1.0)
    np.testing.assert_array_equal(far / FRAME.scale, np.full(4, -1.0))


def test_bounds_by_name():
    plain = PenaltyColumns(4, names=FRAME.names, sources=FRAME.sources)
    form = Bounded(lower={"city": 0.0, "city_B": 1, 0: -5}).bind(plain).form(4)
    np.testing.assert_array_equal(form.lower, [-5, 0, 1, -np.inf])
    assert not np.isfinite(form.upper).any()
    assert form.bounded
    assert not Bounded().bind(plain).form(4).bounded


def test_nested_bounds_meet():
    inner = Bounded(L1(0.5), lower=-1.0, upper=[1.0, 2.0, 3.0, 4.0])
    both = Bounded(inner, lower=[-3, 0, 1, -1], upper=2.0).bind(FRAME)
    form = both.form(4)
    np.testing.assert_array_equal(form.lower / FRAME.scale, [-1, 0, 1, -1])
    np.testing.assert_array_equal(form.upper / FRAME.scale, [1, 2, 2, 2])
    assert not isinstance(both.penalty, Bounded)
    with pytest.raises(ValueError, match="lower=0 of NonNegative is above upper=-"):
        NonNegative(Bounded(upper=-1.0)).bind(FRAME)


def test_intervals_without_zero():
    penalty = Bounded(L1(0.5), lower=[1.0, -3.0], upper=[2.0, -2.0]).bind(
        PenaltyColumns(2)
    )
    np.testing.assert_array_equal(penalty.prox(np.zeros(2), 1.0), [1.0, -2.0])
    assert penalty.value(np.zeros(2)) == np.inf
    assert np.isinf(penalty.violation(np.zeros(2), np.zeros(2))).all()
    fixed = Bounded(lower=0.5, upper=0.5).bind(PenaltyColumns(1))
    assert fixed.violation(np.array([0.5]), np.array([-7.0])) == 0


def test_only_the_signs_allowed_count():
    gradient = np.array([-1.0, 4.0, -3.0])
    assert NonNegative(L1()).largest(gradient) == 3
    assert Bounded(L1(), upper=0.0).largest(gradient) == 4
    assert Bounded(L1(), lower=[-1, 0, -1], upper=[1, 1, 0]).largest(gradient) == 1
    assert Bounded(L1(), lower=0.0, upper=0.0).largest(gradient) == 0
    assert NonNegative("none").largest(gradient) == np.inf
    assert NonNegative("l2").largest(gradient) == np.inf


def test_a_bound_holds_to_rounding():
    lower = np.array([0.1])
    penalty = Bounded(L1(0.5), lower=lower)
    for dtype in (np.float32, np.float64):
        bound = lower.astype(dtype)
        for at in (np.nextafter(bound, dtype(0)), np.nextafter(bound, dtype(1))):
            assert np.isfinite(penalty.value(at))
            assert penalty.violation(at, np.ones(1, dtype)) == 0
        beyond = bound * dtype(1 - 1e-5)
        assert penalty.value(beyond) == np.inf
    assert NonNegative().value(np.array([-1e-300])) == np.inf


@pytest.mark.parametrize("inner", [MCP(), "scad", GroupLasso(), "sparse_group_lasso"])
@pytest.mark.parametrize("cls", [Bounded, NonNegative])
def test_refuses_penalties_that_cannot_be_clipped(cls, inner):
    says = "is a penalty of groups" if "roup" in str(inner) else "is not convex"
    says += r".*use one of \['adaptive', .*'elasticnet', 'l1', 'l2', .*'none'\]"
    for act in (lambda one: one.check(), lambda one: one.bind(FRAME)):
        with pytest.raises(ValueError, match=says):
            act(cls(inner))


@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ({"lower": 1.0, "upper": 0.0}, "lower=1 of Bounded is above upper=0"),
        ({"lower": {"size": 3}, "upper": 2}, "above upper=2 for column 'size'"),
        (
            {"lower": {"wage": 3}},
            r"lower of the penalty has unknown columns \['wage'\]",
        ),
        ({"upper": [1.0, 2.0]}, r"upper of the penalty has shape \(2,\)"),
        ({"upper": np.nan}, "upper of Bounded is nan"),
        ({"lower": np.inf}, "lower of Bounded is inf.*or -inf for no bound"),
        ({"lower": "little"}, "lower='little' of the penalty must be numbers"),
    ],
)
def test_refuses_bounds_in_words(bounds, says):
    with pytest.raises(ValueError, match=says):
        Bounded(**bounds).bind(FRAME)


def test_names_need_to_be_bound():
    with pytest.raises(ValueError, match=r"call bind\(columns\) first"):
        Bounded(lower={"age": 0.0}).prox(np.ones(4), 1.0)
    with pytest.raises(ValueError, match=r"call bind\(columns\) first"):
        L1(weights={"age": 0.0}).value(np.ones(4))
    with pytest.raises(ValueError, match=r"call bind\(columns\) first"):
        Bounded(L1(weights={"age": 0.0})).form(4)


def test_parts_given_by_name_have_parameters():
    penalty = Bounded("elasticnet").set_params(penalty__alpha=0.3, lower=-1.0)
    assert repr(penalty) == (
        "Bounded(penalty=ElasticNetPenalty(alpha=0.3), lower=-1.0)"
    )
    assert penalty.get_params()["penalty__alpha"] == 0.3
    assert penalty.with_alpha(2.0).penalty.alpha == 2.0
    adaptive = Adaptive().set_params(pilot__alpha=0.3)
    assert repr(adaptive.pilot) == "L2(alpha=0.3)"
    with pytest.raises(ValueError, match="no parameter 'bound'"):
        penalty.set_params(bound=3)


def test_nonnegative_is_bounded_at_zero():
    inner = ElasticNetPenalty(0.4)
    one, other = (
        penalty.bind(FRAME) for penalty in (NonNegative(inner), Bounded(inner, 0.0))
    )
    coef = np.array([-2.0, 0.1, 0.5, 3.0])
    np.testing.assert_array_equal(one.prox(coef, 0.5), other.prox(coef, 0.5))
    assert NonNegative(L2()).get_params(deep=False).keys() == {"penalty"}
    with pytest.raises(ValueError, match="no parameter 'lower'"):
        NonNegative().set_params(lower=-1)
