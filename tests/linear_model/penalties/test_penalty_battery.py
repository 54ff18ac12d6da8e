"""One battery for every penalty: a penalty joins it by existing."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone

from skensemble.linear_model.penalties import (
    L1,
    L2,
    MCP,
    SCAD,
    Adaptive,
    Bounded,
    ElasticNetPenalty,
    FormPenalty,
    GroupLasso,
    NonNegative,
    PenaltyColumns,
    SparseGroupLasso,
    penalty_names,
)

P = 7
NAMES = tuple("abcdefg")
LABELS = ["u", "v", "u", "w", "v", "x", "u"]
FACTORS = np.array([1.0, 0.5, 2.0, 1.0, 0.0, 3.0, 1.0])
PILOT = np.array([2.0, -0.5, 0.0, 1.0, 3.0, -1.0, 0.2])


def made(cls):
    """A penalty of its class, of a strength that matters."""
    penalty = cls()
    return penalty.with_alpha(0.7) if "alpha" in penalty.get_params() else penalty


PENALTIES = [made(cls) for cls in penalty_names().values()] + [
    L1(0.5, weights=FACTORS),
    L1(np.float64(0.5), weights={"a": 0.0, "c": 2.0}),
    L2(0.5, weights=FACTORS),
    ElasticNetPenalty(0.7, l1_ratio=0.2, weights=FACTORS),
    ElasticNetPenalty(0.7, l1_ratio=0.0),
    ElasticNetPenalty(0.7, l1_ratio=1.0),
    ElasticNetPenalty(0.0),
    GroupLasso(0.5, groups=LABELS),
    GroupLasso(0.5, groups=LABELS, weights={"v": 0.0, "w": 3.0}),
    GroupLasso(0.5, groups=[["a", "g"], ["c", "b"]], weights=[2.0, 0.5]),
    SparseGroupLasso(0.5, groups=LABELS, weights=[1.0, 2.0, 0.0, 0.5]),
    SparseGroupLasso(0.5, l1_ratio=0.0, groups=LABELS),
    SparseGroupLasso(0.5, l1_ratio=1.0, groups=LABELS),
    SparseGroupLasso(0.5, l1_ratio=0.1, groups={"one": [0, 6, 1], "two": [5, 3]}),
    MCP(np.float64(0.5), gamma=np.float64(1.2), weights=FACTORS),
    SCAD(np.float64(0.5), gamma=np.float64(2.1), weights=FACTORS),
    SparseGroupLasso(np.float64(0.5), l1_ratio=np.float64(0.3)),
    Adaptive(0.3, gamma=0.5, l1_ratio=0.5),
    Bounded(L1(0.5), lower=-0.4, upper=1.0),
    Bounded(L1(0.5, weights=FACTORS), lower={"a": 0.5, "c": -np.inf, "d": -1.0}),
    Bounded(ElasticNetPenalty(0.5), lower=np.zeros(P), upper=np.arange(P) / 4),
    Bounded(Adaptive(0.5), upper={"a": -0.5, "b": 0.0}),
    NonNegative(L1(0.5)),
    NonNegative(Bounded(ElasticNetPenalty(0.5), lower=-1.0, upper=1.0)),
]
every_penalty = pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
# Penalties that are sums over columns, with a term for each.
TIED = (GroupLasso, SparseGroupLasso)
SEPARABLE = [one for one in PENALTIES if not isinstance(one, TIED)]
WITHOUT_FORM = (*TIED, MCP, SCAD)
# Strengths that never bring all coefficients to zero.
WITHOUT_LARGEST = {
    *("NoPenalty()", "L2(alpha=0.7)", "Bounded()", "NonNegative()"),
    *(repr(L2(0.5, weights=FACTORS)), repr(ElasticNetPenalty(0.7, l1_ratio=0.0))),
}
every_width = pytest.mark.parametrize("width", [None, 3])
drawn = given(
    seed=st.integers(0, 10**6), step=st.floats(0.05, 8), spread=st.floats(0.1, 4)
)
quickly = settings(max_examples=8, deadline=None, derandomize=True)


def bound(penalty):
    columns = PenaltyColumns(
        P,
        names=NAMES,
        groups=np.array([0, 0, 1, 2, 2, 2, 3]),
        scale=np.linspace(0.5, 2, P),
        pilot=lambda _: PILOT,
    )
    return penalty.bind(columns)


def draw(seed, width, scale=1.0):
    shape = (P,) if width is None else (P, width)
    return np.random.default_rng(seed).normal(scale=scale, size=shape)


def tall(steps, coef):
    return steps if coef.ndim == 1 else steps[:, None]


def varies(penalty):
    """Whether there is a strength, its own or that of its part."""
    return {"alpha", "penalty__alpha"} & set(penalty.get_params())


def by_block(penalty, each):
    """Norms of the blocks that the penalty's violation is of."""
    if penalty.separable:
        return np.abs(each)
    squares = np.square(each).reshape(P, -1).sum(axis=1)
    return np.sqrt(np.bincount(penalty.blocks(P), weights=squares))


def descent(penalty, coef, gradient, step=1e-7):
    """Step to the minimum nearby, over its size: the steepest descent."""
    return (coef - penalty.prox(coef - step * gradient, step)) / step


def smallest(penalty):
    """What allows coefficients nearest to zero, by its bounds."""
    form = penalty.form(P)
    return np.zeros(P) if form is None else np.clip(0.0, form.lower, form.upper)


def test_the_lists_of_penalties():
    assert len(SEPARABLE) == 25
    assert len(PENALTIES) == 35
    assert set(map(repr, PENALTIES)) >= WITHOUT_LARGEST


@every_penalty
def test_separable_penalties_say_so(penalty):
    assert bound(penalty).separable == (penalty in SEPARABLE)


@pytest.mark.parametrize("penalty", SEPARABLE, ids=repr)
@quickly
@drawn
def test_prox_minimises_each_scalar_problem(penalty, seed, step, spread):
    penalty = bound(penalty)
    coef = draw(seed, None, spread)
    found = penalty.prox(coef, step)
    for j, (c, z) in enumerate(zip(coef, found, strict=True)):
        alone = penalty.columns(np.array([j]))

        def objective(at, c=c, alone=alone):
            return (at - c) ** 2 / (2 * step) + alone.value(np.array([at]))

        far = 1.5 * abs(c) + 0.1
        grid = [*np.linspace(-far, far, 61), z - 1e-4, z + 1e-4, 0, c]
        assert objective(z) <= min(map(objective, grid)) + 1e-12


@every_penalty
@every_width
@quickly
@drawn
def test_prox_minimises_its_objective(penalty, width, seed, step, spread):
    penalty, coef = bound(penalty), draw(seed, width, spread)
    rng = np.random.default_rng(seed)
    steps = tall(penalty.common_steps(step * rng.uniform(0.5, 1, P)), coef)
    found = penalty.prox(coef, steps)

    def objective(at):
        return np.sum((at - coef) ** 2 / (2 * steps)) + penalty.value(at)

    assert found.shape == coef.shape
    best = objective(found)
    assert np.isfinite(best)
    for size in np.geomspace(1e-4, 2, 12):
        other = found + rng.normal(scale=size, size=coef.shape)
        other = np.where(rng.random(coef.shape) < 0.3, found, other)
        assert best <= objective(other) + 1e-12
    slope = (found - coef) / steps
    assert penalty.violation(found, slope).max() < 1e-10


@every_penalty
@every_width
@quickly
@drawn
def test_violation_is_the_steepest_descent(penalty, width, seed, step, spread):
    penalty = bound(penalty)
    coef = penalty.prox(draw(seed, width, spread), step)
    gradient = draw(seed + 1, width, 2 * spread)
    reported = penalty.violation(coef, gradient)
    steepest = descent(penalty, coef, gradient)
    np.testing.assert_allclose(
        reported, by_block(penalty, steepest), rtol=1e-4, atol=1e-6
    )
    assert reported.shape == by_block(penalty, coef).shape
    total = np.linalg.norm(reported)

    def slope(direction, h=1e-7):
        direction = direction / max(np.linalg.norm(direction), 1e-12)
        rise = penalty.value(coef + h * direction) - penalty.value(coef)
        return rise / h + np.sum(gradient * direction)

    if total > 1e-3:
        assert slope(-steepest) == pytest.approx(-total, rel=1e-3)
    for other in range(6):
        assert slope(draw(seed + other, width)) >= -total - 1e-4


@every_penalty
@every_width
def test_normal_form_is_the_penalty(penalty, width):
    penalty = bound(penalty)
    form = penalty.form(P)
    assert (form is None) == isinstance(penalty, WITHOUT_FORM)
    if form is None:
        assert not (penalty.convex and penalty.separable)
        return
    same = FormPenalty(form)
    for seed in range(5):
        coef, gradient = draw(seed, width), draw(seed + 9, width)
        near = penalty.prox(coef, 0.3)
        np.testing.assert_allclose(same.prox(coef, 0.3), near, atol=1e-14)
        assert same.value(near) == pytest.approx(penalty.value(near), rel=1e-12)
        assert same.value(coef) == pytest.approx(penalty.value(coef), rel=1e-12)
        for at in (near, coef):
            np.testing.assert_allclose(
                same.violation(at, gradient),
                penalty.violation(at, gradient),
                atol=1e-12,
            )


@every_penalty
@every_width
@pytest.mark.parametrize("seed", range(4))
def test_largest_is_where_zero_becomes_optimal(penalty, width, seed):
    name = repr(penalty)
    penalty, gradient = bound(penalty), draw(seed, width)
    start = np.zeros_like(gradient) + tall(smallest(penalty), gradient)
    found = penalty.largest(gradient)
    assert np.isfinite(found) == (name not in WITHOUT_LARGEST)
    if not np.isfinite(found):
        strong = penalty.with_alpha(1e6) if varies(penalty) else penalty
        assert strong.violation(start, gradient).max() > 0
        return
    # What pays nothing has no say.
    free = penalty.with_alpha(1e9).violation(start, gradient) > 0
    free = free if penalty.separable else tall(free[penalty.blocks(P)], gradient)
    gradient = np.where(free, 0, gradient)
    assert penalty.largest(gradient) == found > 0
    enough = penalty.with_alpha(found * (1 + 1e-9))
    assert enough.violation(start, gradient).max() == 0
    less = penalty.with_alpha(found * 0.999)
    assert less.violation(start, gradient).max() > 0


@every_penalty
@every_width
def test_columns_are_parts_of_the_whole(penalty, width):
    penalty = bound(penalty)
    blocks = penalty.blocks(P)
    firsts = np.unique(blocks, return_index=True)[1]
    assert (np.diff(firsts) > 0).all()
    assert sorted(set(blocks)) == list(range(len(firsts)))
    coef, gradient = penalty.prox(draw(0, width), 0.3), draw(1, width)
    steps = penalty.common_steps(np.linspace(0.2, 1, P))
    assert (steps <= np.linspace(0.2, 1, P)).all()
    mine = np.random.default_rng(0).permutation(np.flatnonzero(blocks % 2 == 0))
    theirs = np.flatnonzero(blocks % 2)
    parts = [(penalty.columns(index), index) for index in (mine, theirs)]
    value = sum(part.value(coef[index]) for part, index in parts)
    assert value == pytest.approx(penalty.value(coef), rel=1e-12)
    slopes = penalty.violation(coef, gradient)
    for part, index in parts:
        order = np.unique(part.blocks(len(index)), return_index=True)[1]
        assert (np.diff(order) > 0).all()
        np.testing.assert_array_equal(part.common_steps(steps[index]), steps[index])
        np.testing.assert_array_equal(
            part.prox(coef[index], tall(steps[index], coef)),
            penalty.prox(coef, tall(steps, coef))[index],
        )
        seen = part.violation(coef[index], gradient[index])[part.blocks(len(index))]
        np.testing.assert_allclose(seen, slopes[blocks[index]], rtol=1e-12)
    largest = max(part.largest(gradient[index]) for part, index in parts)
    assert largest == pytest.approx(penalty.largest(gradient), rel=1e-12)


@every_penalty
@every_width
def test_float32_stays_and_agrees(penalty, width):
    penalty = bound(penalty)
    coef, gradient = draw(2, width), draw(3, width)
    steps = penalty.common_steps(np.linspace(0.2, 1, P))
    small = coef.astype(np.float32)
    for step in (0.3, np.float64(0.3), tall(steps, coef)):
        near, exact = penalty.prox(small, step), penalty.prox(coef, step)
        assert near.dtype == np.float32
        np.testing.assert_allclose(near, exact, rtol=1e-4, atol=1e-6)
    reported = penalty.violation(near, gradient.astype(np.float32))
    exact = penalty.violation(exact, gradient)
    assert reported.dtype == np.float32 or not penalty.separable
    np.testing.assert_allclose(reported, exact, rtol=1e-3, atol=1e-5)
    assert isinstance(penalty.value(near), float)


@every_penalty
def test_holds_its_parameters_as_scikit_learn_does(penalty):
    coef = draw(4, None)
    tied = bound(penalty)
    for one in (penalty, tied):
        copies = [clone(one), pickle.loads(pickle.dumps(one))]
        if one is penalty:
            copies.append(type(one)().set_params(**one.get_params()))
        for again in copies:
            assert repr(again) == repr(one)
            near = (again if one is tied else bound(again)).prox(coef, 0.5)
            np.testing.assert_array_equal(near, tied.prox(coef, 0.5))
    assert repr(penalty).startswith(type(penalty).__name__ + "(")


@every_penalty
def test_another_strength_leaves_what_is_bound(penalty):
    tied, coef = bound(penalty), draw(5, None)
    if not varies(tied):
        with pytest.raises(ValueError, match="no alpha to vary"):
            tied.with_alpha(0.2)
        return
    other = bound(penalty.with_alpha(0.2))
    np.testing.assert_array_equal(
        tied.with_alpha(0.2).prox(coef, 1.0), other.prox(coef, 1.0)
    )
    assert (other.prox(coef, 1.0) != tied.prox(coef, 1.0)).any()


@every_penalty
def test_refuses_what_is_out_of_range(penalty):
    wrong = {
        "alpha": [-1, "strong", np.nan, np.inf, True, None],
        "l1_ratio": [-0.1, 1.5, "half", False],
        "gamma": [0, -1, np.inf, "two"],
        "weights": [[1.0], {"z": 1.0}, -np.ones(P), "heavy", np.full(P, np.nan)],
        "lower": [np.nan, np.inf, [1.0], {"z": 1.0}, "low"],
        "upper": [np.nan, -np.inf, [1.0], {"z": 1.0}, "high"],
        "groups": ["a", [1, 2], 3, [["z"]], {"one": ["a"], "two": ["a"]}],
    }
    others = {"pilot", "penalty"}
    names = set(penalty.get_params(deep=False)) - others
    assert names <= set(wrong)
    for name in names:
        for value in wrong[name]:
            broken = clone(penalty).set_params(**{name: value})
            with pytest.raises(ValueError, match=name):
                bound(broken)


@every_penalty
def test_formula_matches_example(penalty):
    assert ">>>" in type(penalty).__doc__
