"""One battery for every optimizer: its formula, its theory, its proximal steps."""

import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skensemble.optim import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    ExponentialDecay,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    Recipe,
    RMSProp,
    as_optimizer,
    minimize,
    optimizer_names,
)

NAMES = sorted(optimizer_names())
every_optimizer = pytest.mark.parametrize("name", NAMES)


# The published formulas, one number at a time: f(w) = a w² / 2, so g(w) = a w.
def descent(w, a, rate, n):
    for _ in range(n):
        w -= rate * a * w
        yield w


def momentum(w, a, rate, n, mu=0.9):
    before = w
    for _ in range(n):
        w, before = w - rate * a * w + mu * (w - before), w
        yield w


def nesterov(w, a, rate, n, mu=0.9):
    before = w
    for _ in range(n):
        u = w + mu * (w - before)
        w, before = u - rate * a * u, w
        yield w


def adagrad(w, a, rate, n, eps=1e-10):
    v = 0.0
    for _ in range(n):
        g = a * w
        v += g**2
        w -= rate * g / (math.sqrt(v) + eps)
        yield w


def rmsprop(w, a, rate, n, rho=0.9, eps=1e-8):
    v = 0.0
    for _ in range(n):
        g = a * w
        v = rho * v + (1 - rho) * g**2
        w -= rate * g / (math.sqrt(v) + eps)
        yield w


def adam(w, a, rate, n, decay=0.0, b1=0.9, b2=0.999, eps=1e-8):
    m = v = 0.0
    for t in range(1, n + 1):
        g = a * w
        w -= rate * decay * w
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        w -= rate * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)
        yield w


def adamw(w, a, rate, n):
    return adam(w, a, rate, n, decay=0.01)


FORMULAS = {
    "adagrad": adagrad,
    "adam": adam,
    "adamw": adamw,
    "gradient_descent": descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "sgd": descent,
}


@every_optimizer
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_published_update(name, rate):
    a, start = [1.0, 0.3, 2.0], [1.0, -4.0, 0.01]
    optimizer = as_optimizer(name)
    w = [np.array(start)]
    state = optimizer.begin(w)
    found = []
    for _ in range(6):
        slope = np.array(a) * optimizer.ahead(w, state)[0]
        w, steps = optimizer.step(w, [slope], rate, state)
        assert np.all(np.isfinite(steps[0]))
        assert np.all(np.asarray(steps[0]) > 0)
        found.append(w[0].copy())
    expected = [
        list(FORMULAS[name](w_j, a_j, rate, 6))
        for w_j, a_j in zip(start, a, strict=True)
    ]
    np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-12, atol=1e-15)


def test_first_steps_by_hand():
    def walk(optimizer, n=3):
        w = [np.array([1.0])]
        state = optimizer.begin(w)
        for _ in range(n):
            slope = optimizer.ahead(w, state)[0].copy()
            optimizer.step(w, [slope], 0.1, state)
            yield round(float(w[0][0]), 6)

    assert list(walk(SGD())) == [0.9, 0.81, 0.729]
    assert list(walk(Momentum())) == [0.9, 0.72, 0.486]
    assert list(walk(Nesterov())) == [0.9, 0.729, 0.51759]
    assert next(walk(Adam())) == 0.9
    # v = 0.1, so the first step is 0.1 / sqrt(0.1).
    assert next(walk(RMSProp())) == round(1 - math.sqrt(0.1), 6)
    assert list(walk(AdaGrad()))[:2] == [0.9, round(0.9 - 0.09 / math.sqrt(1.81), 6)]
    assert next(walk(AdamW(weight_decay=0.5))) == 0.85


@every_optimizer
def test_parameters_are_scikit_learn_parameters(name):
    optimizer = as_optimizer(name, learning_rate=ExponentialDecay(0.3))
    copy = clone(optimizer)
    assert repr(copy) == repr(optimizer)
    copy.set_params(learning_rate__decay=0.5)
    assert copy.learning_rate.decay == 0.5
    assert optimizer.learning_rate.decay == 0.99
    assert repr(pickle.loads(pickle.dumps(copy))) == repr(copy)


@every_optimizer
def test_several_arrays_are_as_one(name):
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(2, 3)), rng.normal(size=4), np.array(0.7)]
    whole = [np.concatenate([p.ravel() for p in parts])]
    optimizer = as_optimizer(name)
    state_of_parts, state = optimizer.begin(parts), optimizer.begin(whole)
    for _ in range(4):
        slopes = [np.cos(u) for u in optimizer.ahead(parts, state_of_parts)]
        optimizer.step(parts, slopes, 0.1, state_of_parts)
        slope = np.cos(optimizer.ahead(whole, state)[0])
        optimizer.step(whole, [slope], 0.1, state)
    together = np.concatenate([p.ravel() for p in parts])
    np.testing.assert_array_equal(together, whole[0])


@every_optimizer
def test_float32_is_kept(name, quadratic):
    recipe = Recipe(as_optimizer(name, learning_rate=0.05), epochs=30)
    objective = quadratic([1.0, 3.0], target=[1.0, -1.0], dtype=np.float32)
    found = minimize(objective, [np.zeros(2, dtype=np.float32)], recipe)
    double = minimize(
        quadratic([1.0, 3.0], target=[1.0, -1.0]), [np.zeros(2)], recipe
    ).params[0]
    assert found.params[0].dtype == np.float32
    np.testing.assert_allclose(found.params[0], double, rtol=1e-4)
    memory = dict(found.state.memory)
    assert memory.pop("t", 30) == 30
    assert memory
    for arrays in memory.values():
        assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


# Rates of convergence on curvatures from 1 to k, against theory.
K = 100.0
CURVATURE = np.geomspace(1.0, K, 7)


def run_errors(optimizer, quadratic, epochs):
    """Distance from the minimum at zero after each step, from one."""
    found = []
    minimize(
        quadratic(CURVATURE),
        [np.ones(len(CURVATURE))],
        Recipe(optimizer, epochs=epochs, batch_size="full"),
        callback=lambda epoch, params, history: found.append(params[0]),
    )
    return np.array(found)


def test_gradient_descent_falls_by_its_factor(quadratic):
    optimizer = GradientDescent(2 / (1 + K))
    found = run_errors(optimizer, quadratic, 50)
    factor = (K - 1) / (K + 1)
    # Both ends of the spectrum fall by the factor exactly, all others faster.
    for j in (0, -1):
        np.testing.assert_allclose(
            np.abs(found[:, j]), factor ** np.arange(1, 51), rtol=1e-10
        )
    assert np.all(np.abs(found) <= factor ** np.arange(1, 51)[:, None] * (1 + 1e-10))


def test_momentum_falls_by_polyaks_factor(quadratic):
    factor = (math.sqrt(K) - 1) / (math.sqrt(K) + 1)
    optimizer = Momentum(4 / (math.sqrt(K) + 1) ** 2, momentum=factor**2)
    size = np.linalg.norm(run_errors(optimizer, quadratic, 200), axis=1)
    # A double root: the error falls as t factor^t.
    found = (size[-1] / size[99] / 2) ** (1 / 100)
    assert found == pytest.approx(factor, rel=0.01)
    assert size[-1] < 1e-3 * ((K - 1) / (K + 1)) ** 200


def test_nesterov_falls_by_his_factor(quadratic):
    beta = (math.sqrt(K) - 1) / (math.sqrt(K) + 1)
    found = run_errors(Nesterov(1 / K, momentum=beta), quadratic, 100)
    excess = found**2 @ CURVATURE / 2
    start = CURVATURE.sum() / 2 + len(CURVATURE) / 2
    bound = start * (1 - 1 / math.sqrt(K)) ** np.arange(1, 101)
    assert np.all(excess <= bound)
    slow = run_errors(GradientDescent(2 / (1 + K)), quadratic, 100)
    assert excess[-1] < 1e-3 * (slow[-1] ** 2 @ CURVATURE / 2)


@every_optimizer
def test_l1_gives_exact_zeros(name, quadratic):
    curvature, target = [1.0, 4.0, 1.0, 0.5, 2.0], [3.0, 0.1, -2.0, 0.9, -0.2]
    objective = quadratic(curvature, target=target, l1=0.5)
    rates = {"adagrad": 1.0, "gradient_descent": 0.2, "sgd": 0.2}
    optimizer = as_optimizer(
        name, learning_rate=ExponentialDecay(rates.get(name, 0.05), decay=0.995)
    )
    if name == "adamw":
        optimizer.set_params(weight_decay=0.0)
    found = minimize(objective, [np.ones(5)], Recipe(optimizer, epochs=1500)).params[0]
    shrunk = np.abs(target) - 0.5 / np.array(curvature)
    expected = np.sign(target) * np.maximum(shrunk, 0)
    np.testing.assert_array_equal(found == 0, expected == 0)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_no_decay_leaves_out_named_parameters():
    w = [np.ones(2), np.array(1.0)]
    optimizer = AdamW(weight_decay=0.1)
    state = optimizer.begin(w, decayed=[[True, False], False])
    optimizer.step(w, [np.zeros(2), np.array(0.0)], 0.5, state)
    assert w[0].tolist() == [0.95, 1.0]
    assert w[1] == 1


def test_objective_lists_decayed_parameters(quadratic):
    objective = quadratic([0.0, 0.0])
    objective.decayed = [[True, False]]
    recipe = Recipe(AdamW(0.1, weight_decay=1.0), epochs=1)
    assert minimize(objective, [np.ones(2)], recipe).params[0].tolist() == [0.9, 1.0]


def test_a_few_bytes_of_state_serve_two_runs():
    optimizer = Adam()
    first, second = [np.ones(2)], [np.ones(2)]
    states = optimizer.begin(first), optimizer.begin(second)
    for w, state in zip((first, second), states, strict=True):
        optimizer.step(w, [np.ones(2)], 0.1, state)
    np.testing.assert_array_equal(first[0], second[0])


def test_names():
    assert isinstance(as_optimizer("adamw", weight_decay=0.1), AdamW)
    assert as_optimizer(SGD(0.3)).learning_rate == 0.3
    assert {cls.__name__.lower() for cls in optimizer_names().values()} == {
        name.replace("_", "") for name in NAMES
    }
    with pytest.raises(ValueError, match=r"optimizer='adams'.*'adam', 'adamw'"):
        as_optimizer("adams")
    with pytest.raises(ValueError, match=r"is a class; use an instance: SGD\(\)"):
        as_optimizer(SGD)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (Adam(beta_1=1.0), "beta_1=1.0 must be below 1"),
        (Adam(beta_2=-0.1), "beta_2=-0.1 must be"),
        (AdaGrad(eps=0), "eps=0 would divide"),
        (RMSProp(rho="high"), "rho='high'"),
        (Momentum(momentum=1), "momentum=1"),
        (AdamW(weight_decay=-1), "weight_decay=-1"),
        (SGD(learning_rate=-0.1), "learning_rate=-0.1"),
    ],
    ids=repr,
)
def test_parameters_out_of_range(optimizer, message, quadratic):
    with pytest.raises(ValueError, match=message):
        minimize(quadratic([1.0]), [np.ones(1)], Recipe(optimizer, epochs=1))


def test_a_step_of_ones_own_with_sizes_made_anew(quadratic):
    class Fresh(SGD):
        """A proximal step whose sizes are another array each time."""

        def step(self, params, gradients, rate, state):
            super().step(params, gradients, rate, state)
            return params, [np.full(p.shape, rate) for p in params]

    objective = quadratic([1.0, 1.0, 2.0], target=[3.0, 0.1, -2.0], l1=0.5)
    recipe = Recipe(Fresh(ExponentialDecay(0.5, decay=0.9)), epochs=40)
    found = minimize(objective, [np.ones(3)], recipe).params[0]
    plain = minimize(
        objective,
        [np.ones(3)],
        Recipe(SGD(ExponentialDecay(0.5, decay=0.9)), epochs=40),
    ).params[0]
    np.testing.assert_array_equal(found, plain)


def test_a_step_of_ones_own(quadratic):
    class Signs(Optimizer):
        """Steps of one length, whatever the slope (Riedmiller and Braun 1993)."""

        def __init__(self, learning_rate=0.1):
            self.learning_rate = learning_rate

        def step(self, params, gradients, rate, state):
            for p, g in zip(params, gradients, strict=True):
                p -= rate * np.sign(g)
            return params, [rate] * len(params)

    found = minimize(quadratic([1.0, 5.0]), [np.ones(2)], Recipe(Signs(), epochs=10))
    np.testing.assert_allclose(found.params[0], 0, atol=1e-12)
    with pytest.raises(NotImplementedError, match="Optimizer does not define step"):
        Optimizer().step([], [], 0.1, {})
