"""
Compare first-order optimizers
==============================

All optimizers minimise Rosenbrock's function with the same number of gradients. The
function has steep walls and a nearly flat curved valley. Badly scaled or collinear
columns give the loss of a model a similar shape.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_selector
from sklearn.exceptions import ConvergenceWarning

from skensemble import LinearClassifier
from skensemble.datasets import load_ames
from skensemble.exceptions import DivergedError
from skensemble.linear_model import L2, FirstOrder
from skensemble.optim import (
    SGD,
    Cosine,
    GrowingBatch,
    LearningRateDisplay,
    Recipe,
    as_optimizer,
    learning_rate_range_test,
    minimize,
    optimizer_names,
)

# %%
# Rosenbrock's function
# ---------------------
# `minimize` needs only a loss and its gradient. A function that does not depend on
# rows is treated as an objective with one row.


class Valley:
    """(1 - x)² + 20 (y - x²)², with its minimum at (1, 1)."""

    n_rows = 1

    def loss(self, x, y):
        return (1 - x) ** 2 + 20 * (y - x**2) ** 2

    def loss_gradient(self, params, rows):
        x, y = params[0]
        by_y = 40 * (y - x**2)
        slope = np.array([-2 * (1 - x) - 2 * x * by_y, by_y])
        return self.loss(x, y), [slope]


# %%
# The same number of steps
# ------------------------
# Each optimizer takes 150 steps with the best of 13 constant learning rates. With one
# common rate, the comparison would depend on that rate. (On one row, `SGD` is equal to
# `GradientDescent`.)

start, steps = np.array([-1.4, 1.0]), 150


def path(optimizer):
    """Return the points of a run."""
    points = [start]
    minimize(
        Valley(),
        [start],
        Recipe(optimizer, epochs=steps, batch_size="full"),
        callback=lambda epoch, params, history: points.append(params[0]),
    )
    return np.array(points)


def best_path(name):
    """Return the loss, rate and points of the run with the lowest final loss."""
    found = []
    for rate in np.geomspace(1e-3, 1, 13):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                points = path(as_optimizer(name, learning_rate=rate))
            except DivergedError:  # the learning rate is too high
                continue
        found.append((Valley().loss(*points[-1]), rate, points))
    return min(found, key=lambda one: one[0])


best = {name: best_path(name) for name in optimizer_names() if name != "sgd"}
for name, (loss, rate, _) in sorted(best.items(), key=lambda item: item[1][0]):
    print(f"{name:17} rate {rate:<7.2g} loss after {steps} steps {loss:.1e}")

# %%
# Gradient descent quickly reaches the valley and then moves slowly along it. AdaGrad
# does the same, because its steps shrink. RMSProp takes steps of nearly constant
# length. Momentum oscillates between the walls before it converges; Nesterov's variant
# damps the oscillations. Adam oscillates too, with the longest steps. AdamW converges
# next to the minimum, because its weight decay pulls towards zero.

x, y = np.meshgrid(np.linspace(-2, 2, 200), np.linspace(-2, 2.4, 200))
fig, axes = plt.subplots(2, 4, figsize=(11, 5.5), layout="constrained")
*maps, curves = axes.flat
for ax, (name, (_, rate, points)) in zip(maps, best.items(), strict=True):
    levels = np.geomspace(0.1, 300, 10)
    ax.contour(x, y, Valley().loss(x, y), levels, colors="lightgrey", linewidths=0.8)
    ax.plot(*points.T, ".-", linewidth=0.8, markersize=3, color="tab:blue")
    ax.plot(1, 1, "*", color="tab:red", markersize=9)
    ax.set_title(f"{name}, rate {rate:.2g}", fontsize=9)
    ax.set(xlim=(-2, 2), ylim=(-2, 2.4), xticks=[], yticks=[])
    curves.semilogy(Valley().loss(*points.T), linewidth=0.9, label=name)
curves.set_title("loss by step", fontsize=9)
curves.legend(fontsize=6)
plt.show()

# %%
# Noise
# -----
# Gradients of mini-batches are noisy. With a constant rate, the parameters fluctuate
# around the minimum at a distance that depends on the rate. Three methods reduce this
# distance: a decreasing rate, the mean of the iterates, and growing batches.


class LeastSquares:
    """Half the mean squared error of X w."""

    def __init__(self, X, y):
        self.X, self.y, self.n_rows = X, y, len(y)

    def loss_gradient(self, params, rows):
        X = self.X[rows]
        error = X @ params[0] - self.y[rows]
        return error @ error / (2 * len(error)), [X.T @ error / len(error)]


rng = np.random.default_rng(0)
X = rng.normal(size=(4000, 20))
objective = LeastSquares(X, X @ rng.normal(size=20) + rng.normal(size=4000))
minimum = np.linalg.lstsq(X, objective.y)[0]

epochs = 30
recipes = {
    "constant rate": Recipe(SGD(0.05), epochs),
    "cosine": Recipe(SGD(Cosine(0.05)), epochs),
    "mean of the iterates": Recipe(SGD(0.05), epochs, averaging="polyak"),
    "growing batches": Recipe(SGD(0.05), epochs, batch_size=GrowingBatch(32)),
}
fig, ax = plt.subplots(layout="constrained")
for label, recipe in recipes.items():
    distance = []
    minimize(
        objective,
        [np.zeros(20)],
        recipe,
        callback=lambda epoch, params, history, distance=distance: distance.append(
            np.linalg.norm(params[0] - minimum)
        ),
    )
    print(f"{label:21} distance from the minimum {distance[-1]:.1e}")
    ax.semilogy(distance, label=label)
ax.set(xlabel="epoch", ylabel="distance from the minimum")
ax.legend()
plt.show()

# %%
# A real table
# ------------
# The target is whether a house costs more than the median of 2,930 houses. All
# optimizers fit a linear model for ten epochs, each with the rate that a range test
# suggests. The test increases the rate with every mini-batch until the loss increases.

houses, price = load_ames(return_X_y=True)
houses = houses[make_column_selector(dtype_include="number")(houses)].fillna(0)
expensive = price > price.median()


def model_of(optimizer):
    solver = FirstOrder(optimizer, batch_size=64, epochs=10)
    return LinearClassifier(
        penalty=L2(1e-3), solver=solver, standardize=True, random_state=0
    )


LearningRateDisplay.from_estimator(model_of("adam"), houses, expensive)
plt.show()

best = LinearClassifier(penalty=L2(1e-3), standardize=True).fit(houses, expensive)
fig, ax = plt.subplots(layout="constrained")
for name in optimizer_names():
    if name == "gradient_descent":
        continue  # it uses all rows in each step
    optimizer = as_optimizer(name)
    test = learning_rate_range_test(model_of(optimizer), houses, expensive)
    optimizer.learning_rate = Cosine(test.suggested)
    model = model_of(optimizer).fit(houses, expensive)
    excess = model.history_["loss"] - best.objective_
    print(f"{name:9} rate {test.suggested:7.4f}, objective {model.objective_:.4f}")
    ax.semilogy(np.maximum(excess, 1e-5), label=name)
print(f"exact solver: objective {best.objective_:.4f}")
ax.set(xlabel="epoch", ylabel="training loss above the minimum")
ax.legend()
plt.show()
