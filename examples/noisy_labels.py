"""
Find wrong labels with AdaBoost
===============================

AdaBoost increases the weight of rows that it misclassifies repeatedly. On clean data
these are difficult rows. If some labels are wrong, these are mostly the rows with wrong
labels. Here a tenth of the labels of the breast cancer data set is flipped, and the
weights are used to find the flipped labels.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier

from skensemble import AdaBoostClassifier
from skensemble.display import MarginsDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
flipped = np.random.default_rng(0).choice(len(y), len(y) // 10, replace=False)
noisy = y.to_numpy().copy()
noisy[flipped] = 1 - noisy[flipped]

# %%
# Rows with the largest weights
# -----------------------------

model = AdaBoostClassifier(
    DecisionTreeClassifier(max_depth=2), n_estimators=60, random_state=0
).fit(X, noisy)
suspects = model.suspect_rows(len(flipped))
found = len(set(suspects["position"]) & set(flipped))
print(
    f"{found} of the {len(flipped)} rows with the largest weights have flipped labels"
)
print(suspects.head())

# %%
# Margins
# -------
# The steps of the gentle variant are bounded, so single rows have less influence. The
# margins of the flipped rows stay low, while the margins of the other rows are high.

gentle = AdaBoostClassifier(
    DecisionTreeClassifier(max_depth=2),
    n_estimators=60,
    variant="gentle",
    random_state=0,
).fit(X, noisy)
wrong = np.isin(np.arange(len(y)), flipped)
MarginsDisplay(
    {
        "flipped rows": gentle.margins(X[wrong], noisy[wrong]),
        "other rows": gentle.margins(X[~wrong], noisy[~wrong]),
    }
).plot()
plt.show()
