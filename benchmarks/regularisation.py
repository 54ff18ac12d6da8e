"""What penalties select on a wide table, and how stably: docs/benchmarks.md.

Run as ``python benchmarks/regularisation.py``; ``--figure`` also draws the paths into
``docs/_static/regularisation.png``. ``--bootstraps 3`` makes it quick.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from _tables import read
from sklearn.model_selection import train_test_split

from skensemble import LinearRegressorCV
from skensemble.linear_model import L1, L2, MCP, SCAD, Adaptive, ElasticNetPenalty

PENALTIES = {
    "L2": L2(),
    "elastic net, 0.5": ElasticNetPenalty(l1_ratio=0.5),
    "L1": L1(),
    "adaptive L1": Adaptive(),
    "SCAD": SCAD(),
    "MCP": MCP(),
}
FIGURE = Path(__file__).parents[1] / "docs" / "_static" / "regularisation.png"


def table(name):
    """Give columns of numbers and of 0 and 1, and the target."""
    X, y, _ = read(name)
    X = X.loc[:, X.nunique() > 1]
    return X, np.asarray(y, dtype=float)


def model_of(penalty, selection="min"):
    return LinearRegressorCV(
        penalty=penalty, n_alphas=40, cv=5, standardize=True, selection=selection
    )


def overlap(chosen):
    """Mean share of columns in common of two fits (Jaccard), over all pairs."""
    pairs = [
        (a & b).sum() / max((a | b).sum(), 1)
        for i, a in enumerate(chosen)
        for b in chosen[:i]
    ]
    return np.mean(pairs)


def study(name, bootstraps, selection):
    X, y = table(name)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, random_state=0
    )
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(y_train), len(y_train)) for _ in range(bootstraps)]
    for label, penalty in PENALTIES.items():
        start = time.perf_counter()
        model = model_of(penalty, selection).fit(X_train, y_train)
        error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2))
        # Weights, so that every draw has the same columns.
        chosen = [
            model_of(penalty, selection)
            .fit(X_train, y_train, np.bincount(draw, minlength=len(y_train)))
            .coef_
            != 0
            for draw in draws
        ]
        often = np.mean(chosen, axis=0)
        yield (
            f"| {label} | {error:.3f} | {int((model.coef_ != 0).sum())} | "
            f"{int((often >= 0.9).sum())} | {int(((often > 0) & (often < 0.5)).sum())} | "
            f"{overlap(chosen):.2f} | {time.perf_counter() - start:.0f} s |"
        )


def draw(name):
    import matplotlib.pyplot as plt

    from skensemble.display import CoefficientPathDisplay

    X, y = table(name)
    figure, axes = plt.subplots(
        2, 2, figsize=(10, 7), layout="constrained", sharey=True
    )
    for ax, label in zip(
        axes.flat, ["L2", "elastic net, 0.5", "L1", "MCP"], strict=True
    ):
        model = model_of(PENALTIES[label]).fit(X, y)
        CoefficientPathDisplay.from_estimator(model, ax=ax)
        ax.set_title(label)
        ax.get_legend().remove()
    figure.savefig(FIGURE, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", default="mercedes")
    parser.add_argument("--bootstraps", type=int, default=20)
    parser.add_argument("--selection", default="min")
    parser.add_argument("--figure", action="store_true")
    options = parser.parse_args()
    print(
        "| penalty | RMSE | selected | in 9 of 10 | in fewer than half | overlap | took |"
    )
    print("|---|---|---|---|---|---|---|")
    for line in study(options.table, options.bootstraps, options.selection):
        print(line, flush=True)
    if options.figure:
        draw(options.table)


if __name__ == "__main__":
    main()
