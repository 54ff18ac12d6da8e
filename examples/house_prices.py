"""
House prices, from the raw table to a stack
===========================================

This study predicts the prices of 2,930 houses in Ames, Iowa, from 73 numeric and text
columns. A third of the houses is held out. The study compares five different models,
their weighted average, and a stack.

* Every member is a Pipeline with its own preprocessing of the same data frame, by
  column name. The linear model uses logarithms, polynomial terms and one-hot columns.
  The trees use integer codes.
* The effects of features on prices are multiplicative: a garage raises the price by a
  percentage, not by an amount in dollars. The members and the meta model are therefore
  fitted on the logarithm of the price. They predict dollars.
* XGBoost selects its number of trees by early stopping on a split *inside* its training
  rows. The rows of its out-of-fold predictions are never used for early stopping.
* All comparisons use the same out-of-fold and held-out rows. They use several splits,
  because one split is not conclusive.

`AutoEnsembleRegressor` is fitted on the raw table with a time limit of one minute.

The figures and predictions are written to ``out/`` in the current directory. The
options are ``--seeds 1`` for a quick run, ``--jobs`` for the number of processes, and
``--automatic`` for the time limit of the automatic ensemble in seconds.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.callback import ProgressBar
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_selection import (
    SelectFromModel,
    SelectPercentile,
    VarianceThreshold,
    f_regression,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_predict,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import SVR
from xgboost import XGBRegressor

from skensemble import AutoEnsembleRegressor, StackingRegressor
from skensemble.datasets import load_ames

SKEWED = [
    "Lot_Area",
    "Lot_Frontage",
    "Gr_Liv_Area",
    "First_Flr_SF",
    "Second_Flr_SF",
    "Total_Bsmt_SF",
    "Bsmt_Unf_SF",
    "Garage_Area",
    "Mas_Vnr_Area",
    "Wood_Deck_SF",
    "Open_Porch_SF",
]
INTERACTING = [
    "Gr_Liv_Area",
    "Total_Bsmt_SF",
    "Lot_Area",
    "Garage_Cars",
    "Year_Built",
    "Year_Remod_Add",
]


# %%
# The data
# --------
# A frontage of zero feet means that it was not measured. It is treated as a missing
# value, which is imputed with the median.


@dataclass(frozen=True)
class Houses:
    """Training houses and held-out houses."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series


def load_houses():
    """Return the houses and their prices in dollars."""
    X, y = load_ames(return_X_y=True)
    frontage = X["Lot_Frontage"].astype(float)
    return X.assign(Lot_Frontage=frontage.replace(0.0, np.nan)), y.astype(float)


def hold_out(X, y, seed):
    """Hold out a third of the houses."""
    return Houses(*train_test_split(X, y, test_size=1 / 3, random_state=seed))


def column_kinds(X):
    """Return the names of the skewed, the other numeric and the text columns."""
    numeric = list(X.select_dtypes("number"))
    words = [name for name in X if name not in numeric]
    return SKEWED, [name for name in numeric if name not in SKEWED], words


# %%
# Two kinds of preprocessing
# --------------------------


def smooth_features(X):
    """Imputation, logarithms, polynomial terms, scaling, and one-hot columns."""
    skewed, plain, words = column_kinds(X)
    median = SimpleImputer(strategy="median")
    logarithm = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
    curves = PolynomialFeatures(degree=2, include_bias=False)
    one_hot = OneHotEncoder(
        min_frequency=10, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    return ColumnTransformer(
        [
            ("skewed", make_pipeline(median, logarithm, StandardScaler()), skewed),
            ("plain", make_pipeline(median, StandardScaler()), plain),
            ("curves", make_pipeline(median, StandardScaler(), curves), INTERACTING),
            ("words", one_hot, words),
        ]
    ).set_output(transform="pandas")


def coded_features(X):
    """Imputation, and one integer code per text, which is sufficient for trees."""
    skewed, plain, words = column_kinds(X)
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1
    )
    return ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median"), skewed + plain),
            ("words", codes, words),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")


def on_log_price(*steps):
    """Return a Pipeline that is fitted on the log price and predicts dollars."""
    return TransformedTargetRegressor(
        make_pipeline(*steps), func=np.log1p, inverse_func=np.expm1
    )


# %%
# The members
# -----------


class EarlyStoppedXGB(XGBRegressor):
    """XGBoost with early stopping on a part of its *own* training rows."""

    def fit(self, X, y):
        """Fit until the error on the validation rows stops falling."""
        X_fit, X_stop, y_fit, y_stop = train_test_split(
            X, y, test_size=0.15, random_state=self.random_state
        )
        return super().fit(X_fit, y_fit, eval_set=[(X_stop, y_stop)], verbose=False)


def xgboost_member(X, seed):
    """Gradient boosting with early stopping."""
    model = EarlyStoppedXGB(
        n_estimators=1500,
        early_stopping_rounds=40,
        learning_rate=0.05,
        max_depth=4,
        subsample=0.8,
        colsample_bytree=0.4,
        n_jobs=1,
        random_state=seed,
    )
    return on_log_price(coded_features(X), model)


def lightgbm_member(X, seed):
    """Gradient boosting with small leaves, each tree on a third of the columns."""
    model = LGBMRegressor(
        n_estimators=500,
        learning_rate=0.03,
        num_leaves=12,
        min_child_samples=10,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.3,
        n_jobs=1,
        verbose=-1,
        random_state=seed,
    )
    return on_log_price(coded_features(X), model)


def extra_trees_member(X, seed):
    """Extra trees on the columns that are important in a first, smaller forest."""
    scout = ExtraTreesRegressor(n_estimators=20, random_state=seed)
    model = ExtraTreesRegressor(n_estimators=100, max_features=0.3, random_state=seed)
    chosen = SelectFromModel(scout, threshold="0.25*median")
    return on_log_price(coded_features(X), chosen, model)


def elastic_net_member(X):
    """Linear model on the columns that correlate with the logarithm of the price."""
    chosen = SelectPercentile(f_regression, percentile=90)
    model = ElasticNet(alpha=0.0005, l1_ratio=0.5, tol=0.001, max_iter=5000)
    return on_log_price(smooth_features(X), VarianceThreshold(), chosen, model)


def kernel_member(X):
    """Support vector regression with a wide kernel."""
    model = SVR(C=0.5, gamma=0.0005, epsilon=0.05)
    return on_log_price(
        smooth_features(X), VarianceThreshold(), StandardScaler(), model
    )


def build_members(X, seed, tuned):
    """Return the five members as ``(name, estimator)`` pairs."""
    return [
        ("xgboost", xgboost_member(X, seed).set_params(**tuned)),
        ("lightgbm", lightgbm_member(X, seed)),
        ("extra trees", extra_trees_member(X, seed)),
        ("elastic net", elastic_net_member(X)),
        ("kernel", kernel_member(X)),
    ]


# %%
# Tuning with a random search and a grid search around its best point
# -------------------------------------------------------------------

KNOB = "regressor__earlystoppedxgb__"


def tune_xgboost(X, y, seed, jobs):
    """Return the best depth, learning rate and row share for XGBoost."""
    shared = {
        "cv": KFold(3, shuffle=True, random_state=seed),
        "scoring": "neg_root_mean_squared_error",
        "n_jobs": jobs,
        "refit": False,
    }
    wide = RandomizedSearchCV(
        xgboost_member(X, seed),
        {
            f"{KNOB}max_depth": randint(3, 7),
            f"{KNOB}learning_rate": loguniform(0.01, 0.3),
            f"{KNOB}subsample": uniform(0.8, 0.2),
        },
        n_iter=8,
        random_state=seed,
        **shared,
    ).fit(X, y)
    narrow = GridSearchCV(
        xgboost_member(X, seed), grid_around(wide.best_params_), **shared
    ).fit(X, y)
    return narrow.best_params_


def grid_around(best):
    """Return a grid around a point, within the limits of the random search."""
    depth, rate = best[f"{KNOB}max_depth"], best[f"{KNOB}learning_rate"]
    depths, rates = {depth - 1, depth, depth + 1}, {rate / 1.5, rate}
    return {
        f"{KNOB}max_depth": sorted(depths & {3, 4, 5, 6}),
        f"{KNOB}learning_rate": sorted(max(0.01, rate) for rate in rates),
        f"{KNOB}subsample": [best[f"{KNOB}subsample"]],
    }


# %%
# Two combinations of the members
# -------------------------------
# Both are fitted on the matrix of out-of-fold predictions, with one column per member.


class InverseErrorAverage(RegressorMixin, BaseEstimator):
    """Average of the columns, each weighted by one over its mean squared error."""

    def fit(self, X, y):
        """Compute the weights of the columns from their errors."""
        errors = np.mean((np.asarray(X) - np.asarray(y)[:, None]) ** 2, axis=0)
        self.weights_ = (1 / errors) / np.sum(1 / errors)
        return self

    def predict(self, X):
        """Return the weighted average of the columns."""
        return np.asarray(X) @ self.weights_


def linear_meta_model():
    """Return a non-negative linear model from log predictions to the log price."""
    return on_log_price(FunctionTransformer(np.log1p), LinearRegression(positive=True))


# %%
# The study of one split
# ----------------------


@dataclass(frozen=True)
class Study:
    """A fitted stack with predictions in dollars, one column per model."""

    houses: Houses
    stack: StackingRegressor
    out_of_fold: pd.DataFrame
    held_out: pd.DataFrame
    seconds: pd.Series


def study_split(houses, seed, tuned, jobs):
    """Fit the stack on one split and predict the held-out houses."""
    folds = KFold(5, shuffle=True, random_state=seed)
    stack = StackingRegressor(
        build_members(houses.X_train, seed, tuned),
        linear_meta_model(),
        cv=folds,
        n_jobs=jobs,
    ).set_callbacks(ProgressBar())
    started = time.perf_counter()
    stack.fit(houses.X_train, houses.y_train)
    elapsed = time.perf_counter() - started
    out_of_fold, held_out = member_predictions(stack, houses)
    return Study(
        houses,
        stack,
        *combine(stack, out_of_fold, held_out, houses, folds),
        member_seconds(stack, elapsed),
    )


def member_predictions(stack, houses):
    """Return the members' out-of-fold and held-out predictions."""
    names = [name for name, _ in stack.estimators]
    out_of_fold = {name: stack.oof_[name] for name in names}
    fitted = stack.named_estimators_
    held_out = {name: fitted[name].predict(houses.X_test) for name in names}
    return (
        pd.DataFrame(out_of_fold, index=houses.X_train.index),
        pd.DataFrame(held_out, index=houses.X_test.index),
    )


def combine(stack, out_of_fold, held_out, houses, folds):
    """Add the columns of the weighted average and of the stack.

    The out-of-fold predictions of the two combinations are cross-validated as well, so
    no house is used to fit the weights that predict its own price.
    """
    average, meta, y = InverseErrorAverage(), stack.final_estimator, houses.y_train
    crossed = {
        "weighted average": cross_val_predict(average, out_of_fold, y, cv=folds),
        "stack": cross_val_predict(clone(meta), out_of_fold, y, cv=folds),
    }
    unseen = {
        "weighted average": average.fit(out_of_fold, y).predict(held_out),
        "stack": stack.predict(houses.X_test),
    }
    return out_of_fold.assign(**crossed), held_out.assign(**unseen)


def member_seconds(stack, elapsed):
    """Return the seconds of all fits per member, and the wall time of the stack.

    The weighted average needs the same fits, so it has the same time.
    """
    members = [name for name, _ in stack.estimators]
    seconds = stack.leaderboard_.loc[members, "fit_seconds"]
    both = pd.Series({"weighted average": elapsed, "stack": elapsed})
    return pd.concat([seconds, both])


# %%
# The automatic ensemble
# ----------------------
# It needs no preprocessing and no tuning, only the raw table and a time limit.


def with_automatic(study, seconds, seed, jobs):
    """Add the columns of an automatic ensemble to a study."""
    houses, started = study.houses, time.perf_counter()
    auto = AutoEnsembleRegressor(seconds, n_jobs=jobs, random_state=seed)
    auto.fit(houses.X_train, houses.y_train)
    print(auto.trials()[["status", "score", "weight", "seconds"]].round(2).to_string())
    took = time.perf_counter() - started
    return replace(
        study,
        out_of_fold=study.out_of_fold.assign(automatic=auto.ensemble_oof_),
        held_out=study.held_out.assign(automatic=auto.predict(houses.X_test)),
        seconds=pd.concat([study.seconds, pd.Series({"automatic": took})]),
    )


# %%
# Results
# -------


def measure(y, predictions, prefix):
    """Return RMSE, MAE and R² of every column of predictions."""
    scores = {
        name: {
            f"{prefix} RMSE": root_mean_squared_error(y, column),
            f"{prefix} MAE": mean_absolute_error(y, column),
            f"{prefix} R2": r2_score(y, column),
        }
        for name, column in predictions.items()
    }
    return pd.DataFrame(scores).T


def leaderboard(study):
    """Return one row per model, sorted by the held-out RMSE."""
    board = pd.concat(
        [
            measure(study.houses.y_train, study.out_of_fold, "CV"),
            measure(study.houses.y_test, study.held_out, "held-out"),
            study.seconds.rename("seconds"),
        ],
        axis=1,
    )
    return board.sort_values("held-out RMSE")


def print_leaderboard(board):
    """Print the leaderboard, with dollars rounded to integers."""
    formats = {
        name: "{:.4f}" if name.endswith("R2") else "{:,.0f}" for name in board.columns
    }
    formats["seconds"] = "{:.1f}"
    shown = {name: board[name].map(form.format) for name, form in formats.items()}
    print(pd.DataFrame(shown).to_string())


def column_importances(study, seed, top=15):
    """Return the increase of the held-out RMSE in dollars when a column is permuted.

    Only the columns with the highest importance in XGBoost are permuted. The
    predictions are those of the stack.
    """
    pipeline = study.stack.named_estimators_["xgboost"].regressor_
    used = pd.Series(
        pipeline[-1].feature_importances_, pipeline[0].get_feature_names_out()
    )
    X, y = study.houses.X_test, study.houses.y_test
    base = root_mean_squared_error(y, study.held_out["stack"])
    rng = np.random.default_rng(seed)
    growth = {}
    for name in used.nlargest(top).index:
        shuffled = X.assign(**{name: X[name].iloc[rng.permutation(len(X))].to_numpy()})
        growth[name] = root_mean_squared_error(y, study.stack.predict(shuffled)) - base
    return pd.Series(growth).sort_values()


def draw_leaderboard(board, path):
    """Draw the cross-validated and the held-out RMSE side by side."""
    columns = board[["held-out RMSE", "CV RMSE"]].iloc[::-1]
    axes = columns.plot.barh(figsize=(8, 4.5), color=["#1b6ca8", "#b8cfe0"])
    axes.set(xlabel="RMSE in dollars (less is better)", title="Errors of the models")
    save(axes.figure, path)


def draw_predictions(study, path):
    """Draw predicted against true prices of the held-out houses."""
    y, predicted = study.houses.y_test, study.held_out["stack"]
    figure, axes = plt.subplots(figsize=(6, 6))
    axes.scatter(y, predicted, s=8, alpha=0.4)
    axes.axline((y.median(), y.median()), slope=1, color="black", linewidth=1)
    axes.set(
        xlabel="true price in dollars",
        ylabel="price predicted by the stack",
        title=f"{len(y)} held-out houses",
    )
    save(figure, path)


def draw_importances(importances, path):
    """Draw the permutation importance of columns for the stack."""
    figure, axes = plt.subplots(figsize=(8, 5))
    axes.barh(importances.index, importances, color="#1b6ca8")
    axes.set(
        xlabel="growth of held-out RMSE when the column is shuffled, in dollars",
        title="Permutation importance for the stack",
    )
    save(figure, path)


def save(figure, path):
    """Write the figure to disk and keep it open for the gallery."""
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def write_results(study, board, seed, folder):
    """Write the figures and the held-out predictions, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    draw_leaderboard(board, folder / "leaderboard.png")
    draw_predictions(study, folder / "predicted_vs_true.png")
    draw_importances(
        column_importances(study, seed), folder / "feature_importances.png"
    )
    table = study.held_out.assign(Sale_Price=study.houses.y_test)
    table.round(2).to_csv(folder / "predictions.csv", index_label="house")
    return folder.resolve()


# %%
# Comparison on several splits
# ----------------------------
# On every split the stack is compared with the member that is best on the held-out
# houses. This is a strict comparison, because that member is not known in advance.


def duel(study):
    """Return the held-out RMSE of the best member, the average and the stack."""
    errors = measure(study.houses.y_test, study.held_out, "held-out")["held-out RMSE"]
    members = errors[[name for name, _ in study.stack.estimators]]
    return {
        "best member": members.idxmin(),
        "its RMSE": members.min(),
        "weighted average": errors["weighted average"],
        "stack": errors["stack"],
    }


def print_duels(duels):
    """Print the comparisons, and the number of splits on which the stack is better."""
    table = pd.DataFrame(duels).T.rename_axis("seed")
    print(table.to_string(float_format="{:,.0f}".format))
    wins = int((table["stack"] < table["its RMSE"]).sum())
    print(f"The stack beats the best single member in {wins} of {len(table)} seeds.")


def parse_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description="A stack on the Ames house prices")
    parser.add_argument("--seeds", type=int, default=5, help="number of splits")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=-1, help="number of processes")
    parser.add_argument(
        "--automatic",
        type=float,
        default=60,
        help="seconds of the automatic ensemble; 0: not fitted",
    )
    parser.add_argument("--out", type=Path, default=Path("out"), help="results folder")
    return parser.parse_args()


def main():
    """Run the complete study on one split, and the comparison on the others.

    XGBoost is tuned on the training rows of the first split only. The other splits
    reuse its parameters, which depend on some of their held-out houses. Their errors
    may therefore be slightly optimistic for XGBoost and for the stack.
    """
    started, options = time.perf_counter(), parse_options()
    X, y = load_houses()
    first = options.first_seed
    houses = hold_out(X, y, first)
    print(f"{len(houses.y_train)} training houses, {len(houses.y_test)} held out")

    tuned = tune_xgboost(houses.X_train, houses.y_train, first, options.jobs)
    print("XGBoost, tuned:", {k.removeprefix(KNOB): v for k, v in tuned.items()})

    study = study_split(houses, first, tuned, options.jobs)
    if options.automatic:
        study = with_automatic(study, options.automatic, first, options.jobs)
    board = leaderboard(study)
    print_leaderboard(board)
    print(
        f"Pictures and predictions: {write_results(study, board, first, options.out)}"
    )

    duels = {first: duel(study)}
    for seed in range(first + 1, first + options.seeds):
        other = study_split(hold_out(X, y, seed), seed, tuned, options.jobs)
        duels[seed] = duel(other)
    print_duels(duels)
    print(f"{time.perf_counter() - started:.0f} seconds in all")


if __name__ == "__main__":
    main()
