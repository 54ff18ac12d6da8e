"""The command ``fit``: checks before the fit, files, and what is printed."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from skensemble import load, read_manifest
from skensemble.command_line import main
from skensemble.command_line._arguments import make_parser
from skensemble.command_line._model_folder import MODEL
from skensemble.command_line._predict_command import read_rows
from skensemble.command_line._table_files import ReadingOptions, table_file
from skensemble.command_line._training_table import read_training_table

RNG = np.random.default_rng(0)
N = 60
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(50, 10, N).round(2),
        "age": RNG.integers(1, 80, N),
        "town": RNG.choice(["Ulm", "Bern", "Graz"], N),
    }
)
PRICES = TABLE.assign(price=TABLE["size"] + TABLE["age"] + 0.5)
LABELS = np.where(TABLE["size"] + TABLE["age"] > 90, "None", "01")


def predictions(tmp_path):
    path = tmp_path / "out" / "predictions.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_fit_writes_model_tables_and_predictions(folder):
    out = folder / "model"
    found = pd.read_csv(out / "predictions.csv")
    test = pd.read_csv(folder / "test.csv")
    # In the shape of a submission: the name of the row, and the value.
    assert list(found.columns) == ["Id", "Sale_Price"]
    np.testing.assert_array_equal(found["Id"], test["Id"])
    assert found["Sale_Price"].between(3e4, 8e5).all()
    model = load(out / MODEL)
    assert "Id" not in model.feature_names_in_
    np.testing.assert_allclose(
        model.predict(test.drop(columns="Id")), found["Sale_Price"]
    )
    assert read_manifest(out / MODEL)["class"].endswith("AutoEnsembleRegressor")


def test_tables_of_the_folder(folder):
    board = pd.read_csv(folder / "model" / "leaderboard.csv", index_col=0)
    assert board.index[0] == "ensemble"
    assert board["model"].notna().all()
    assert set(board.index[1:]) <= {"lightgbm_small", "linear"}
    columns = pd.read_csv(folder / "model" / "columns.csv", index_col=0)
    assert columns.loc["Sale_Price", "role"] == "target"
    assert columns.loc["Id", "role"] == "identifier"
    assert (columns["role"] == "feature").sum() == 4
    assert not [path for path in (folder / "model").iterdir() if path.name[0] == "."]


def test_what_is_inferred_is_printed_on_the_standard_error(fit, tmp_path):
    table = PRICES.assign(Id=np.arange(N) + 7)
    code, out, err = fit(table, "price", sep=";", decimal=",", encoding="cp1252")
    assert code == 0
    assert "Separator: ';'" in err
    assert "Decimal comma" in err
    assert "Target: 'price', 59 different numbers, so the task is regression" in err
    assert "Identifier: 'Id'" in err
    assert "Separator" not in out
    model = load(tmp_path / "out" / MODEL)
    assert model.predict(TABLE).mean() == pytest.approx(PRICES["price"].mean(), rel=0.1)


@pytest.mark.parametrize(
    "ids",
    [
        [f"{k // 10 + 1}.{k % 10}0" for k in range(N)],
        [str(2**53 + 1 + k) for k in range(N)],
    ],
    ids=["1.10", "2**53"],
)
def test_labels_and_identifiers_come_out_as_they_went_in(fit, tmp_path, ids):
    table = TABLE.assign(id=ids)
    test = table.head(6).copy()
    test.loc[5, "id"] = ""
    test.to_csv(tmp_path / "test.csv", index=False)
    more = [f"--test={tmp_path / 'test.csv'}"]
    code, _, err = fit(table.assign(kind=LABELS), "kind", *more)
    assert code == 0, err
    found = predictions(tmp_path)
    assert found["id"].tolist() == test["id"].tolist()
    assert set(found["kind"]) <= {"None", "01"}


@pytest.mark.parametrize(
    "ids",
    [
        [f"{k:05d}" for k in range(N)],
        [f"{k}E{k % 7 + 1}" for k in range(1, N + 1)],
        ["NA" if k == 3 else f"S{k}" for k in range(N)],
    ],
    ids=["00001", "12E3", "NA"],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_identifiers_are_read_as_they_are_written(tmp_path, ids, ending, capsys):
    path = tmp_path / f"table.{ending}"
    table = PRICES.assign(id=ids)
    writers = {
        "csv": lambda: table.to_csv(path, index=False),
        "jsonl": lambda: table.to_json(path, orient="records", lines=True),
        "parquet": lambda: table.to_parquet(path),
    }
    writers[ending]()
    args = make_parser().parse_args(["fit", str(path), "--target=price", "--out=m"])
    with table_file(args.train, ReadingOptions()) as file:
        train = read_training_table(args, file)
        roles = train.roles(table.columns)
        rows = read_rows(file, roles, [row_id.name for row_id in train.row_ids])
    assert roles.id == "id"
    assert "id" not in train.X
    assert rows["id"].tolist() == ids


def test_row_numbers_without_a_name_are_not_learned_from(fit, tmp_path):
    table = PRICES.sort_values("price").reset_index(drop=True).reset_index()
    table = table.rename(columns={"index": ""}).sample(frac=1, random_state=0)
    table.drop(columns="price").to_csv(tmp_path / "test.csv", index=False)
    code, _, err = fit(table, "price", f"--test={tmp_path / 'test.csv'}")
    assert code == 0
    assert "'Unnamed: 0' (it has no name" in err
    assert list(predictions(tmp_path)) == ["Unnamed: 0", "price"]
    assert load(tmp_path / "out" / MODEL).feature_names_in_.tolist() == list(TABLE)


def test_a_measurement_called_index_is_learned_from(fit, tmp_path):
    table = PRICES.assign(index=RNG.normal(100, 5, N))
    assert fit(table, "price")[0] == 0
    assert "index" in load(tmp_path / "out" / MODEL).feature_names_in_


def test_a_total_row_is_left_out(fit, tmp_path):
    table = PRICES.assign(Nr=np.arange(N) + 500)[["Nr", "size", "price"]]
    text = table.to_csv(index=False, sep=";", decimal=",") + "Summe;;123456,5\n"
    code, _, err = fit(text.encode("cp1252"), "price")
    assert code == 0
    assert f"Row {N + 1} of" in err
    assert "'Nr' (its name, and" in err


def test_standard_input_and_several_files(tmp_path, capsys, monkeypatch):
    PRICES[:30].to_csv(tmp_path / "a.csv", index=False)
    PRICES[30:].to_csv(tmp_path / "b.csv", index=False)
    common = ["--target=price", "--preset=small", "--time-limit=60", "--jobs=1"]
    common += [f"--memory={tmp_path / 'memory'}"]
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    assert main(["fit", *paths, *common, f"--out={tmp_path / 'files'}"]) == 0
    text = PRICES.to_csv(index=False)
    stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert main(["fit", "-", *common, f"--out={tmp_path / 'input'}"]) == 0
    one, other = (load(tmp_path / name / MODEL) for name in ("files", "input"))
    np.testing.assert_array_equal(one.predict(TABLE), other.predict(TABLE))
    # The second fit has found the fits of the first one.
    assert all(fold_fit.cached for fold_fit in other.fits_)


def test_classes_and_probabilities(fit, tmp_path, capsys):
    table = TABLE.assign(kind=np.where(LABELS == "None", "True", "False"))
    code, out, _ = fit(table, "kind", "--metric=auc")
    assert code == 0
    assert "2 classes, fitted in" in out
    assert "roc_auc" in out
    TABLE.to_csv(tmp_path / "rows.csv", index=False)
    folder, rows = str(tmp_path / "out"), str(tmp_path / "rows.csv")
    assert main(["predict", folder, rows]) == 0
    assert set(capsys.readouterr().out.split()) == {"kind", "True", "False"}
    assert main(["predict", folder, rows, "--proba"]) == 0
    printed = capsys.readouterr()
    assert "Probabilities are those of 'kind' = True." in printed.err
    lines = printed.out.splitlines()[1:]
    assert all(0 <= float(line) <= 1 for line in lines)


USAGE_ERRORS = {
    "no file": (["no.csv", "--target=a"], "no.csv"),
    "no column": (["train.csv", "--target=prise"], "Did you mean 'price'"),
    "preset": (["train.csv", "--target=price", "--preset=smal"], "mean 'small'"),
    "metric": (["train.csv", "--target=price", "--metric=rmsee"], "--metric 'rmsee'"),
    "metric of another task": (
        ["train.csv", "--target=price", "--metric=auc"],
        "is for classes",
    ),
    "limit": (["train.csv", "--target=price", "--time-limit=-1"], "--time-limit -1.0"),
    "jobs": (["train.csv", "--target=price", "--jobs=0"], "--jobs 0"),
    "proba": (["train.csv", "--target=price", "--proba"], "--proba needs classes"),
    "id": (["train.csv", "--target=price", "--id=price"], "is the target"),
    "groups": (["train.csv", "--target=price", "--groups=price"], "is the target"),
    "time": (["train.csv", "--target=price", "--time=price"], "is the target"),
    "kinds": (["train.csv", "--target=price", "--kinds=twn=category"], "mean 'town'"),
    "kind": (
        ["train.csv", "--target=price", "--kinds=town=categry"],
        "mean 'category'",
    ),
    "form of kinds": (["train.csv", "--target=price", "--kinds=town"], "COLUMN=KIND"),
    "text": (["train.csv", "--target=town", "--task=regression"], "is not numeric"),
    "columns of the test table": (
        ["train.csv", "--target=price", "--test=short.csv"],
        "short.csv lacks columns of the training table: 'age', 'town'",
    ),
    "types of the test table": (
        ["train.csv", "--target=price", "--test=text.csv"],
        "row 2 of the column 'age' is 'old'",
    ),
    "id of the test table": (
        ["train.csv", "--target=price", "--id=town", "--test=short.csv"],
        "--id 'town' is not a column of",
    ),
    "memory": (["train.csv", "--target=price", "--memory=train.csv"], "--memory"),
    "separator": (
        ["train.csv", "--target=price", "--separator=ab"],
        "--separator 'ab'",
    ),
    "standard output": (["train.csv", "--target=price", "--out=-"], "--out -"),
    "standard input": (["-", "--target=price", "--test=-"], "--test -"),
    "dates": (["dates.csv", "--target=day"], "holds dates"),
}


@pytest.mark.parametrize(
    ("arguments", "words"), USAGE_ERRORS.values(), ids=USAGE_ERRORS
)
def test_what_can_be_known_is_found_before_the_fit(
    tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    PRICES.to_csv("train.csv", index=False)
    TABLE[["size"]].to_csv("short.csv", index=False)
    text = TABLE.astype({"age": object})
    text.loc[1, "age"] = "old"
    text.to_csv("text.csv", index=False)
    days = pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d")
    TABLE.assign(day=days).to_csv("dates.csv", index=False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "predictions.csv").write_text("old\n")

    def no_fit(*args, **kwargs):
        raise AssertionError("a fit began")

    for kind in ("Classifier", "Regressor"):
        monkeypatch.setattr(f"skensemble.AutoEnsemble{kind}.fit", no_fit)
    assert main(["fit", "--out=out", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert (tmp_path / "out" / "predictions.csv").read_text() == "old\n"


def test_a_missing_extra_is_found_before_the_fit(fit, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    code, _, err = fit(PRICES, "price")
    assert code == 2
    assert "skops is required; install it with" in err


@pytest.mark.parametrize("out", ["train.csv", "/dev/full", "/proc/model"])
def test_folders_that_cannot_be_written_to(tmp_path, monkeypatch, capsys, out):
    monkeypatch.chdir(tmp_path)
    PRICES.to_csv("train.csv", index=False)
    assert main(["fit", "train.csv", "--target=price", f"--out={out}"]) == 2
    assert f"--out {out}" in capsys.readouterr().err


def test_a_full_disk_is_found_before_the_fit(tmp_path, monkeypatch, capsys):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    PRICES.to_csv("train.csv", index=False)
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert main(["fit", "train.csv", "--target=price", "--out=new"]) == 2
    assert "No space left on device" in capsys.readouterr().err
    # A folder that was made for nothing is removed.
    assert not (tmp_path / "new").exists()


def test_predictions_of_an_earlier_fit_are_kept_under_another_name(fit, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "predictions.csv").write_text("old\n")
    code, _, err = fit(PRICES, "price")
    assert code == 0
    assert not (tmp_path / "out" / "predictions.csv").exists()
    assert (tmp_path / "out" / "predictions.earlier.csv").read_text() == "old\n"
    assert "predictions.earlier.csv" in err


def test_kinds_reach_the_model_and_the_files(fit, tmp_path):
    code, _, err = fit(PRICES, "price", "--kinds=age=category", "--missing=Ulm")
    assert code == 0, err
    columns = pd.read_csv(tmp_path / "out" / "columns.csv", index_col=0)
    assert columns.loc["age", ["kind", "why"]].tolist() == ["category", "--kinds"]
    roles = json.loads((tmp_path / "out" / "columns.json").read_text())
    assert roles["missing"] == ["Ulm"]


def test_too_few_rows(fit):
    code, _, err = fit(PRICES.head(3), "price")
    assert code == 2
    assert "n_samples=3" in err


def test_a_fit_that_fails_exits_with_one(fit, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no member")

    monkeypatch.setattr("skensemble.AutoEnsembleRegressor.fit", fail)
    code, _, err = fit(PRICES, "price")
    assert code == 1
    assert "RuntimeError: no member" in err


def test_groups_reach_the_fit(fit, tmp_path):
    code, _, err = fit(PRICES, "price", "--groups=town")
    assert code == 0, err
    folds = load(tmp_path / "out" / MODEL).fits_
    towns = PRICES["town"].to_numpy()
    assert not any(set(towns[one.train]) & set(towns[one.test]) for one in folds)


def test_times_in_numbers_stay_a_feature(fit, tmp_path):
    table = PRICES.assign(day=44562 + np.arange(N))
    code, _, err = fit(table, "price", "--time=day")
    assert code == 0
    assert "'day' (running number)" not in err
    columns = pd.read_csv(tmp_path / "out" / "columns.csv", index_col=0)
    assert columns.loc["day", "role"] == "feature"


def test_the_option_for_an_identifier_is_offered(fit):
    numbers = np.random.default_rng(1).permutation(N)
    table = PRICES.assign(Kundennr=[f"{number:05d}" for number in numbers])
    table.loc[N] = [None] * 3 + [12345.6, None]
    code, _, err = fit(table, "price")
    assert code == 0
    assert "--id Kundennr writes" in err
    assert f"Row {N + 1} of " in err
    assert "--id Kundennr writes" not in fit(table, "price", "--id=Kundennr")[2]
