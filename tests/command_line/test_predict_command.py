"""The commands ``predict``, ``leaderboard``, ``trials`` and ``columns``."""

import io
import shutil

import pandas as pd
import pytest

from skensemble.command_line import main
from skensemble.command_line._model_folder import MODEL, ColumnRoles
from skensemble.command_line._prediction_table import matched_rows
from skensemble.command_line._usage_errors import UsageError


def test_predictions_are_those_of_the_fit(folder, tmp_path):
    out, test = folder / "model", str(folder / "test.csv")
    assert main(["predict", str(out), test, f"--out={tmp_path / 'again.csv'}"]) == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "again.csv"), pd.read_csv(out / "predictions.csv")
    )


@pytest.mark.parametrize(
    "ending", ["tsv", "parquet", "jsonl", "csv.gz", "semicolons.csv"]
)
def test_file_types(folder, tmp_path, ending, capsys):
    test = pd.read_csv(folder / "test.csv")
    path = tmp_path / f"rows.{ending}"
    if ending == "parquet":
        test.to_parquet(path)
    elif ending == "jsonl":
        test.to_json(path, orient="records", lines=True)
    else:
        separators = {"tsv": "\t", "semicolons.csv": ";"}
        test.to_csv(path, index=False, sep=separators.get(ending, ","))
    assert main(["predict", str(folder / "model"), str(path)]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    expected = pd.read_csv(folder / "model" / "predictions.csv")
    pd.testing.assert_frame_equal(found, expected)


def test_columns_that_are_not_used_are_named(folder, tmp_path, capsys):
    test = pd.read_csv(folder / "test.csv").assign(more=1)
    test.to_csv(tmp_path / "rows.csv", index=False)
    assert main(["predict", str(folder / "model"), str(tmp_path / "rows.csv")]) == 0
    assert "does not use the columns 'more'." in capsys.readouterr().err


def test_standard_input_and_output(folder, capsys, monkeypatch):
    data = (folder / "test.csv").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["predict", str(folder / "model" / MODEL), "-", "--out=-"]) == 0
    found = pd.read_csv(io.StringIO(capsys.readouterr().out))
    expected = pd.read_csv(folder / "model" / "predictions.csv")
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("command", ["leaderboard", "trials", "columns"])
def test_tables(folder, command, capsys):
    assert main([command, str(folder / "model")]) == 0
    words = {"leaderboard": "ensemble", "trials": "improves", "columns": "feature"}
    assert words[command] in capsys.readouterr().out


ERRORS = {
    "no model": (["predict", "m", "test.csv"], "not a folder of a fit"),
    "no table": (["leaderboard", "m"], "not a folder of a fit"),
    "damaged": (["predict", "damaged", "test.csv"], "damaged"),
    "columns": (["predict", "model", "short.csv"], "lacks columns"),
    "id": (["predict", "model", "test.csv", "--id=name"], "'name' is not a column"),
    "target as id": (
        ["predict", "model", "train.csv", "--id=Sale_Price"],
        "the target",
    ),
    "proba": (["predict", "model", "test.csv", "--proba"], "needs classes"),
    "out": (["predict", "model", "test.csv", "--out=a/b.csv"], "does not exist"),
    "folder": (["predict", "model", "test.csv", "--out=model"], "is a folder"),
    "total": (["predict", "model", "total.csv"], "is a total"),
    "text": (["predict", "model", "text.csv"], "is 'many', but"),
}


@pytest.mark.parametrize(("arguments", "words"), ERRORS.values(), ids=ERRORS)
def test_unusable_arguments_exit_with_two(
    folder, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(folder)
    lines = (folder / "test.csv").read_text().splitlines()
    (folder / "short.csv").write_text("Id,Gr_Liv_Area\n1,2\n")
    (folder / "total.csv").write_text("\n".join([*lines, "1500,Total,,,"]) + "\n")
    (folder / "text.csv").write_text("\n".join([*lines, "many,NAmes,1990,2,5"]) + "\n")
    shutil.copytree(folder / "model", folder / "damaged", dirs_exist_ok=True)
    (folder / "damaged" / MODEL).write_bytes(
        (folder / "model" / MODEL).read_bytes()[:99]
    )
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("cells", "decimal", "words"),
    [
        (["23.0", "24.5"], ",", "predict with --decimal . if"),
        (["23,05", "24,5"], ".", "predict with --decimal , if"),
        (["23,0", "many"], ",", "--missing 'many'"),
    ],
)
def test_another_decimal_mark_is_not_called_missing(cells, decimal, words):
    roles = ColumnRoles("price", numbers=("size",), decimal=decimal)
    rows = pd.DataFrame({"size": pd.Series(cells, dtype="str")})
    with pytest.raises(UsageError) as raised:
        matched_rows(rows, ["size"], roles, "new.csv")
    assert words in str(raised.value)
    assert ("--missing" in str(raised.value)) == ("many" in cells)
