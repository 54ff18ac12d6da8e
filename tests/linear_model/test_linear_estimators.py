"""The linear estimators: frames, probabilities, streams, searches, stacks, refusals."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skensemble import (
    LinearClassifier,
    LinearClassifierCV,
    LinearRegressor,
    LinearRegressorCV,
    StackingRegressor,
)
from skensemble.exceptions import DivergedError
from skensemble.linear_model import (
    L1,
    L2,
    Bounded,
    ElasticNetPenalty,
    FirstOrder,
    GroupLasso,
    NonNegative,
)
from skensemble.losses import Huber, LogLoss
from skensemble.optim import Adam, learning_rate_range_test
from skensemble.preprocessing import make_member


def frame(n=120, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "size": rng.normal(50, 10, n),
            "city": pd.Categorical(rng.choice(["a", "b", "c"], n)),
            "kind": rng.choice(["x", "y"], n),
        }
    )
    y = 0.1 * X["size"] + (X["city"] == "b") * 2.0 + rng.normal(size=n)
    return X, y.to_numpy()


@pytest.mark.parametrize(
    ("model", "name", "why"),
    [
        (LinearClassifier("hinge"), "predict_proba", r"Hinge\(\).*such as LogLoss\(\)"),
        (LinearClassifier("hinge"), "predict_log_proba", "no probabilities"),
        (LinearClassifier("hing"), "predict_proba", "did you mean 'hinge'"),
        (LinearRegressor(), "partial_fit", r"requires solver=FirstOrder\(...\), got"),
        (LinearClassifier(), "partial_fit", r"requires solver=FirstOrder\(...\), got"),
    ],
)
def test_missing_methods_give_the_reason(model, name, why):
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': .*{why}"):
        getattr(model, name)


@pytest.mark.parametrize("model", [LinearRegressor(), LinearRegressorCV()], ids=repr)
@pytest.mark.parametrize("columns", [["size", "age"], ["size", "age", "city"]])
def test_columns_with_missing_numbers_are_named(model, columns):
    X, y = frame()
    X = X.assign(age=1.0)[columns]
    fitted = clone(model).fit(X, y)
    X.loc[3, "age"] = np.nan
    says = r"^Input X contains NaN\..*in the column \['age'\].*Imputer.*make_member"
    for method in (model.fit, fitted.predict):
        with pytest.raises(ValueError, match=f"(?s){says}"):
            method(*(X, y)[: 2 if method == model.fit else 1])
    assert len(make_member(model).fit(X, y).predict(X)) == len(y)
    wide = pd.DataFrame(np.full((4, 12), np.nan)).add_prefix("x")
    with pytest.raises(ValueError, match=r"columns \['x0', .*'x9'\] and 2 more"):
        model.fit(wide, y[:4])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.fit(wide.to_numpy(), y[:4])


def test_columns_of_another_order_are_refused():
    X, y = frame()
    model = LinearRegressor().fit(X, y)
    with pytest.raises(ValueError, match="same order as they were in fit"):
        model.predict(X[["city", "size", "kind"]])


def test_categories_are_columns_of_zero_and_one():
    X, y = frame()
    model = LinearRegressor(penalty=L2(0.01)).fit(X, y)
    table = OneHotEncoder(sparse_output=False).fit_transform(X[["city", "kind"]])
    plain = np.column_stack([X["size"], table])
    other = LinearRegressor(penalty=L2(0.01)).fit(plain, y)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-10)
    assert list(model.coef_names_) == [
        "size", "city_a", "city_b", "city_c", "kind_x", "kind_y",
    ]  # fmt: skip
    new = X.iloc[:2].astype({"city": object})
    new.loc[new.index[0], "city"] = "never seen"
    zero = model.intercept_ + new["size"].iloc[0] * model.coef_[0]
    kind = model.coef_[list(model.coef_names_).index(f"kind_{new['kind'].iloc[0]}")]
    assert model.predict(new)[0] == pytest.approx(zero + kind)


def test_groups_of_a_frame_are_its_categories():
    X, y = frame()
    model = LinearRegressor(penalty=GroupLasso(0.15), standardize=True).fit(X, y)
    kept = pd.Series(model.coef_ != 0, index=model.coef_names_)
    assert kept[["city_a", "city_b", "city_c"]].all()
    assert not kept[["kind_x", "kind_y"]].any()
    free = LinearRegressor(penalty=L1(10.0, weights={"city": 0.0})).fit(X, y)
    kept = pd.Series(free.coef_ != 0, index=free.coef_names_)
    assert kept["city_b"]
    assert not kept["size"]


def test_missing_numbers_are_refused_by_name():
    X, y = frame()
    X.loc[3, "size"] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        LinearRegressor().fit(X, y)


def test_weights_of_scikit_learn():
    X, y = frame()
    X = X[["size"]].assign(other=np.arange(len(y)) % 7)
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    ours = LinearRegressor(penalty=L1(0.1)).fit(X, y, weight)
    theirs = Lasso(0.1, tol=1e-12).fit(X, y, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
    label = y > y.mean()
    ours = LinearClassifier(penalty=L2(0.1)).fit(X, label, weight)
    theirs = LogisticRegression(C=1 / (0.1 * weight.sum()), tol=1e-12, max_iter=1000)
    theirs.fit(X, label, weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    balanced = LinearClassifier(penalty=L2(0.1), class_weight="balanced").fit(X, label)
    own = LinearClassifier(LogLoss(class_weight="balanced"), L2(0.1)).fit(X, label)
    np.testing.assert_allclose(balanced.coef_, own.coef_, atol=1e-6)


def test_bounds_are_in_the_units_of_the_data():
    X, y = frame()
    X = X[["size"]]
    for standardize in (False, True):
        penalty = Bounded("none", upper=0.02)
        model = LinearRegressor(penalty=penalty, standardize=standardize).fit(X, y)
        assert model.coef_[0] == pytest.approx(0.02)


def test_losses_without_probabilities_say_so():
    X, y = frame()
    model = LinearClassifier("hinge").fit(X[["size"]], y > y.mean())
    assert not hasattr(model, "predict_proba")
    assert model.decision_function(X[["size"]]).shape == (len(y),)
    assert hasattr(LinearClassifier(), "predict_proba")


def test_searches_reach_every_part():
    X, y = frame()
    grid = {
        "penalty__l1_ratio": [0.1, 0.9],
        "loss__delta": [0.5, 2.0],
    }
    model = LinearRegressor(Huber(), ElasticNetPenalty(0.01))
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert set(search.best_params_) == set(grid)
    solver = FirstOrder(Adam(), epochs=2)
    search = GridSearchCV(
        LinearRegressor(solver=solver, standardize=True, random_state=0),
        {"solver__optimizer__learning_rate": [1e-3, 1e-1]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_["solver__optimizer__learning_rate"] == 0.1
    named = LinearRegressor("huber").set_params(loss__delta=3.0)
    assert named.loss.delta == 3.0


def test_members_and_meta_models():
    X, y = frame()
    X = X[["size"]].assign(code=X["city"].cat.codes)
    stack = StackingRegressor(
        [("ridge", Ridge()), ("lasso", LinearRegressor(penalty="l1"))],
        LinearRegressor(penalty=NonNegative("l2")),
        cv=3,
    ).fit(X, y)
    assert (stack.final_estimator_.coef_ >= 0).all()


def test_warm_start_goes_on():
    X, y = frame()
    X = StandardScaler().fit_transform(X[["size"]])
    model = LinearRegressor("poisson", L2(0.1), "lbfgs", warm_start=True)
    first = model.fit(X, np.exp(y / 10)).n_iter_
    assert model.fit(X, np.exp(y / 10)).n_iter_ < first


def test_streams():
    X, y = frame(2000)
    label = np.where(y > y.mean(), "high", "low")
    X = X[["size"]]
    solver = FirstOrder(Adam(0.05), batch_size=32)
    model = LinearClassifier(solver=solver, standardize=True, random_state=0)
    with pytest.raises(ValueError, match="classes is required"):
        clone(model).partial_fit(X, label)
    for first in range(0, 2000, 200):
        part = slice(first, first + 200)
        model.partial_fit(X[part], label[part], classes=["high", "low"])
    assert model.n_iter_ == 10
    whole = LinearClassifier(penalty=L2(1e-3), standardize=True).fit(X, label)
    assert model.score(X, label) > whole.score(X, label) - 0.02
    with pytest.raises(ValueError, match=r"\['middle'\]"):
        model.partial_fit(X[:1], ["middle"])
    assert not hasattr(LinearClassifier(), "partial_fit")
    numbers = LinearRegressor(solver="first_order", standardize=True)
    assert numbers.partial_fit(X, y).partial_fit(X, y).n_iter_ == 2


def test_a_failed_pass_leaves_the_stream_as_it_was():
    X, y = frame(200)
    X = X[["size"]]
    solver = FirstOrder(Adam(0.05), batch_size=32, averaging=0.9)
    model = LinearRegressor(solver=solver, standardize=True, random_state=0)
    model.partial_fit(X, y)
    other = pickle.loads(pickle.dumps(model))
    before = dict(vars(model))
    with pytest.raises(DivergedError), np.errstate(over="ignore", invalid="ignore"):
        model.partial_fit(X, np.full(len(y), 1e308))
    assert vars(model) == before
    model.partial_fit(X, y)
    other.partial_fit(X, y)
    np.testing.assert_array_equal(model.coef_, other.coef_)
    assert model.n_iter_ == other.n_iter_ == 2


def test_a_failed_fit_leaves_the_model_as_it_was():
    X, y = frame()
    label = np.where(y > y.mean(), "high", "low")
    for model, target in (
        (LinearRegressor(), y),
        (LinearClassifier(), label),
        (LinearRegressorCV(n_alphas=3), y),
        (LinearClassifierCV(n_alphas=3), label),
    ):
        model.fit(X, target)
        before = dict(vars(model))
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            model.fit(X[["size"]], target[:-1])
        assert vars(model) == before


def test_early_stopping_and_resume(tmp_path):
    X, y = frame(400)
    X = X[["size"]]
    path = tmp_path / "run"

    def fit(epochs, **options):
        solver = FirstOrder(Adam(0.05), batch_size=32, epochs=epochs, **options)
        model = LinearRegressor(solver=solver, standardize=True, random_state=0)
        return model.fit(X, y)

    whole = fit(8)
    fit(8, checkpoint=path)
    again = fit(8, checkpoint=path, resume=True)
    np.testing.assert_array_equal(whole.coef_, again.coef_)
    stopped = fit(200, early_stopping=True)
    assert len(stopped.history_) < 200
    assert "validation_loss" in stopped.history_.to_frame()


def test_a_range_test_finds_a_rate_that_works():
    X, y = frame(600)
    label = y > y.mean()
    for optimizer in ("sgd", "adam"):
        model = LinearClassifier(
            solver=FirstOrder(optimizer, batch_size=32),
            standardize=True,
            random_state=0,
        )
        rate = learning_rate_range_test(model, X, label).suggested
        solver = FirstOrder(optimizer, batch_size=32, schedule=rate)
        fitted = model.set_params(solver=solver).fit(X, label)
        exact = LinearClassifier(standardize=True).fit(X, label)
        assert fitted.objective_ < exact.objective_ + 0.01
    with pytest.raises(ValueError, match="solver=FirstOrder"):
        learning_rate_range_test(LinearClassifier(), X, label)


def test_pickles_and_pipelines():
    X, y = frame()
    model = make_pipeline(LinearRegressor("huber", "l1")).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_runs_that_do_not_converge_warn():
    X, y = frame()
    model = LinearRegressor("log_cosh", "l2", "lbfgs", max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        model.fit(X, y)
    assert not model.converged_


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "square"}, "loss='square' is not known"),
        ({"penalty": "l3"}, "penalty='l3' is not known"),
        ({"penalty": L1}, "L1"),
        ({"penalty": L1(-1)}, "alpha=-1"),
        ({"solver": "newton"}, "solver='newton' is not known"),
        ({"solver": FirstOrder}, "FirstOrder is a class"),
        ({"tol": 0}, "tol=0"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"standardize": "yes"}, "standardize='yes'"),
        ({"loss": "log_loss"}, "log_loss|LogLoss"),
        ({"random_state": "a"}, "random_state='a'"),
    ],
)
def test_bad_options_are_refused(options, message):
    X, y = frame(30)
    with pytest.raises(ValueError, match=message):
        LinearRegressor(**options).fit(X[["size"]], y)
