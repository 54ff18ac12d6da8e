"""What each kind of learner is given, and what new rows may look like."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble.datasets import load_ames
from skensemble.preprocessing import TableEncoder

STYLES = ("trees", "catboost", "forests", "linear", "neighbors", "neural")
FRAMES = ("trees", "catboost")
N = 300


def _table(seed=0):
    rng = np.random.default_rng(seed)
    size = pd.CategoricalDtype(["S", "M", "L"], ordered=True)
    adjectives = ["red", "old", "big", "odd"]
    frame = pd.DataFrame(
        {
            "area": rng.lognormal(size=N),
            "rooms": rng.integers(1, 6, N),
            "pool": rng.random(N) < 0.3,
            "colour": rng.choice(["red", "green", "blue"], N, p=[0.6, 0.38, 0.02]),
            "town": [f"town{k}" for k in rng.integers(0, 60, N)],
            "size": pd.Series(rng.choice(["S", "M", "L"], N)).astype(size),
            "sold": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 9000, N), unit="h"),
            "note": [
                f"a {rng.choice(adjectives)} house with {k} {rng.choice(adjectives)} doors"
                for k in range(N)
            ],
        }
    )
    frame.loc[rng.random(N) < 0.1, "area"] = np.nan
    frame.loc[rng.random(N) < 0.1, "colour"] = None
    return frame, (frame["rooms"] + rng.normal(size=N) > 3).map(
        {True: "yes", False: "no"}
    )


X, Y = _table()


def _values(out):
    return out.toarray() if sp.issparse(out) else np.asarray(out)


def _same(a, b):
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
    else:
        np.testing.assert_array_equal(_values(a), _values(b))


@parametrize_with_checks([TableEncoder(kind, random_state=0) for kind in STYLES])
def test_scikit_learn_check_of_the_encoder(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", STYLES)
def test_every_kind(kind):
    encoder = TableEncoder(kind, random_state=0)
    training = encoder.fit_transform(X, Y)
    new = encoder.transform(X)
    names = encoder.get_feature_names_out()
    assert training.shape == new.shape == (N, len(names))
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.isidentifier() for name in names)
    numbers = new.select_dtypes("number") if kind in FRAMES else _values(new)
    assert np.isfinite(np.nan_to_num(numbers)).all()
    if kind not in (*FRAMES, "forests"):
        assert np.isfinite(numbers).all()


def test_trees_have_categories_and_missing_values():
    out = TableEncoder(random_state=0).fit_transform(X, Y)
    assert out.index.equals(X.index)
    np.testing.assert_array_equal(out["area"], X["area"])
    assert out["colour"].cat.categories.tolist() == ["red", "green", "blue"]
    assert (out["colour"].astype(object).fillna("") == X["colour"].fillna("")).all()
    assert out["size"].tolist() == X["size"].cat.codes.tolist()
    assert {"town", "town_mean", "town_count", "sold_month", "note_length"} <= set(out)
    assert out["sold_hour"].tolist() == X["sold"].dt.hour.tolist()


def test_hundreds_of_levels_are_means_and_counts_alone():
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"a": rng.integers(0, 400, 2000).astype(str)})
    out = TableEncoder(random_state=0).fit_transform(many, rng.normal(size=2000))
    assert out.columns.tolist() == ["a_count", "a_mean"]


def test_catboost_has_no_missing_category():
    out = TableEncoder("catboost").fit(X, Y).transform(X.assign(colour="mauve"))
    assert (out["colour"] == "unseen").all()
    out = TableEncoder("catboost").fit_transform(X, Y)
    assert (out["colour"] == "missing").sum() == X["colour"].isna().sum()
    assert not out["town"].isna().any()
    assert not any("mean" in name for name in out)


def test_forests_have_numbers_alone():
    encoder = TableEncoder("forests", random_state=0).fit(X, Y)
    out = encoder.transform(X)
    assert out.dtype == np.float32
    assert np.isnan(out).any()
    imputed = encoder.set_params(missing="impute").fit(X, Y).transform(X)
    assert not np.isnan(imputed).any()
    flags = imputed[:, encoder.get_feature_names_out() == "area_missing"]
    np.testing.assert_array_equal(flags[:, 0], X["area"].isna())


def test_rare_levels_share_a_column():
    encoder = TableEncoder("linear", rare=10).fit(X)
    names = encoder.get_feature_names_out().tolist()
    hot = [name for name in names if name.startswith("colour")]
    assert hot == ["colour_red", "colour_green", "colour_rare", "colour_missing"]
    columns = [names.index(name) for name in hot]
    new = X.head(4).assign(colour=["blue", "mauve", None, "red"])
    rows = encoder.transform(new)[:, columns]
    np.testing.assert_array_equal(
        rows, [[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    )


def test_pieces_by_hand():
    x = np.arange(81.0)
    encoder = TableEncoder("linear").fit(pd.DataFrame({"x": x, "z": np.sqrt(x)}))
    names = encoder.get_feature_names_out().tolist()
    out = encoder.transform(pd.DataFrame({"x": [25.0, -5.0, 500.0], "z": [0.0] * 3}))
    pieces = out[:, [names.index(f"x_piece_{k}") for k in range(8)]]
    np.testing.assert_allclose(pieces[0], [1, 1, 0.5, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(pieces[1], 0)
    np.testing.assert_allclose(pieces[2], 1)
    scaled = TableEncoder("linear", numeric="scaled").fit(pd.DataFrame({"x": x}))
    np.testing.assert_allclose(
        scaled.transform(pd.DataFrame({"x": x}))[:, 0], (x - x.mean()) / x.std()
    )


def test_neighbours_are_on_one_robust_scale():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(5, 100, 500), "b": rng.normal(size=500)})
    frame.loc[0, "b"] = 1e9
    out = TableEncoder("neighbors").fit_transform(frame)
    assert (np.abs(out) <= 3).all()
    spread = np.subtract(*np.quantile(out, [0.75, 0.25], axis=0))
    np.testing.assert_allclose(spread, spread[0], rtol=0.1)


def test_neural_numbers_are_normal():
    frame = pd.DataFrame({"a": np.random.default_rng(0).lognormal(sigma=3, size=2000)})
    out = TableEncoder("neural").fit_transform(frame)[:, 0].astype(float)
    assert out.dtype == float
    assert abs(np.mean(out**3)) < 0.05  # no skew
    assert np.mean(out**4) == pytest.approx(3, abs=0.3)
    order = np.argsort(frame["a"].to_numpy())
    assert (np.diff(out[order]) >= 0).all()


def test_a_wide_table_of_levels_is_sparse():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 20, (1000, 15))).astype(str)
    out = TableEncoder("linear").fit_transform(frame)
    assert sp.issparse(out)
    assert out.format == "csr"
    dense = TableEncoder("linear", sparse_output=False).fit_transform(frame)
    np.testing.assert_array_equal(out.toarray(), dense)


@pytest.mark.parametrize("kind", STYLES)
def test_columns_come_in_any_order_and_others_are_ignored(kind):
    encoder = TableEncoder(kind, random_state=0).fit(X, Y)
    expected = encoder.transform(X)
    _same(encoder.transform(X[X.columns[::-1]]), expected)
    with pytest.warns(UserWarning, match=r"\['more'\] were not present in fit"):
        _same(encoder.transform(X.assign(more=1)), expected)
    with pytest.raises(ValueError, match=r"columns are missing: \['rooms'\]"):
        encoder.transform(X.drop(columns="rooms"))


@pytest.mark.parametrize("kind", STYLES)
def test_columns_of_another_dtype(kind):
    encoder = TableEncoder(kind, random_state=0).fit(X, Y)
    expected = encoder.transform(X)
    other = X.assign(
        rooms=X["rooms"].astype(str),
        area=X["area"].astype("Float64"),
        pool=X["pool"].astype(int),
        colour=X["colour"].astype("category"),
        town=X["town"].astype(object),
        size=X["size"].astype(object),
        sold=X["sold"].astype(str),
    )
    _same(encoder.transform(other), expected)
    words = X.assign(pool=X["pool"].map({True: "True", False: "False"}))
    _same(encoder.transform(words), expected)


def test_codes_are_the_same_level_as_numbers_or_strings():
    frame = pd.DataFrame({"zone": np.arange(60) % 3, "x": np.arange(60) ** 2.0})
    encoder = TableEncoder(kinds={"zone": "category"}).fit(frame)
    expected = encoder.transform(frame)
    for dtype in (float, str, object, "Int64", "category"):
        _same(encoder.transform(frame.astype({"zone": dtype})), expected)


def test_text_in_a_numeric_column_becomes_missing_with_a_warning():
    encoder = TableEncoder().fit(X)
    new = X.head(3).assign(rooms=["2", "many", "?"])
    with pytest.warns(UserWarning, match="'rooms' should hold numbers; 1 .* 'many'"):
        out = encoder.transform(new)
    np.testing.assert_array_equal(out["rooms"], [2, np.nan, np.nan])
    with pytest.raises(ValueError, match="'rooms' should hold numbers"):
        encoder.transform(X.assign(rooms=X["sold"]))


@pytest.mark.parametrize("kind", STYLES)
def test_missing_only_in_new_rows(kind):
    frame, y = X.drop(columns="area"), Y
    encoder = TableEncoder(kind, random_state=0).fit(frame, y)
    nothing = pd.DataFrame({name: [None, None] for name in frame})
    out = encoder.transform(nothing)
    assert out.shape == (2, len(encoder.get_feature_names_out()))
    if kind not in (*FRAMES, "forests"):
        assert np.isfinite(_values(out)).all()


def test_one_row_is_as_among_others():
    for kind in STYLES:
        encoder = TableEncoder(kind, random_state=0).fit(X, Y)
        whole = encoder.transform(X)
        one = encoder.transform(X.iloc[[7]])
        _same(one, whole.iloc[[7]] if kind in FRAMES else whole[[7]])


@pytest.mark.parametrize("kind", STYLES)
def test_polars_is_as_pandas(kind):
    frame = X.drop(columns="size")
    columns = {
        name: [None if pd.isna(v) else v for v in column.tolist()]
        for name, column in frame.items()
    }
    other = pl.DataFrame(columns)
    a, b = TableEncoder(kind, random_state=0), TableEncoder(kind, random_state=0)
    _same(b.fit_transform(other, pl.Series(Y.tolist())), a.fit_transform(frame, Y))
    _same(b.transform(other), a.transform(frame))
    assert a.kinds_.equals(b.kinds_)
    assert b.feature_names_in_.tolist() == other.columns


@pytest.mark.parametrize("kind", STYLES)
def test_clone_pickle_and_the_same_again(kind):
    encoder = TableEncoder(kind, random_state=0)
    expected = clone(encoder).fit_transform(X, Y)
    _same(clone(encoder).fit_transform(X, Y), expected)
    fitted = encoder.fit(X, Y)
    _same(pickle.loads(pickle.dumps(fitted)).transform(X), fitted.transform(X))


@pytest.mark.parametrize("kind", STYLES)
def test_set_output(kind):
    encoder = TableEncoder(kind, sparse_output=False, random_state=0)
    out = encoder.set_output(transform="pandas").fit_transform(X, Y)
    assert out.columns.tolist() == encoder.get_feature_names_out().tolist()
    assert out.index.equals(X.index)


def test_user_data_is_left_alone():
    before = X.copy(deep=True)
    for kind in STYLES:
        TableEncoder(kind).fit(X, Y).transform(X)
    pd.testing.assert_frame_equal(X, before)


def test_in_a_pipeline_with_weights():
    model = make_pipeline(TableEncoder("linear"), LogisticRegression(max_iter=500))
    weights = np.where(Y == "yes", 1.0, 0.0) + 1e-9
    model.fit(X, Y, logisticregression__sample_weight=weights)
    assert (model.predict(X) == "yes").all()


def test_arrays_and_frames():
    values = np.random.default_rng(0).normal(size=(50, 3))
    encoder = TableEncoder().fit(values)
    assert encoder.transform(values).columns.tolist() == ["x0", "x1", "x2"]
    with pytest.warns(UserWarning, match="fitted without feature names"):
        encoder.transform(pd.DataFrame(values, columns=list("abc")))
    with pytest.raises(ValueError, match="expecting 3 features"):
        encoder.transform(values[:, :2])


def test_sparse_input_is_refused():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        TableEncoder().fit(sp.csr_array(np.eye(5)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"for_": "forest"},
        {"numeric": "spline"},
        {"missing": "drop"},
        {"target_means": True},
        {"dates": "parts"},
        {"task": "classes"},
        {"rare": 0},
        {"high_cardinality": 1.5},
        {"texts": -1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_parameters_are_named(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name}="):
        TableEncoder(**wrong).fit(X, Y)


def test_options_of_dates_and_texts():
    total = TableEncoder(dates="total", texts=0).fit(X).get_feature_names_out()
    assert [n for n in total if n.startswith("sold")] == ["sold_days"]
    assert [n for n in total if n.startswith("note")] == ["note_length", "note_words"]
    none = TableEncoder(dates="drop").fit(X).get_feature_names_out()
    assert not [n for n in none if n.startswith("sold")]
    circle = TableEncoder("linear", numeric="scaled").fit(X).get_feature_names_out()
    assert {"sold_month_sin", "sold_month_cos"} <= set(circle)


def test_texts_that_say_the_same_are_near():
    words = ["garden with roses", "kitchen and bath"]
    notes = [f"{words[k % 2]} number {k}" for k in range(200)]
    encoder = TableEncoder("neighbors", texts=5, random_state=0)
    out = encoder.fit_transform(pd.DataFrame({"note": notes}))
    gap = np.linalg.norm(out[0::2].mean(axis=0) - out[1::2].mean(axis=0))
    assert gap > 2


@pytest.mark.parametrize("kind", STYLES)
def test_ames(kind):
    houses, price = load_ames(return_X_y=True)
    encoder = TableEncoder(kind, random_state=0)
    out = encoder.fit_transform(houses, price)
    names = encoder.get_feature_names_out()
    assert isinstance(out, pd.DataFrame) == (kind in FRAMES)
    assert out.shape == (len(houses), len(names))
    assert len(names) > houses.shape[1] / 2
    assert encoder.transform(houses).shape == out.shape


def _passengers(n=800):
    """A list of passengers: names, shared tickets, cabins that are seldom known."""
    rng = np.random.default_rng(3)
    first = ["Ada", "Bruno", "Clara", "David", "Edith", "Frank", "Greta", "Hugo"]
    family = [f"{a}{b}" for a in ("Ander", "Berg", "Carl") for b in ("son", "man", "t")]
    sex = rng.choice(["male", "female"], n)
    frame = pd.DataFrame(
        {
            "Pclass": rng.integers(1, 4, n),
            "Name": [
                f"{rng.choice(family)}, {'Mr' if one == 'male' else 'Mrs'}. "
                f"{rng.choice(first)} {rng.choice(first)} number {k}"
                for k, one in enumerate(sex)
            ],
            "Sex": sex,
            "Age": rng.uniform(1, 70, n).round(),
            "Ticket": [
                f"PC {k}" if k % 4 == 0 else f"{k}"
                for k in rng.integers(10_000, 10_600, n)
            ],
            "Cabin": [f"C{k}" for k in rng.integers(0, 150, n)],
        }
    )
    frame.loc[rng.random(n) < 0.2, "Age"] = np.nan
    frame.loc[rng.random(n) < 0.75, "Cabin"] = None
    return frame, ((sex == "female") + rng.normal(size=n) > 0.5).astype(int)


def _employees(n=800):
    """Numbers of resources and managers, as strings of thousands of levels."""
    rng = np.random.default_rng(4)
    levels = {"RESOURCE": 700, "MGR_ID": 400, "ROLE": 30, "FAMILY": 7}
    frame = pd.DataFrame(
        {name: rng.integers(0, k, n).astype(str) for name, k in levels.items()}
    )
    return frame, (rng.random(n) < 0.9).astype(int)


def _flights(n=800):
    """Numbers with gaps, whole numbers that are codes, and a time."""
    rng = np.random.default_rng(5)
    hours = pd.to_timedelta(rng.integers(0, 8760, n), unit="h")
    frame = pd.DataFrame(
        {
            "month": rng.integers(1, 13, n),
            "flight": rng.integers(1, 4000, n),
            "carrier": rng.choice(["UA", "AA", "DL", "B6"], n),
            "tailnum": [f"N{k}" for k in rng.integers(0, 300, n)],
            "distance": rng.lognormal(6, 1, n),
            "seats": rng.choice([20.0, 55.0, 140.0, 300.0], n),
            "planned": pd.Timestamp("2013-01-01") + hours,
        }
    )
    for name in ("seats", "tailnum", "distance"):
        frame.loc[rng.random(n) < 0.15, name] = None
    return frame, rng.normal(size=n)


KINDS_OF_TABLES = {
    _passengers: {"Name": "text", "Ticket": "high-cardinality", "Sex": "category"},
    _employees: {"RESOURCE": "high-cardinality", "FAMILY": "category"},
    _flights: {"tailnum": "high-cardinality", "planned": "date-time"},
}


@pytest.mark.parametrize("table", KINDS_OF_TABLES)
@pytest.mark.parametrize("kind", STYLES)
def test_tables_of_many_levels_and_texts(table, kind):
    frame, y = table()
    encoder = TableEncoder(kind, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = encoder.fit_transform(frame, y)
    assert out.shape == (len(frame), len(encoder.get_feature_names_out()))
    expected = KINDS_OF_TABLES[table]
    assert encoder.kinds_[list(expected)].to_dict() == expected


def test_a_wide_table_has_fewer_pieces():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 40)))
    names = TableEncoder("linear").fit(frame).get_feature_names_out()
    assert sum("piece" in name for name in names) == 40 * 3
