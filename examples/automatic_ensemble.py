"""
A competition in one sitting: load, fit, look, submit
=====================================================

Houses in Ames, Iowa, as on Kaggle: a training table with prices, a test table without,
and a file to hand in. Nothing is prepared by hand.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split

from skensemble import AutoEnsembleRegressor, load, read_manifest, save
from skensemble.datasets import load_ames

# %%
# Load
# ----
# The test table keeps its prices here, to see in the end how well it went.

X, y = load_ames(return_X_y=True)
X = X.assign(Id=np.arange(1, len(X) + 1))
train, test, price, truth = train_test_split(X, y, test_size=1 / 3, random_state=0)
train.iloc[:5, :6]

# %%
# Fit
# ---
# Twenty seconds here, so that this page is built in time; the default is a minute, and
# the error falls with the time. The number of the row is no column to learn from.

features, held_out = train.drop(columns="Id"), test.drop(columns="Id")
auto = AutoEnsembleRegressor(time_limit=20, random_state=0)
auto.fit(features, price)

# %%
# Leaderboard
# -----------
# Scores out of fold, minus the root mean squared error in dollars; the last row is the
# ensemble, scored on rows that its weights had not seen.

auto.leaderboard_.round(1)

# %%
# What was tried, what was kept, and why.

auto.trials()[["layer", "status", "why", "weight", "seconds"]]

# %%
# Weights
# -------

weights = auto.weights_[auto.weights_ > 0].sort_values()
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.barh(weights.index, weights, color="#1b6ca8")
axes.set(xlabel="weight", title="Weights of the members")

# %%
# Importance
# ----------
# How much the error grows when a column of the held-out table is shuffled.

importance = auto.permutation_importance(held_out, truth, n_repeats=2, max_samples=300)
top = importance.head(12)[::-1]
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.barh(top.index, top["importance"], xerr=top["std"], color="#1b6ca8")
axes.set(xlabel="growth of the error in dollars", title="Permutation importance")

# %%
# Submission
# ----------

submission = pd.DataFrame({"Id": test["Id"], "Sale_Price": auto.predict(held_out)})
submission.to_csv("submission.csv", index=False)
submission.head()

# %%
# The file would have scored:

print(f"RMSE {root_mean_squared_error(truth, submission['Sale_Price']):,.0f} dollars")
low, high = auto.predict_quantiles(held_out, (0.1, 0.9)).T
print(
    f"{np.mean((low < truth) & (truth < high)):.0%} of prices lie in their 80% interval"
)

# %%
# The model, to keep
# ------------------
# One file that holds no code; what it is can be read without loading it.

save(auto.refit_best(), "houses.skensemble", X=features)
print(read_manifest("houses.skensemble"))
print(load("houses.skensemble").predict(held_out.head(3)).round())
