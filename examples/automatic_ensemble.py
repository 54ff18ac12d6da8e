"""
A competition with the automatic ensemble
=========================================

This example has the form of a Kaggle competition on house prices in Ames, Iowa. There
is a training table with prices, a test table without prices, and a file to submit. The
tables are not preprocessed by hand.
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
# The prices of the test table are kept aside to score the predictions at the end.

X, y = load_ames(return_X_y=True)
X = X.assign(Id=np.arange(1, len(X) + 1))
train, test, price, truth = train_test_split(X, y, test_size=1 / 3, random_state=0)
train.iloc[:5, :6]

# %%
# Fit
# ---
# The time limit is 20 seconds, so that this page is built quickly. The default is 60
# seconds, and more time gives a smaller error. The identifier of a row is not a
# feature.

features, held_out = train.drop(columns="Id"), test.drop(columns="Id")
auto = AutoEnsembleRegressor(time_limit=20, random_state=0)
auto.fit(features, price)

# %%
# Leaderboard
# -----------
# The scores are out-of-fold scores: minus the root mean squared error in dollars. The
# last row is the ensemble. It is scored on rows that were not used to fit its weights.

auto.leaderboard_.round(1)

# %%
# The table of trials shows all candidate members, and why they were kept or left out.

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
# The importance is the increase of the error when a column of the held-out table is
# permuted.

importance = auto.permutation_importance(held_out, truth, n_repeats=2, max_samples=300)
top = importance.head(12)[::-1]
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.barh(top.index, top["importance"], xerr=top["std"], color="#1b6ca8")
axes.set(xlabel="increase of the error in dollars", title="Permutation importance")

# %%
# Submission
# ----------

submission = pd.DataFrame({"Id": test["Id"], "Sale_Price": auto.predict(held_out)})
submission.to_csv("submission.csv", index=False)
submission.head()

# %%
# The score of the submission:

print(f"RMSE {root_mean_squared_error(truth, submission['Sale_Price']):,.0f} dollars")
low, high = auto.predict_quantiles(held_out, (0.1, 0.9)).T
print(
    f"{np.mean((low < truth) & (truth < high)):.0%} of prices lie in their 80% prediction interval"
)

# %%
# Save the model
# --------------
# The model is saved in one file without code. Its manifest can be read without loading
# it.

save(auto.refit_best(), "houses.skensemble", X=features)
print(read_manifest("houses.skensemble"))
print(load("houses.skensemble").predict(held_out.head(3)).round())
