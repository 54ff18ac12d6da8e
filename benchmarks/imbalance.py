"""Log loss, class weights and focal loss on imbalanced tables.

``python benchmarks/imbalance.py`` prints the tables of `docs/benchmarks.md`.
"""

import numpy as np
import pandas as pd
from _tables import codes, read
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    roc_auc_score,
)
from sklearn.model_selection import cross_val_predict, train_test_split

from skensemble import GradientBoostingClassifier, Patience
from skensemble.losses import Focal, LogLoss

TABLES = ["give_me_some_credit", "sick_thyroid"]
LOSSES = {
    "log loss": LogLoss(),
    "log loss, balanced": LogLoss(class_weight="balanced"),
    "log loss, smoothing 0.05": LogLoss(label_smoothing=0.05),
    "focal, gamma 1": Focal(1.0),
    "focal, gamma 2": Focal(2.0),
    "focal, gamma 2, alpha 0.25": Focal(2.0, 0.25),
    "focal, gamma 2, alpha 0.9": Focal(2.0, 0.9),
}


def scores(y, p):
    return {
        "AUC": roc_auc_score(y, p),
        "average precision": average_precision_score(y, p),
        "log loss": log_loss(y, p),
        "Brier": brier_score_loss(y, p),
        "mean p": p.mean(),
        "F1 at 0.5": f1_score(y, p > 0.5),
        "best F1": max(
            f1_score(y, p > t) for t in np.quantile(p, np.linspace(0.5, 0.995, 60))
        ),
    }


def study(X, y):
    rows = []
    for name, loss in LOSSES.items():
        model = GradientBoostingClassifier(
            loss=loss,
            n_estimators=300,
            early_stopping=Patience(20),
            random_state=0,
        )
        for seed in range(3):
            Xa, Xb, a, b = train_test_split(X, y, stratify=y, random_state=seed)
            p = model.fit(Xa, a).predict_proba(Xb)[:, 1]
            rows.append({"loss": name, **scores(b, p)})
            if name in ("log loss, balanced", "focal, gamma 2"):
                oof = cross_val_predict(model, Xa, a, cv=3, method="predict_proba")[
                    :, 1
                ]
                map_ = IsotonicRegression(
                    out_of_bounds="clip", y_min=1e-4, y_max=1 - 1e-4
                )
                rows.append(
                    {
                        "loss": f"{name}, calibrated",
                        **scores(b, map_.fit(oof, a).predict(p)),
                    }
                )
    return pd.DataFrame(rows).groupby("loss", sort=False).mean()


def main():
    for table in TABLES:
        frame, y, _ = read(table, rows=30_000)
        y = np.unique(y, return_inverse=True)[1]
        y = 1 - y if y.mean() > 0.5 else y
        print(f"\n{table}: {len(y)} rows, {y.mean():.1%} in class 1")
        print(study(codes(frame), y).round(4).to_string())


if __name__ == "__main__":
    main()
