"""Numbers of each penalty against its formula, written out again."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from skensemble.linear_model.penalties import (
    L1,
    L2,
    MCP,
    SCAD,
    ElasticNetPenalty,
    GroupLasso,
    NoPenalty,
    PenaltyColumns,
    SparseGroupLasso,
)

W = np.array([1.5, -0.2, 0.0, -4.0])
V = np.array([1.0, 2.0, 3.0, 0.5])


def test_l1_ratios():
    l1, l2 = V @ np.abs(W), V @ W**2 / 2
    assert NoPenalty().value(W) == 0
    assert L1(0.3, V).value(W) == pytest.approx(0.3 * l1)
    assert L2(0.3, V).value(W) == pytest.approx(0.3 * l2)
    found = ElasticNetPenalty(0.3, 0.25, V).value(W)
    assert found == pytest.approx(0.3 * (0.25 * l1 + 0.75 * l2))
    assert L1(0.3).value(np.column_stack([W, W])) == pytest.approx(0.6 * abs(W).sum())
    assert L1(1e-3).largest(np.array([0.5, -2.0])) == 2.0
    assert ElasticNetPenalty(0.0, 0.5).largest(np.array([0.5, -2.0])) == 4.0


def test_thresholds_give_exact_zeros_without_a_sign():
    found = L1(0.5).prox(np.array([-0.5, -0.1, 0.5]), 1.0)
    assert not found.any()
    assert not np.signbit(found).any()


@pytest.mark.parametrize("t", [0.3, 1.0])
def test_concave_values_are_integrals_of_their_slopes(t):
    def mcp(x):
        return max(t - x / 3, 0)

    def scad(x):
        return t if x <= t else max(3.7 * t - x, 0) / 2.7

    for penalty, slope in ((MCP(t), mcp), (SCAD(t), scad)):
        for w in (0.1, 0.5, 0.9, 2.0, 7.0):
            whole = quad(slope, 0, w, points=[t, 3 * t, 3.7 * t])[0]
            assert penalty.value(np.array([-w])) == pytest.approx(whole, rel=1e-6)
            reported = penalty.violation(np.array([-w]), np.zeros(1))
            assert reported[0] == pytest.approx(slope(w), abs=1e-12)


@pytest.mark.parametrize("penalty", [MCP(1.0, gamma=2.0), SCAD(1.0, gamma=2.5)])
@pytest.mark.parametrize("step", [0.5, 1.4, 1.5, 2.0, 3.0, 3.5, 4.0, 20.0])
def test_concave_prox_is_the_global_minimum(penalty, step):
    # The line of all z within the axis of all c; steps on both sides of convexity.
    z = np.linspace(0, 12, 4001)
    paid = np.array([penalty.value(one) for one in z[:, None]])
    for c in np.linspace(0, 12, 61):
        best = ((z - c) ** 2 / (2 * step) + paid).min()
        found = penalty.prox(np.array([c, -c]), step)
        mine = (found[0] - c) ** 2 / (2 * step) + penalty.value(found[:1])
        assert best - 1e-5 <= mine <= best + 1e-12
        assert found[1] == -found[0]


@pytest.mark.parametrize(("kind", "least"), [(MCP, 1), (SCAD, 2)])
def test_concave_prox_holds_where_the_objective_is_flat(kind, least):
    rng = np.random.default_rng(0)
    for gamma, t in zip(
        rng.uniform(1, 4, 300) + least, rng.uniform(0.1, 3, 300), strict=True
    ):
        # One rounding below the step at which the bend is gone.
        penalty, step = kind(t, gamma), np.nextafter(gamma - least + 1, 0)
        for c in gamma * t * (1 - np.arange(3) * 1.1e-16):
            found = penalty.prox(np.array([c]), step)
            assert 0 <= found[0] <= c
            paid = (found[0] - c) ** 2 / (2 * step) + penalty.value(found)
            assert paid == pytest.approx(penalty.value(np.array([c])), rel=1e-12)


def test_concave_prox_takes_a_step_for_each_column():
    coef, steps = np.full(5, 2.2), np.array([0.2, 0.9, 1.5, 3.0, 30.0])
    for penalty in (MCP(1.0, gamma=2.0), SCAD(1.0, gamma=2.5)):
        each = [penalty.prox(coef[:1], step)[0] for step in steps]
        np.testing.assert_array_equal(penalty.prox(coef, steps), each)


def test_groups():
    columns, groups, v = PenaltyColumns(4), [[0, 3], [1, 2]], [2.0, 0.5]
    first, second = np.hypot(1.5, 4) * np.sqrt(2), 0.2 * np.sqrt(2)
    found = GroupLasso(0.3, groups, v)
    assert found.bind(columns).value(W) == pytest.approx(
        0.3 * (2 * first + 0.5 * second)
    )
    l1 = 2 * 5.5 + 0.5 * 0.2
    found = SparseGroupLasso(0.3, 0.25, groups, v)
    both = 0.25 * l1 + 0.75 * (2 * first + 0.5 * second)
    assert found.bind(columns).value(W) == pytest.approx(0.3 * both)
    # Over all outputs; the size is that of the columns.
    twice = GroupLasso(1.0, groups).bind(columns).value(np.column_stack([W, W]))
    assert twice == pytest.approx(np.sqrt(2) * (first + second))


def test_mixture_of_groups_ends_in_its_parts():
    rng = np.random.default_rng(0)
    coef, labels = rng.normal(size=(8, 2)), [0, 1, 0, 1, 1, 2, 2, 2]
    for ratio, other in ((0.0, GroupLasso(0.4, labels)), (1.0, L1(0.4))):
        mixture = SparseGroupLasso(0.4, ratio, labels)
        assert mixture.value(coef) == pytest.approx(other.value(coef))
        np.testing.assert_allclose(mixture.prox(coef, 0.7), other.prox(coef, 0.7))
        assert mixture.largest(coef) == pytest.approx(other.largest(coef), rel=1e-14)


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.95])
def test_largest_of_a_mixture_of_groups_is_the_root(ratio):
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), [1, 3, 7, 20])
    gradient = rng.normal(size=len(labels)) * np.repeat([1, 3, 0.01, 2], [1, 3, 7, 20])
    roots = []
    for label in range(4):
        g = np.abs(gradient[labels == label])

        def excess(alpha, g=g):
            left = np.linalg.norm(np.maximum(g - alpha * ratio, 0))
            return left - alpha * (1 - ratio) * np.sqrt(len(g))

        roots.append(brentq(excess, 0, g.max() / ratio + 1, xtol=1e-15, rtol=1e-14))
    found = SparseGroupLasso(1.0, ratio, labels).largest(gradient)
    assert found == pytest.approx(max(roots), rel=1e-12)
    assert SparseGroupLasso(1.0, ratio, labels).largest(0 * gradient) == 0
