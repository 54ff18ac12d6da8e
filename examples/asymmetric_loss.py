"""
A custom asymmetric loss with three engines
===========================================

For a seller, a price that is too low costs more than a price that is too high. Here
predictions below the true price cost three times as much. The loss is defined in six
lines of code. It is used to fit LightGBM, XGBoost and boosted ridge regressions.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import GradientBoostingRegressor, Patience, WeakLearner
from skensemble.datasets import load_ames
from skensemble.losses import Loss, LossDisplay, check_loss

# %%
# The loss
# --------


class Asymmetric(Loss):
    def __init__(self, factor=3.0):
        self.factor = factor

    def pointwise(self, y, raw):
        return np.where(y > raw, self.factor, 1.0) * (y - raw) ** 2


LossDisplay.from_losses([Asymmetric(), "squared_error"], y=0)
problems = [
    text
    for text in check_loss(Asymmetric(), raise_error=False)
    if "pickled" not in text
]
print("problems found by check_loss:", problems or "none")

# %%
# Three engines
# -------------
# The target is the logarithm of the price of houses in Ames. A quarter of the houses is
# held out. The validation rows of early stopping are taken from the training rows.

X, y = load_ames(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, np.log(y), test_size=0.25, random_state=0)
numbers = X.select_dtypes("number").columns

shared = {"n_estimators": 500, "early_stopping": Patience(20), "random_state": 0}
models = {
    "LightGBM": lambda loss: GradientBoostingRegressor(loss=loss, **shared),
    "XGBoost": lambda loss: GradientBoostingRegressor(
        loss=loss, engine="xgboost", **shared
    ),
    "ridge": lambda loss: make_pipeline(
        StandardScaler(),
        GradientBoostingRegressor(loss=loss, engine=WeakLearner(Ridge(10.0)), **shared),
    ),
}
score = Asymmetric().scorer()
too_low = {}
for name, make in models.items():
    columns = numbers if name == "ridge" else X.columns
    for loss in ("squared_error", Asymmetric()):
        model = make(loss).fit(X[columns], y)
        predicted = model.predict(X_test[columns])
        too_low[name, str(loss)] = np.mean(predicted < y_test)
        cost = -score(model, X_test[columns], y_test)
        print(
            f"{name:9} {loss!s:17} asymmetric loss {cost:.4f}, "
            f"{np.mean(predicted < y_test):.0%} predicted too low"
        )

# %%
# With the asymmetric loss, fewer predictions are too low, and the asymmetric loss on
# held-out houses is smaller.

fig, ax = plt.subplots(layout="constrained")
ax.barh([f"{a}, {b}" for a, b in too_low], list(too_low.values()))
ax.axvline(0.5, color="grey", linewidth=0.8)
ax.set(xlabel="share of held-out houses predicted too low")
plt.show()
