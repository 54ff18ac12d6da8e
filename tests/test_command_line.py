"""The command line: files, output, errors and exit codes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skensemble import load, read_manifest
from skensemble.__main__ import MODEL, _parser, main
from skensemble.datasets import load_ames

PAGE = Path(__file__).parents[1] / "docs" / "command_line.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables of houses, and a model of their prices."""
    path = tmp_path_factory.mktemp("houses")
    X, y = load_ames(return_X_y=True)
    columns = ["Gr_Liv_Area", "Neighborhood", "Year_Built", "Garage_Cars"]
    table = (
        X[columns]
        .assign(Id=np.arange(len(X)), Sale_Price=y)
        .sample(300, random_state=0)
    )
    table[:200].to_csv(path / "train.csv", index=False)
    table[200:].drop(columns="Sale_Price").to_csv(path / "test.csv", index=False)
    code = main(
        [
            "fit",
            str(path / "train.csv"),
            "--target=Sale_Price",
            f"--test={path / 'test.csv'}",
            "--time-limit=2",
            "--metric=rmse",
            f"--out={path / 'model'}",
        ]
    )
    assert code == 0
    return path


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


def test_predict_leaderboard_and_trials(folder, capsys):
    out, test = folder / "model", str(folder / "test.csv")
    assert main(["predict", str(out), test, f"--out={folder / 'again.csv'}"]) == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "again.csv"), pd.read_csv(out / "predictions.csv")
    )
    capsys.readouterr()
    assert main(["leaderboard", str(out)]) == 0
    assert "ensemble" in capsys.readouterr().out
    assert main(["trials", str(out)]) == 0
    assert "improves the ensemble" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["tsv", "parquet", "jsonl", "csv.gz"])
def test_file_types(folder, ending, capsys):
    test = pd.read_csv(folder / "test.csv")
    path = folder / f"rows.{ending}"
    if ending == "parquet":
        test.to_parquet(path)
    elif ending == "jsonl":
        test.to_json(path, orient="records", lines=True)
    else:
        test.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    assert main(["predict", str(folder / "model"), str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Id,Sale_Price"
    assert len(lines) == 1 + len(test)


def test_classes_and_probabilities(folder, capsys):
    table = pd.read_csv(folder / "train.csv")
    table["expensive"] = np.where(table.pop("Sale_Price") > 180_000, "yes", "no")
    table.to_csv(folder / "classes.csv", index=False)
    out = folder / "classes"
    common = ["--time-limit=1", "--preset=fast", "--quiet", f"--out={out}"]
    assert (
        main(["fit", str(folder / "classes.csv"), "--target=expensive", *common]) == 0
    )
    printed = capsys.readouterr().out
    assert "roc_auc" in printed
    assert "2 classes, fitted in" in printed
    assert main(["predict", str(out / MODEL), str(folder / "test.csv")]) == 0
    assert ",yes" in capsys.readouterr().out
    assert main(["predict", str(out), str(folder / "test.csv"), "--proba"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert all(0 <= float(line.split(",")[1]) <= 1 for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "no.csv", "--target=a", "--out=m"], "no such file"),
        (["fit", "train.csv", "--target=price", "--out=m"], "'price' is not a column"),
        (["fit", "train.csv", "--target=Id", "--out=train.csv"], "is a file"),
        (["fit", "train.csv", "--target=Id", "--out=m", "--preset=x"], "--preset 'x'"),
        (
            ["fit", "train.csv", "--target=Id", "--out=m", "--metric=aucc"],
            "--metric 'aucc'",
        ),
        (
            ["fit", "train.csv", "--target=Id", "--out=m", "--time-limit=-1"],
            "--time-limit -1.0",
        ),
        (["fit", "train.txt", "--target=Id", "--out=m"], "file type"),
        (["fit", "empty.csv", "--target=a", "--out=m"], "no rows"),
        (
            [
                "fit",
                "train.csv",
                "--target=Neighborhood",
                "--out=m",
                "--task=regression",
            ],
            "'Neighborhood' is not numeric",
        ),
        (["predict", "m", "train.csv"], "not a folder of a fit"),
        (["predict", "damaged", "test.csv"], "damaged"),
        (["predict", "model", "short.csv"], "lack columns"),
        (["leaderboard", "m"], "not a folder of a fit"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_unusable_arguments_exit_with_two(
    folder, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(folder)
    (folder / "train.txt").write_text("a")
    (folder / "empty.csv").write_text("a,b\n")
    (folder / "short.csv").write_text("Id,Gr_Liv_Area\n1,2\n")
    (folder / "damaged").mkdir(exist_ok=True)
    (folder / "damaged" / MODEL).write_bytes(
        (folder / "model" / MODEL).read_bytes()[:99]
    )
    (folder / "damaged" / "columns.json").write_text("{}")
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_failed_fit_exits_with_one(folder, capsys):
    (folder / "one_class.csv").write_text("a,b\n1,x\n1,x\n1,x\n1,x\n1,x\n")
    arguments = [str(folder / "one_class.csv"), "--target=b", f"--out={folder / 'm2'}"]
    assert main(["fit", *arguments]) == 1
    assert "ValueError" in capsys.readouterr().err


def test_commands_of_the_page_are_known():
    """The page shows a recorded session (``make session``)."""
    shown = re.findall(r"^\$ (.*)", PAGE.read_text(encoding="utf8"), re.MULTILINE)
    calls = [re.split(r" [|>]| && ", line)[0] for line in shown]
    parsed = [_parser().parse_args(shlex.split(call)[1:]) for call in calls]
    assert all(call.startswith("skensemble ") for call in calls)
    assert [one.command for one in parsed] == [
        "fit",
        "predict",
        "leaderboard",
        "trials",
    ]


def test_a_closed_pipe_is_not_an_error(folder):
    table = pd.concat([pd.read_csv(folder / "test.csv")] * 200)
    table.to_csv(folder / "long.csv", index=False)
    command = [sys.executable, "-m", "skensemble", "predict", str(folder / "model")]
    process = subprocess.Popen(
        [*command, str(folder / "long.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "Id,Sale_Price\n"
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_as_a_process():
    command = [sys.executable, "-m", "skensemble", "fit", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--time-limit" in done.stdout
