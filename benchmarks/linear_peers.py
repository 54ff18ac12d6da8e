"""Objectives reached beside other libraries, on six problems: docs/benchmarks.md.

Run as ``python benchmarks/linear_peers.py``. It needs glum and skglm beside the tests'
requirements; what is not installed is left out. Every peer is run to its tightest
useful tolerance, and its coefficients are scored by one objective, mean of the loss +
penalty.
"""

import importlib.util
import warnings

import numpy as np
import scipy.sparse as sp
from _tables import codes, read
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    TweedieRegressor,
)
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skensemble import LinearClassifier, LinearRegressor
from skensemble.linear_model import L1, L2, ElasticNetPenalty
from skensemble.losses import (
    Gamma,
    Hinge,
    Huber,
    LogLoss,
    Poisson,
    Quantile,
    SquaredError,
    SquaredHinge,
    Tweedie,
)

TIGHT = {"tol": 1e-10, "max_iter": 100_000}


def has(library):
    return importlib.util.find_spec(library) is not None


def wide(rng):
    """More columns than rows: 200 x 1,000."""
    X = rng.normal(size=(200, 1000))
    return X, X[:, :10] @ np.arange(1, 11.0) + rng.normal(size=200) * 3


def collinear(rng):
    """Sixty columns that are five and a little noise."""
    Z = rng.normal(size=(1000, 5))
    X = Z @ rng.normal(size=(5, 60)) + 1e-3 * rng.normal(size=(1000, 60))
    return X, Z[:, 0] * 2 - Z[:, 1] + rng.normal(size=1000)


def badly_scaled(rng):
    """Columns of sizes from 0.001 to 1,000, and counts."""
    scale = np.logspace(-3, 3, 30)
    Z = rng.normal(size=(3000, 30))
    y = rng.poisson(np.exp(0.3 * Z[:, 0] - 0.2 * Z[:, 15] + 0.5))
    return Z * scale, y


def text(rng):
    """Words of the names on the Titanic, repeated with others: sparse."""
    X, y, _ = read("titanic")
    column = next(c for c in X.columns if str(c).lower() == "name")
    words = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(X[column].fillna(""))
    return sp.csr_matrix(words), np.unique(y, return_inverse=True)[1]


def houses(rng):
    """Prices in Ames, in units of their deviation."""
    X, y, _ = read("ames")
    X = StandardScaler().fit_transform(np.nan_to_num(codes(X)))
    y = np.asarray(y, dtype=float)
    return X[:, X.std(axis=0) > 0], y / y.std()


def churn(rng):
    """Customers of a telephone company."""
    X, y, _ = read("telco_churn")
    X = StandardScaler().fit_transform(np.nan_to_num(codes(X)))
    return X[:, X.std(axis=0) > 0], np.unique(y, return_inverse=True)[1]


class Theirs:
    """Coefficients of a peer."""

    def __init__(self, model, factor=1.0):
        self.coef = factor * np.ravel(model.coef_)
        self.intercept = float(np.ravel(getattr(model, "intercept_", 0.0))[0] * factor)


def objective(loss, penalty, X, y, coef, intercept):
    raw = X @ coef + intercept
    alpha = getattr(penalty, "alpha", 0.0)
    mixing = {L1: 1.0, L2: 0.0}.get(type(penalty), getattr(penalty, "l1_ratio", 0.0))
    size = mixing * np.abs(coef).sum() + (1 - mixing) * coef @ coef / 2
    return loss.value(y, raw) + alpha * size


def cases(rng):
    """Give name, X, y, loss, penalty, intercept and peers of each comparison."""
    X, y = wide(rng)
    n = len(y)
    yield "wide", X, y, SquaredError(), L1(1.0), True, {
        "Lasso": lambda: Lasso(1.0, **TIGHT).fit(X, y),
        **skglm("Lasso", X, y, alpha=1.0),
        **glum("gaussian", X, y, 1.0, 1.0),
    }  # fmt: skip
    yield "wide", X, y, SquaredError(), L2(0.5), True, {
        "Ridge": lambda: Ridge(0.5 * n, solver="cholesky").fit(X, y),
        **glum("gaussian", X, y, 0.5, 0.0),
    }  # fmt: skip
    A, b = collinear(rng)
    m = len(b)
    yield "collinear", A, b, SquaredError(), ElasticNetPenalty(0.1, 0.5), True, {
        "ElasticNet": lambda: ElasticNet(0.1, l1_ratio=0.5, **TIGHT).fit(A, b),
        **skglm("ElasticNet", A, b, alpha=0.1, l1_ratio=0.5),
        **glum("gaussian", A, b, 0.1, 0.5),
    }  # fmt: skip
    yield "collinear", A, b, SquaredError(), L2(1e-4), True, {
        "Ridge": lambda: Ridge(1e-4 * m, solver="svd").fit(A, b),
    }  # fmt: skip
    S, c = badly_scaled(rng)
    for loss, family, peer in (
        (Poisson(), "poisson", PoissonRegressor),
        (Tweedie(1.5), "tweedie (1.5)", TweedieRegressor),
    ):
        more = {} if peer is PoissonRegressor else {"power": 1.5, "link": "log"}
        options = {"alpha": 0.1, "solver": "newton-cholesky", "tol": 1e-10, **more}
        yield "badly scaled", S, c, loss, L2(0.1), True, {
            peer.__name__: lambda peer=peer, options=options: peer(**options).fit(S, c),
            **glum(family, S, c, 0.1, 0.0),
        }  # fmt: skip
    yield "badly scaled", S, c + 0.5, Gamma(), L2(0.1), True, {
        "GammaRegressor": lambda: GammaRegressor(
            alpha=0.1, solver="newton-cholesky", tol=1e-10
        ).fit(S, c + 0.5),
        **glum("gamma", S, c + 0.5, 0.1, 0.0),
    }  # fmt: skip
    T, k = text(rng)
    t = len(k)
    for alpha in (0.001, 0.005):
        yield "sparse text", T, k, LogLoss(), L1(alpha), False, {
            "LogisticRegression (liblinear)": lambda alpha=alpha: LogisticRegression(
                l1_ratio=1, C=1 / (alpha * t), solver="liblinear",
                fit_intercept=False, **TIGHT,
            ).fit(T, k),
            **skglm("SparseLogisticRegression", T, k, alpha=alpha, fit_intercept=False),
            **glum("binomial", T, k, alpha, 1.0, fit_intercept=False),
        }  # fmt: skip
    H, p = houses(rng)
    h = len(p)
    huber = HuberRegressor(alpha=1e-3 * h, max_iter=10_000, tol=1e-8).fit(H, p)
    scale = float(huber.scale_)
    # Its scale is fitted too; at that scale it minimises ours, times 2 n / scale.
    yield "houses", H, p, Huber(huber.epsilon * scale), L2(1e-3 * scale), True, {
        "HuberRegressor": lambda: huber,
    }  # fmt: skip
    yield "houses", H, p, Quantile(0.8), L1(0.01), True, {
        "QuantileRegressor": lambda: QuantileRegressor(quantile=0.8, alpha=0.01).fit(H, p),
    }  # fmt: skip
    C, d = churn(rng)
    q = len(d)
    yield "churn", C, d, LogLoss(), L2(0.01), True, {
        "LogisticRegression": lambda: LogisticRegression(
            C=1 / (0.01 * q), solver="newton-cholesky", tol=1e-12
        ).fit(C, d),
        **glum("binomial", C, d, 0.01, 0.0),
    }  # fmt: skip
    for loss, name in ((Hinge(), "hinge"), (SquaredHinge(), "squared_hinge")):
        yield "churn", C, d, loss, L2(0.01), False, {
            f"LinearSVC ({name})": lambda name=name: LinearSVC(
                C=1 / (0.01 * q), loss=name, fit_intercept=False, tol=1e-10,
                max_iter=1_000_000, random_state=0,
            ).fit(C, d),
        }  # fmt: skip


def skglm(kind, X, y, **options):
    if not has("skglm"):
        return {}
    import skglm

    model = getattr(skglm, kind)(tol=1e-12, **options)
    signs = 2 * y - 1 if kind == "SparseLogisticRegression" else y
    design = X.tocsc() if sp.issparse(X) else np.asfortranarray(X)
    return {f"skglm {kind}": lambda: model.fit(design, signs)}


def glum(family, X, y, alpha, l1_ratio, fit_intercept=True):
    if not has("glum"):
        return {}
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family=family,
        link="log" if family.startswith(("poisson", "gamma", "tweedie")) else "auto",
        alpha=alpha,
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        gradient_tol=1e-10,
        max_iter=1000,
    )
    return {"glum": lambda: model.fit(X, y)}


def main():
    print("| problem | loss | penalty | peer | ours | (ours - theirs) / theirs |")
    print("|---|---|---|---|---|---|")
    worst = -np.inf
    for name, X, y, loss, penalty, intercept, peers in cases(np.random.default_rng(0)):
        classes = isinstance(loss, LogLoss | Hinge | SquaredHinge)
        kind = LinearClassifier if classes else LinearRegressor
        model = kind(
            loss, penalty, fit_intercept=intercept, tol=1e-9, max_iter=100_000
        ).fit(X, y)
        own = Theirs(model)
        ours = objective(loss, penalty, X, y, own.coef, own.intercept)
        for peer, fit in peers.items():
            found = Theirs(fit())
            theirs = objective(loss, penalty, X, y, found.coef, found.intercept)
            worst = max(worst, (ours - theirs) / abs(theirs))
            print(
                f"| {name} | {loss} | {penalty} | {peer} | {ours:.8g} | "
                f"{(ours - theirs) / abs(theirs):+.1e} |",
                flush=True,
            )
    print(f"\nLargest: {worst:+.1e}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
