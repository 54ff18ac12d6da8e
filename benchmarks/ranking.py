"""Ranks of a single member, votes, blends, stacks and weights on ten real tables.

``python benchmarks/ranking.py`` prints the tables of `docs/benchmarks.md`. A run that
is stopped goes on from ``out/ranking.jsonl``; ``--summary`` only prints what is there.
"""

import argparse
import functools
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _tables import read
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.special import logit
from scipy.stats import studentized_range
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from xgboost import XGBClassifier, XGBRegressor

import skensemble
from skensemble.exceptions import StackedOverfitWarning
from skensemble.stacking import Discrete

TABLES = [
    "ames",
    "california_housing",
    "bike_sharing",
    "mercedes",
    "nyc_flights",
    "titanic",
    "adult",
    "telco_churn",
    "jm1",
    "covertype_15k",
]
OUT = Path("out/ranking.jsonl")
MEMBERS = ["lgbm", "xgb", "trees", "linear", "knn"]
RANKED = [
    "lgbm alone",
    "best single",
    "Voting",
    "Voting, weights='cv'",
    "Blending",
    "Stacking",
    "Super Learner",
    "selection",
    "two layers",
]
# Not ranked: what each is compared with, which differs in one parameter.
VARIANTS = {
    "Stacking, log-odds": "Stacking",
    "two layers, log-odds": "two layers",
    "Stacking, refit=False": "Stacking",
    "Super Learner, refit=False": "Super Learner",
    "Blending, refit=True": "Blending",
    "two layers, guard='fallback'": "two layers",
}


# Members


def codes():
    """Categories as numbers; trees take missing values as they are."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    text = make_column_selector(dtype_exclude="number")
    prepared = make_column_transformer((encoder, text), remainder="passthrough")
    return prepared.set_output(transform="pandas")


def one_hot():
    """Levels as columns, rare ones together; numbers imputed and scaled."""
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False
    )
    return make_column_transformer(
        (encoder, make_column_selector(dtype_exclude="number")),
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
    )


def members(classes):
    """Name and model of each member; one thread each."""
    alphas = np.logspace(-2, 4, 13)
    if classes:
        models = [
            LGBMClassifier(n_jobs=1, verbose=-1),
            XGBClassifier(n_jobs=1),
            ExtraTreesClassifier(min_samples_leaf=3, n_jobs=1),
            LogisticRegression(C=0.3, max_iter=1000),
            KNeighborsClassifier(30),
        ]
    else:
        models = [
            LGBMRegressor(n_jobs=1, verbose=-1),
            XGBRegressor(n_jobs=1),
            ExtraTreesRegressor(min_samples_leaf=3, max_features=0.5, n_jobs=1),
            RidgeCV(alphas),
            KNeighborsRegressor(10, weights="distance"),
        ]
    prepared = [codes, codes, codes, one_hot, one_hot]
    return [
        (name, make_pipeline(prepare(), model))
        for name, prepare, model in zip(MEMBERS, prepared, models, strict=True)
    ]


def second_layer(classes):
    """Two small members that see what the first layer says."""
    small = {"n_estimators": 50, "num_leaves": 7, "n_jobs": 1, "verbose": -1}
    boosted = LGBMClassifier if classes else LGBMRegressor
    linear = LogisticRegression(max_iter=1000) if classes else Ridge()
    return [
        ("second_lgbm", boosted(**small)),
        ("second_linear", make_pipeline(StandardScaler(), linear)),
    ]


# Methods


def log_odds(p):
    return logit(np.clip(p, 1e-6, 1 - 1e-6))


def on_log_odds():
    """Give a meta model that sees log-odds where the default sees probabilities."""
    return make_pipeline(
        FunctionTransformer(log_odds),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )


def methods(classes, cv, memory):
    """Every ensemble, on the same members, splits, seed and store."""
    suffix = "Classifier" if classes else "Regressor"
    score = "neg_log_loss" if classes else "neg_root_mean_squared_error"
    soft = {"voting": "soft"} if classes else {}
    # As weights ask, so that the same fits are found in the store.
    asked = {"stack_method": "predict_proba"} if classes else {}

    def make(kind, *given, **options):
        kind = getattr(skensemble, kind + suffix)
        common = {"memory": memory, "random_state": 0}
        return kind(members(classes), *given, **options, **common)

    stack = {"cv": cv, **asked}
    two = {"layers": [second_layer(classes)], **stack}
    made = {
        "best single": make("SuperLearner", Discrete(score), cv=cv),
        "Voting": make("Voting", **soft),
        "Voting, weights='cv'": make("Voting", weights="cv", cv=cv, **soft),
        "Blending": make("Blending", **asked),
        "Stacking": make("Stacking", **stack),
        "Super Learner": make("SuperLearner", cv=cv),
        "selection": make("EnsembleSelection", scoring=score, cv=cv),
        "two layers": make("Stacking", **two),
        "Stacking, refit=False": make("Stacking", refit=False, **stack),
        "Super Learner, refit=False": make("SuperLearner", cv=cv, refit=False),
        "Blending, refit=True": make("Blending", refit=True, **asked),
        "two layers, guard='fallback'": make(
            "Stacking", guard="fallback", scoring=score, **two
        ),
    }
    if classes:
        made["Stacking, log-odds"] = make("Stacking", on_log_odds(), **stack)
        made["two layers, log-odds"] = make("Stacking", on_log_odds(), **two)
    return made


# One fold


def loss(y, predicted, labels=None, scale=1.0):
    """Log loss for classes, RMSE over the standard deviation for numbers."""
    if labels is None:
        return root_mean_squared_error(y, predicted) / scale
    p = np.asarray(predicted, dtype=float)  # xgboost's are float32
    return log_loss(y, p / p.sum(axis=1, keepdims=True), labels=labels)


def timed_fit(model, X, y):
    """Fit, and tell the members' time from the rest; what was stored counts too."""
    start = time.perf_counter()
    model.fit(X, y)
    elapsed = time.perf_counter() - start
    fresh = sum(_seconds(cell) for cell in model.fits_ if not cell.cached)
    return {
        "fits": len(model.fits_),
        "cached": sum(cell.cached for cell in model.fits_),
        "member_seconds": sum(map(_seconds, model.fits_)),
        "own_seconds": elapsed - fresh,
    }


def _seconds(cell):
    return cell.fit_seconds + cell.predict_seconds


def learned(model):
    """Weights, and what the guard found, where a method has them."""
    found = {}
    if hasattr(model, "weights_"):
        found["weights"] = model.weights_.round(4).to_dict()
    if hasattr(model, "guard_"):
        found["layers"] = int(model.guard_["held_out_score"].idxmax())
        found["guard"] = model.guard_.round(5).to_dict("list")
    return found


def singles(vote, X, score):
    """Rows of the members alone, from a fitted vote of them all."""
    if hasattr(vote, "classes_"):
        vote.set_params(flatten_transform=False)
        blocks = vote.transform(X)
    else:
        blocks = vote.transform(X).T
    return {
        f"{name} alone": {
            "loss": score(block),
            "fits": 1,
            "member_seconds": sum(
                _seconds(cell) for cell in vote.fits_ if cell.member == name
            ),
        }
        for name, block in zip(MEMBERS, blocks, strict=True)
    }


def study(X, y, classes, train, test, done):
    """Yield a row a method that is not done yet."""
    split = StratifiedKFold if classes else KFold
    cv = split(5, shuffle=True, random_state=1)
    scale = {"labels": np.unique(y)} if classes else {"scale": y.std()}
    score = functools.partial(loss, y[test], **scale)
    with tempfile.TemporaryDirectory() as memory:
        made = methods(classes, cv, memory)
        todo = {name: model for name, model in made.items() if name not in done}
        if todo:
            # Fills the store, so that all that are timed find it filled.
            clone(made["best single"]).fit(X.iloc[train], y[train])
        for name, model in todo.items():
            row = timed_fit(model, X.iloc[train], y[train])
            ask = model.predict_proba if classes else model.predict
            row = {"loss": score(ask(X.iloc[test])), **row, **learned(model)}
            rows = singles(model, X.iloc[test], score) if name == "Voting" else {}
            rows[name] = row
            for method, row in rows.items():
                yield {"method": method, **row}


# All of them


def run(tables, rows, folds):
    """Append a line a table, fold and method to the results."""
    OUT.parent.mkdir(exist_ok=True)
    known = results(tables, rows, folds)
    for table in tables:
        X, y, task = read(table, rows=rows)
        classes = task != "regression"
        y = y if classes else y.astype(float)
        split = StratifiedKFold if classes else KFold
        outer = split(folds, shuffle=True, random_state=0).split(X, y)
        where = {"table": table, "task": task, "rows": rows, "folds": folds}
        for fold, (train, test) in enumerate(outer):
            start = time.perf_counter()
            here = (known["table"] == table) & (known["fold"] == fold)
            for row in study(X, y, classes, train, test, set(known["method"][here])):
                with OUT.open("a") as file:
                    file.write(json.dumps(where | {"fold": fold} | row) + "\n")
            elapsed = time.perf_counter() - start
            print(f"{table}, fold {fold}: {elapsed:.0f} s", flush=True)


def results(tables, rows, folds):
    """Read what is known of these tables at this size."""
    lines = OUT.read_text().splitlines() if OUT.exists() else []
    found = pd.DataFrame([json.loads(line) for line in lines])
    if found.empty:
        return pd.DataFrame(columns=["table", "fold", "method"])
    same = (found["rows"] == rows) & (found["folds"] == folds)
    return found[same & found["table"].isin(tables)]


# What is printed


def summary(found):
    """Print the tables of the page, as Markdown."""
    each = found.pivot_table(index=["table", "fold"], columns="method", values="loss")
    each = each.dropna(subset=RANKED)  # a stopped run ends within a fold
    losses = each.groupby("table").agg(lambda loss: loss.mean(skipna=False))
    losses = losses.reindex(found["table"].unique()).dropna(how="all")
    tasks = found.groupby("table")["task"].first()
    classes = tasks.loc[losses.index] != "regression"
    show(f"Ranks over {len(losses)} tables", ranking(found, losses, classes))
    print(f"\nCritical difference of mean ranks: {critical_difference(losses):.1f}")
    alone = [f"{name} alone" for name in MEMBERS]
    show("Mean loss of members", best_in_bold(losses[[*alone, "best single"]]))
    show("Loss / best single", best_in_bold(relative(losses, classes)))
    show("One parameter changed", variants(losses))
    print("\n" + guard(found, each))
    show("Mean weights of the Super Learner", weights(found, "Super Learner"))


def critical_difference(losses):
    """By which two mean ranks must differ (Nemenyi, 5%; Demsar, JMLR 7, 2006)."""
    n, k = len(losses), len(RANKED)
    q = studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2)
    return q * np.sqrt(k * (k + 1) / (6 * n))


def ranking(found, losses, classes):
    """Rank each method on every table by its mean loss over the outer folds."""
    ranks = losses[RANKED].rank(axis=1)
    single = losses["best single"]
    cost = found.groupby("method")[["fits", "member_seconds", "own_seconds"]].mean()
    table = pd.DataFrame(
        {
            "mean rank": ranks.mean().round(2),
            "s.e.": (ranks.std() / np.sqrt(len(ranks))).round(2),
            "classes": ranks[classes].mean().round(2),
            "numbers": ranks[~classes].mean().round(2),
            "wins": losses[RANKED].eq(losses[RANKED].min(axis=1), axis=0).sum(),
            "beats best single": losses[RANKED].lt(single, axis=0).sum(),
            "loss / best single": ratio(losses[RANKED], single).round(4),
        }
    )
    table["fits"] = cost["fits"]
    table["members, s"] = cost["member_seconds"].round(2)
    table["rest, s"] = cost["own_seconds"].round(2)
    return table.sort_values("mean rank").rename_axis("method")


def relative(losses, classes):
    """Loss of each method that combines, as a share of the best single member's."""
    table = losses.reindex(columns=[*RANKED[2:], "Stacking, log-odds"])
    table = table.div(losses["best single"], axis=0)
    means = {
        f"mean of {words}": np.exp(np.log(table[chosen]).mean())
        for words, chosen in [("classes", classes), ("numbers", ~classes)]
    }
    both = pd.concat([table, pd.DataFrame(means).T])
    return both.dropna(how="all").rename_axis("table")


def ratio(losses, base):
    """Geometric mean over tables."""
    return np.exp(np.log(losses.div(base, axis=0)).mean())


def variants(losses):
    """Compare each variant with the method that it is made of."""
    rows = []
    for name, base in VARIANTS.items():
        both = losses.reindex(columns=[name, base]).dropna()
        single = losses["best single"][both.index]
        rows.append(
            {
                "variant": name,
                "compared with": base,
                "better on": f"{(both[name] < both[base]).sum()} of {len(both)}",
                "its loss ratio": ratio(both[[name]], both[base])[name].round(4),
                "loss / best single": ratio(both[[name]], single)[name].round(4),
            }
        )
    return pd.DataFrame(rows).set_index("variant")


def guard(found, each):
    """Say how often the guard kept both layers, and how often that was right."""
    chosen = found.dropna(subset="layers").set_index(["table", "fold"])["layers"]
    better = 1 + (each["two layers"] < each["Stacking"])[chosen.index]
    return (
        f"The guard kept two layers in {(chosen == 2).sum()} of {len(chosen)} fits, where "
        f"they were better in {(better == 2).sum()}; it chose rightly in "
        f"{(chosen == better).sum()}."
    )


def weights(found, method):
    given = found[found["method"] == method]
    each = pd.DataFrame(list(given["weights"]), index=given["table"])
    return each.groupby(level=0, sort=False).mean().round(2)


def best_in_bold(losses):
    text = losses.map(lambda loss: "" if pd.isna(loss) else f"{loss:.4f}")
    plain = losses.gt(losses.min(axis=1), axis=0) | losses.isna()
    return text.where(plain, "**" + text + "**")


def show(title, frame):
    """Print a frame as a Markdown table."""
    frame = frame.reset_index()
    lines = [list(frame.columns), ["---"] * frame.shape[1], *frame.to_numpy().tolist()]
    print(f"\n{title}\n")
    for line in lines:
        cells = [
            "" if pd.isna(x) else f"{x:g}" if isinstance(x, float) else str(x)
            for x in line
        ]
        print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=TABLES, metavar="NAME")
    parser.add_argument("--rows", type=int, default=3000, help="of each table, at most")
    parser.add_argument("--folds", type=int, default=5, help="outer folds")
    parser.add_argument("--summary", action="store_true", help="only print")
    given = parser.parse_args()
    warnings.simplefilter("ignore", StackedOverfitWarning)  # the guard's, counted below
    if not given.summary:
        run(given.tables, given.rows, given.folds)
    found = results(given.tables, given.rows, given.folds)
    if found.empty:
        sys.exit(f"{OUT} has nothing on these tables yet: run without --summary.")
    summary(found)


if __name__ == "__main__":
    main()
