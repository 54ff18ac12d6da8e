"""Runs: how they end, what they keep, and how they go on."""

import pickle
from contextlib import nullcontext

import numpy as np
import pytest

from skensemble import Patience
from skensemble.optim import (
    SGD,
    Adam,
    Cosine,
    GrowingBatch,
    History,
    Momentum,
    Recipe,
    ReduceOnPlateau,
    WarmUp,
    advance,
    as_optimizer,
    begin_run,
    minimize,
    optimizer_names,
)

START = [np.zeros(3), 0.0]
every_optimizer = pytest.mark.parametrize("name", sorted(optimizer_names()))


def least_squares_solution(X, y):
    return np.linalg.lstsq(np.c_[X, np.ones(len(y))], y)[0]


@every_optimizer
def test_the_minimum_is_found(name, noisy_rows, least_squares):
    X, y = noisy_rows
    rates = {"gradient_descent": 0.3, "sgd": 0.05, "adagrad": 1.0, "momentum": 0.02,
             "nesterov": 0.02}  # fmt: skip
    optimizer = as_optimizer(name, learning_rate=Cosine(rates.get(name, 0.05)))
    if name == "adamw":
        optimizer.set_params(weight_decay=0.0)
    result = minimize(least_squares(X, y), START, Recipe(optimizer, epochs=150))
    found = np.append(*result.params)
    np.testing.assert_allclose(found, least_squares_solution(X, y), atol=2e-3)
    assert result.params[0].shape == (3,)
    assert result.params[1].shape == ()
    assert result.n_epochs == len(result.history) == 150
    assert result.stopped == "epochs"
    assert not result.converged


def test_given_values_stay(noisy_rows, least_squares):
    start = [np.zeros(3), np.array(0.0)]
    minimize(least_squares(*noisy_rows), start, Recipe("adam", epochs=1))
    assert not start[0].any()
    assert start[1] == 0


def test_a_loss_at_rest_ends_the_run(noisy_rows, least_squares):
    X, y = noisy_rows
    recipe = Recipe("gradient_descent", epochs=5000, tol=1e-10, tol_epochs=3)
    result = minimize(least_squares(X, y), START, recipe)
    assert result.stopped == "tol"
    assert result.converged
    assert result.n_epochs < 1000
    np.testing.assert_allclose(
        np.append(*result.params), least_squares_solution(X, y), atol=1e-4
    )
    losses = result.history["loss"]
    assert losses[-4] - losses[-1] <= 1e-10 * losses[-4] < losses[-9] - losses[-5]


def overfitting(least_squares):
    """More columns than rows can tell, and rows that are held out."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 30))
    y = X[:, 0] + rng.normal(size=80)
    return least_squares(X[:35], y[:35], X[35:], y[35:])


@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping(restore, least_squares):
    objective = overfitting(least_squares)
    rule = Patience(rounds=8, restore_best=restore)
    recipe = Recipe(SGD(0.05), epochs=500, early_stopping=rule)
    result = minimize(objective, [np.zeros(30), 0.0], recipe)
    held = result.history["validation_loss"]
    assert result.stopped == "early_stopping"
    assert result.converged
    assert len(held) == result.n_epochs == np.argmin(held) + 9 < 500
    expected = held.min() if restore else held[-1]
    assert objective.validation_loss(result.params) == pytest.approx(expected)


def test_early_stopping_at_the_end_restores_too(least_squares):
    objective = overfitting(least_squares)
    recipe = Recipe(SGD(0.05), epochs=25, early_stopping=Patience(rounds=1000))
    result = minimize(objective, [np.zeros(30), 0.0], recipe)
    held = result.history["validation_loss"]
    assert result.stopped == "epochs"
    assert np.argmin(held) < 24
    assert objective.validation_loss(result.params) == pytest.approx(held.min())


def test_early_stopping_judges_the_average(least_squares):
    objective = overfitting(least_squares)
    recipe = Recipe(SGD(0.05), epochs=30, averaging=0.9, early_stopping=True)
    result = minimize(objective, [np.zeros(30), 0.0], recipe)
    best = result.history["validation_loss"].min()
    assert objective.validation_loss(result.params) == pytest.approx(best)


def test_missing_methods_of_the_objective_are_named(quadratic):
    class Bare:
        n_rows = 5

        def loss_gradient(self, params, rows):
            return 0.0, [np.zeros(1)]

    with pytest.raises(ValueError, match=r"early_stopping=.*validation_loss\(params\)"):
        minimize(Bare(), [np.ones(1)], Recipe("sgd", early_stopping=True))
    with pytest.raises(ValueError, match=r"exact_loss=True needs.*loss\(params\)"):
        minimize(Bare(), [np.ones(1)], Recipe("sgd", exact_loss=True))
    with pytest.raises(
        ValueError, match=r"shape \(1,\) for parameters of shape \(2,\)"
    ):
        minimize(Bare(), [np.ones(2)], Recipe("sgd"))
    Bare.n_rows = 0
    with pytest.raises(ValueError, match="n_rows=0"):
        minimize(Bare(), [np.ones(1)], Recipe("sgd"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (np.ones(2), "use \\[params\\] for one array"),
        ([], "one or more arrays"),
        ([np.ones(1), np.ones(1, dtype=np.float32)], "several types"),
        ([np.array([1.0, np.nan])], "start at finite values"),
    ],
)
def test_parameters_refused(params, message, quadratic):
    with pytest.raises(ValueError, match=message):
        minimize(quadratic([1.0]), params, Recipe("sgd"))


def test_whole_numbers_become_float(quadratic):
    found = minimize(quadratic([1.0, 1.0]), [[1, 2]], Recipe(SGD(0.5), epochs=1))
    assert found.params[0].tolist() == [0.5, 1.0]


def test_callback_ends_a_run(quadratic):
    reported = []

    def stop_third(epoch, params, history):
        reported.append((epoch, params[0][0], len(history)))
        return epoch == 2

    recipe = Recipe(SGD(0.5), epochs=9)
    result = minimize(quadratic([1.0]), [np.ones(1)], recipe, callback=stop_third)
    assert reported == [(0, 0.5, 1), (1, 0.25, 2), (2, 0.125, 3)]
    assert result.stopped == "callback"
    assert result.n_epochs == 3


def test_default_recipe(quadratic):
    result = minimize(quadratic([1.0]), [np.ones(1)])
    assert result.n_epochs == 100
    assert abs(result.params[0][0] - 0.9) < 0.01  # a hundred steps of Adam


# The history.


def test_history(noisy_rows, least_squares):
    X, y = noisy_rows
    objective = least_squares(X, y, X[:5], y[:5])
    recipe = Recipe(SGD(Cosine(0.1)), epochs=3, batch_size=50)
    history = minimize(objective, START, recipe).history
    frame = history.to_frame()
    assert list(frame.columns) == [
        "loss", "batch_size", "gradient_norm", "update_norm", "update_ratio",
        "learning_rate", "validation_loss", "seconds",
    ]  # fmt: skip
    assert frame.index.name == "epoch"
    assert len(frame) == 3
    assert (frame["seconds"] >= 0).all()
    steps = [0.1 * (1 + np.cos(np.pi * k / 6)) / 2 for k in (1, 3, 5)]
    np.testing.assert_allclose(frame["learning_rate"], steps)
    # Plain steps: the update is the rate times the gradient.
    np.testing.assert_allclose(
        frame["update_norm"], frame["learning_rate"] * frame["gradient_norm"]
    )
    counts = history["gradient_histogram"]
    assert counts.shape == (3, len(history.edges) - 1)
    assert (counts.sum(axis=1) == 4).all()
    assert repr(history) == "<History of 3 epochs>"
    with pytest.raises(KeyError, match=r"'auc' is not in this history"):
        history["auc"]


def test_histogram_counts_decades(quadratic):
    slopes = [0.0, 1e-20, -2e-3, 5e-3, 0.5, 2.0, 1e9]
    recipe = Recipe(SGD(0.0), epochs=1)
    history = minimize(quadratic(slopes), [np.ones(7)], recipe).history
    counts, edges = history["gradient_histogram"][0], History.edges
    found = {int(low): int(c) for low, c in zip(edges, counts) if c}  # noqa: B905
    assert found == {-12: 2, -3: 2, -1: 1, 0: 1, 3: 1}


def test_losses_are_those_before_each_update_or_after_the_epoch(
    noisy_rows, least_squares
):
    objective = least_squares(*noisy_rows)
    running = minimize(objective, START, Recipe(SGD(0.3), epochs=2, batch_size="full"))
    exact = minimize(
        objective, START, Recipe(SGD(0.3), epochs=2, batch_size="full", exact_loss=True)
    )
    assert running.history["loss"][0] == objective.loss(START)
    assert running.history["loss"][1] == exact.history["loss"][0]
    assert exact.history["loss"][1] == objective.loss(exact.params)


def test_the_loss_of_an_epoch_holds_the_penalty(quadratic):
    objective = quadratic([1.0], target=3.0, l1=2.0)
    history = minimize(objective, [np.ones(1)], Recipe(SGD(0.5), epochs=1)).history
    # From 1 a step to 2, shrunk to 1.
    assert history["loss"].tolist() == [2.0 + 2.0 * 1.0]


# Checkpoints.


class Killed(Exception):
    pass


def kill_after(last):
    def callback(epoch, params, history):
        if epoch == last:
            raise Killed

    return callback


def same_bits(a, b):
    assert [w.tobytes() for w in a.params] == [w.tobytes() for w in b.params]
    assert (a.n_epochs, a.stopped, a.converged) == (b.n_epochs, b.stopped, b.converged)
    frames = [r.history.to_frame().drop(columns="seconds") for r in (a, b)]
    assert frames[0].equals(frames[1])
    for counts in zip(*(r.history["gradient_histogram"] for r in (a, b)), strict=True):
        np.testing.assert_array_equal(*counts)


@every_optimizer
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_resumed_is_unbroken(name, dtype, noisy_rows, least_squares, tmp_path):
    X, y = (part.astype(dtype) for part in noisy_rows)
    start = [np.zeros(3, dtype), np.zeros((), dtype)]
    objective = least_squares(X, y)
    recipe = Recipe(as_optimizer(name, learning_rate=WarmUp(Cosine(0.1))), epochs=10)
    path = tmp_path / "run.pickle"
    with pytest.raises(Killed):
        minimize(objective, start, recipe, checkpoint=path, callback=kill_after(2))
    objective.seen.clear()
    resumed = minimize(objective, start, recipe, checkpoint=path, resume=True)
    assert len(objective.seen) == 7 * (1 if name == "gradient_descent" else 3)
    same_bits(resumed, minimize(objective, start, recipe))
    assert [file.name for file in tmp_path.iterdir()] == ["run.pickle"]


@pytest.mark.parametrize("killed", [0, 4, 9])
@pytest.mark.parametrize(
    "options",
    [
        {"averaging": "polyak"},
        {"averaging": 0.9, "early_stopping": Patience(rounds=4)},
        {"batch_size": GrowingBatch(4)},
        {"tol": 0.05, "tol_epochs": 2},
        {"accumulate": 3, "clipping": 0.5},
        {"optimizer": Momentum(ReduceOnPlateau(0.1, factor=0.5, patience=1))},
    ],
    ids=str,
)
def test_all_that_a_run_remembers_is_kept(options, killed, least_squares, tmp_path):
    objective = overfitting(least_squares)
    start = [np.zeros(30), 0.0]
    recipe = Recipe(
        **({"optimizer": Adam(0.1), "epochs": 12, "batch_size": 8} | options)
    )
    path = tmp_path / "run.pickle"
    unbroken = minimize(objective, start, recipe)
    assert unbroken.n_epochs > 1
    reached = unbroken.n_epochs > killed
    with pytest.raises(Killed) if reached else nullcontext():
        minimize(objective, start, recipe, checkpoint=path, callback=kill_after(killed))
    resumed = minimize(objective, start, recipe, checkpoint=path, resume=True)
    same_bits(resumed, unbroken)


def test_checkpoints_every_few_epochs(noisy_rows, least_squares, tmp_path):
    objective, path = least_squares(*noisy_rows), tmp_path / "run.pickle"
    recipe = Recipe("adam", epochs=10, batch_size=95)
    with pytest.raises(Killed):
        minimize(
            objective, START, recipe, checkpoint=path, every=4, callback=kill_after(6)
        )
    objective.seen.clear()
    resumed = minimize(objective, START, recipe, checkpoint=path, resume=True)
    assert len(objective.seen) == 6  # from epoch 4 on
    same_bits(resumed, minimize(objective, START, recipe))
    objective.seen.clear()
    again = minimize(objective, START, recipe, checkpoint=path, resume=True)
    assert not objective.seen  # it had come to its end
    same_bits(again, resumed)


def test_a_run_stopped_by_its_callback_can_go_on(noisy_rows, least_squares, tmp_path):
    objective, path = least_squares(*noisy_rows), tmp_path / "run.pickle"
    recipe = Recipe("adam", epochs=10)
    stopped = minimize(
        objective,
        START,
        recipe,
        checkpoint=path,
        every=50,
        callback=lambda epoch, params, history: epoch == 3,
    )
    assert stopped.n_epochs == 4
    resumed = minimize(objective, START, recipe, checkpoint=path, resume=True)
    same_bits(resumed, minimize(objective, START, recipe))


def test_checkpoints_of_other_runs_are_refused(noisy_rows, least_squares, tmp_path):
    X, y = noisy_rows
    path, recipe = tmp_path / "run.pickle", Recipe(Adam(0.1), epochs=3)
    minimize(least_squares(X, y), START, recipe, checkpoint=path)

    def resume(objective, start, recipe):
        return minimize(objective, start, recipe, checkpoint=path, resume=True)

    with pytest.raises(ValueError, match=r"learning_rate=0.1\), not Adam\(\).*seed=0"):
        resume(least_squares(X, y), START, Recipe("adam", epochs=3, seed=1))
    with pytest.raises(ValueError, match="rows: 95, not 90"):
        resume(least_squares(X[:90], y[:90]), START, recipe)
    with pytest.raises(
        ValueError, match=r"shapes of the parameters: \(\(3,\), \(\)\), not"
    ):
        resume(least_squares(X[:, :2], y), [np.zeros(2), 0.0], recipe)
    with pytest.raises(ValueError, match="float64, not float32"):
        resume(least_squares(X, y), [w.astype(np.float32) for w in map(np.array, START)],
               recipe)  # fmt: skip
    anew = minimize(
        least_squares(X, y), START, Recipe("sgd", epochs=1), checkpoint=path
    )
    assert anew.n_epochs == 1


def test_resume_needs_a_file(quadratic):
    with pytest.raises(ValueError, match="resume=True needs checkpoint="):
        minimize(quadratic([1.0]), [np.ones(1)], Recipe("sgd"), resume=True)


@pytest.mark.parametrize("torn", [b"", b"no pickle", pickle.dumps({"a": 1})])
def test_damaged_checkpoints_are_refused(torn, quadratic, tmp_path):
    path = tmp_path / "run.pickle"
    path.write_bytes(torn)
    with pytest.raises(ValueError, match=r"run.pickle' cannot be read"):
        minimize(
            quadratic([1.0]), [np.ones(1)], Recipe("sgd"), checkpoint=path, resume=True
        )


def test_a_checkpoint_that_cannot_be_written_leaves_the_last(quadratic, tmp_path):
    path, objective = tmp_path / "run.pickle", quadratic([1.0])
    minimize(objective, [np.ones(1)], Recipe("sgd", epochs=1), checkpoint=path)
    before = path.read_bytes()

    class Local(SGD):  # no pickle finds a class in a function
        pass

    with pytest.raises((pickle.PicklingError, AttributeError)):
        minimize(objective, [np.ones(1)], Recipe(Local(), epochs=1), checkpoint=path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.pickle"]


# Streams.


@every_optimizer
def test_passes_one_by_one_are_a_run(name, noisy_rows, least_squares):
    objective = least_squares(*noisy_rows)
    recipe = Recipe(as_optimizer(name, learning_rate=Cosine(0.1)), epochs=6)
    state = begin_run(START, recipe)
    for _ in range(6):
        state = pickle.loads(pickle.dumps(advance(objective, state, recipe)))
    run = minimize(objective, START, recipe)
    assert [w.tobytes() for w in state.params] == [w.tobytes() for w in run.params]
    assert state.clock == (6 if name == "gradient_descent" else 18)


def test_new_rows_all_the_time(least_squares):
    rng = np.random.default_rng(0)
    recipe = Recipe(SGD(0.05), batch_size=10, averaging=0.95)
    state = begin_run(START, recipe)
    for k in range(60):
        X = rng.normal(size=(30 + k, 3))  # never the same number of rows
        y = X @ [1.0, -2.0, 0.5] + 3 + rng.normal(scale=0.1, size=len(X))
        state = advance(least_squares(X, y), state, recipe)
    found = np.append(*state.params)
    np.testing.assert_allclose(found, [1.0, -2.0, 0.5, 3.0], atol=0.02)
    assert state.epoch == 60
    assert len(state.history) == 60
