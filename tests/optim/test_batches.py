"""Mini-batches, accumulation, clipping and averages."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skensemble.optim import (
    SGD,
    Adam,
    ClipByNorm,
    ClipByValue,
    Constant,
    GradientDescent,
    GrowingBatch,
    Momentum,
    Nesterov,
    Recipe,
    minimize,
)

START = [np.zeros(3), 0.0]


def positions(seen, n_rows):
    return [np.arange(n_rows)[rows] for rows in seen]


def test_every_row_once_an_epoch(noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    minimize(objective, START, Recipe("sgd", epochs=3, batch_size=10))
    seen = positions(objective.seen, 95)
    assert [len(rows) for rows in seen] == ([10] * 9 + [5]) * 3
    orders = np.concatenate(seen).reshape(3, 95)
    assert all(sorted(order) == list(range(95)) for order in orders)
    assert not (orders[0] == orders[1]).all()


def test_order_is_by_seed_and_epoch(noisy_rows, least_squares):
    def order(seed, **options):
        objective = least_squares(*noisy_rows)
        minimize(
            objective,
            START,
            Recipe("sgd", epochs=2, batch_size=50, seed=seed, **options),
        )
        return np.concatenate(positions(objective.seen, 95)).tolist()

    assert order(0) == order(np.int64(0)) != order(1)
    assert order(0, shuffle=False) == [*range(95), *range(95)]


def test_all_rows_are_one_selection(noisy_rows, least_squares):
    for recipe in (
        Recipe("gradient_descent", epochs=1),
        Recipe("adam", epochs=1, batch_size="full"),
        Recipe("adam", epochs=1, batch_size=95),
    ):
        objective = least_squares(*noisy_rows)
        found = minimize(objective, START, recipe)
        assert objective.seen == [slice(None)]
        assert found.history["batch_size"].tolist() == [95]


def test_schedules_count_updates(noisy_rows, least_squares):
    rates = []

    class Spy(Constant):
        def rate_at(self, step, n_steps):
            rates.append((step, n_steps))
            return 0.01

    objective = least_squares(*noisy_rows)
    recipe = Recipe(SGD(Spy()), epochs=2, batch_size=10, accumulate=4)
    minimize(objective, START, recipe)
    assert rates == [(step, 6) for step in range(6)]


@pytest.mark.parametrize("optimizer", [SGD(), Momentum(), Nesterov(), Adam()], ids=repr)
def test_accumulation_is_the_larger_batch(optimizer, noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    parts = minimize(
        objective, START, Recipe(optimizer, epochs=4, batch_size=8, accumulate=4)
    )
    whole = minimize(objective, START, Recipe(optimizer, epochs=4, batch_size=32))
    for a, b in zip(parts.params, whole.params, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    np.testing.assert_allclose(parts.history["loss"], whole.history["loss"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0 must be a whole number, 1 or more"),
        ({"batch_size": "half"}, "batch_size='half' must be a number of rows"),
        ({"batch_size": GrowingBatch(factor=0.5)}, "factor=0.5"),
        ({"batch_size": GrowingBatch(start=0)}, "start=0"),
        ({"batch_size": GrowingBatch(theta=2)}, "theta=2"),
        ({"accumulate": 0}, "accumulate=0"),
        ({"averaging": "mean"}, "averaging='mean' must be None, 'polyak'"),
        ({"averaging": 1.5}, "averaging=1.5"),
        ({"clipping": "hard"}, "clipping='hard' must be None, a number"),
        ({"clipping": 0}, "limit=0 would leave no gradient"),
        ({"clipping": ClipByValue(-1)}, "limit=-1"),
        ({"epochs": 0}, "epochs=0"),
        ({"tol": -1}, "tol=-1"),
        ({"seed": None}, "seed=None"),
    ],
    ids=str,
)
def test_recipes_refused(options, message, quadratic):
    with pytest.raises(ValueError, match=message):
        minimize(quadratic([1.0]), [np.ones(1)], Recipe("sgd", **options))


@pytest.mark.parametrize("size", [32, GrowingBatch()])
def test_gradient_descent_wants_all_rows(size):
    with pytest.raises(
        ValueError, match=r"cannot be used with GradientDescent.*or SGD"
    ):
        Recipe(GradientDescent(), batch_size=size).checked()


# Growing batches.


def noise_of(objective, params, size, repeats=4000):
    """Squared size of the noise of a batch's gradient, over that of the whole."""
    rng = np.random.default_rng(0)
    draws = [rng.choice(objective.n_rows, size) for _ in range(repeats)]
    each = [objective.loss_gradient(params, rows)[1] for rows in draws]
    flat = np.array([np.append(*gradients) for gradients in each])
    whole = np.append(*objective.loss_gradient(params, slice(None))[1])
    return flat.var(axis=0).sum() / (whole @ whole)


def test_batches_grow_where_noise_dominates(least_squares):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    noisy = least_squares(X, rng.normal(size=4000))
    recipe = Recipe(SGD(0.01), epochs=10, batch_size=GrowingBatch(16, factor=2))
    sizes = minimize(noisy, START, recipe).history["batch_size"]
    assert sizes[0] == 16
    assert (sizes[1:] == np.minimum(2 * sizes[:-1], 4000)).mean() >= 0.75
    assert sizes[-1] > 1000


def test_batches_stay_where_the_slope_dominates(least_squares):
    # Far from the minimum every row says nearly the same.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3)) * 0.01
    steep = least_squares(X, 1000 + rng.normal(size=4000))
    recipe = Recipe(SGD(1e-5), epochs=5, batch_size=GrowingBatch(16))
    history = minimize(steep, START, recipe).history
    assert history["batch_size"].tolist() == [16] * 5
    assert (history["gradient_noise"] < 0.01).all()


def test_noise_is_that_of_the_gradient(least_squares):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3000, 3))
    objective = least_squares(X, X @ [1.0, 0, 0] + rng.normal(size=3000))
    recipe = Recipe(SGD(0.0), epochs=40, batch_size=GrowingBatch(64, factor=1))
    found = minimize(objective, START, recipe).history["gradient_noise"]
    assert np.mean(found) == pytest.approx(noise_of(objective, START, 64), rel=0.25)


def test_a_growing_batch_ends_at_all_rows(noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    recipe = Recipe(
        SGD(0.1), epochs=60, batch_size=GrowingBatch(4, factor=3, theta=0.3)
    )
    history = minimize(objective, START, recipe).history
    assert history["batch_size"].tolist()[-2:] == [95, 95]
    assert np.isnan(history["gradient_noise"][-1])


# Clipping.


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5),
    st.floats(1e-3, 1e3),
)
def test_clipping_by_norm_keeps_the_direction(numbers, limit):
    g = np.array(numbers)
    first, second = ClipByNorm(limit).clip([g[:2].copy(), g[2:].copy()])
    cut = np.append(first, second)
    norm = np.linalg.norm(g)
    assert np.linalg.norm(cut) <= limit * (1 + 1e-12) or norm <= limit
    np.testing.assert_allclose(cut, g * min(1, limit / norm if norm else 1))


def test_clipping_by_norm_in_float32():
    big = np.full(4, 1e30, dtype=np.float32)  # its square is not a float32
    (cut,) = ClipByNorm(2.0).clip([big])
    assert cut.dtype == np.float32
    np.testing.assert_allclose(cut, 1.0, rtol=1e-6)


def test_clipping_in_a_run(quadratic):
    steep = quadratic([1000.0, 1.0])
    start = [np.array([3.0, 4.0])]

    def one_step(clipping):
        found = minimize(steep, start, Recipe(SGD(1.0), epochs=1, clipping=clipping))
        assert found.history["gradient_norm"][0] == np.hypot(3000, 4)
        return start[0] - found.params[0]

    unit = np.array([3000.0, 4.0]) / np.hypot(3000, 4)
    np.testing.assert_allclose(one_step(0.5), 0.5 * unit)
    np.testing.assert_allclose(one_step(ClipByNorm(0.5)), 0.5 * unit)
    np.testing.assert_allclose(one_step(ClipByValue(2.0)), [2.0, 2.0])


# Averages of iterates.


def iterates(objective, recipe):
    """The parameters after each update, by a run without averages."""
    found = []

    class Spy(SGD):
        def step(self, params, gradients, rate, state):
            out = super().step(params, gradients, rate, state)
            found.append(params[0].copy())
            return out

    minimize(objective, START, Recipe(Spy(0.1), epochs=recipe.epochs, batch_size=10))
    return np.array(found)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_polyak_average_is_the_mean(first, noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    recipe = Recipe(
        SGD(0.1), epochs=3, batch_size=10, averaging="polyak", average_from=first
    )
    found = np.append(*minimize(objective, START, recipe).params)
    mean = iterates(objective, recipe)[10 * first :].mean(axis=0)
    np.testing.assert_allclose(found, mean, rtol=1e-12)


def test_exponential_average(noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    recipe = Recipe(SGD(0.1), epochs=3, batch_size=10, averaging=0.8)
    found = np.append(*minimize(objective, START, recipe).params)
    late = iterates(objective, recipe)[10:]
    average = late[0]
    for w in late[1:]:
        average = 0.8 * average + 0.2 * w
    np.testing.assert_allclose(found, average, rtol=1e-12)


def test_averages_scatter_less(noisy_rows, least_squares):
    X, y = noisy_rows
    objective = least_squares(X, y)
    best = np.linalg.lstsq(np.c_[X, np.ones(95)], y)[0]

    def distance(averaging):
        found = [
            minimize(
                objective,
                START,
                Recipe(
                    SGD(0.2), epochs=20, batch_size=4, averaging=averaging, seed=seed
                ),
            ).params
            for seed in range(5)
        ]
        return np.mean([np.linalg.norm(np.append(*w) - best) for w in found])

    assert distance("polyak") < 0.5 * distance(None)


def test_nothing_to_average_is_the_last(noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    plain, averaged = (
        minimize(objective, START, Recipe("sgd", epochs=1, averaging=rule))
        for rule in (None, "polyak")
    )
    np.testing.assert_array_equal(plain.params[0], averaged.params[0])
