"""What a file says of itself, and what it says when versions differ."""

import json
import subprocess
import sys
import warnings
import zipfile
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import skensemble as sk
from skensemble.exceptions import ModelFileError
from skensemble.persistence import Manifest, load, read_manifest, save

X, Y = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model"
    save(LogisticRegression(max_iter=999).fit(X, Y), path)
    return path


def change(path, edit):
    with zipfile.ZipFile(path) as archive:
        noted = json.loads(archive.read("manifest.json"))
        payload = archive.read("model.skops")
    edit(noted)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(noted))
        archive.writestr("model.skops", payload)


def test_manifest_of_a_stack(tmp_path):
    rows = X.assign(kind=pd.Categorical(np.where(X.iloc[:, 0] > 5, "big", "small")))
    members = [
        (
            "coded",
            make_pipeline(
                make_column_transformer(
                    (OrdinalEncoder(), ["kind"]), remainder="passthrough"
                ),
                LogisticRegression(max_iter=999),
            ),
        )
    ]
    stack = sk.StackingClassifier(members, random_state=0).fit(rows, Y)
    before = datetime.now(UTC).replace(microsecond=0)
    save(stack, tmp_path / "model", X=rows)
    noted = read_manifest(tmp_path / "model")
    assert noted["class"] == "skensemble.stacking._stacking.StackingClassifier"
    assert noted["task"] == "classification"
    assert noted["classes"] == [0, 1, 2]
    assert noted["table"]["n_features"] == 5
    assert noted["table"]["columns"][-1] == {
        "name": "kind",
        "dtype": "category",
        "levels": 2,
    }
    assert noted["table"]["columns"][0]["dtype"] == "float64"
    board = noted["scores"]["leaderboard_"]
    assert len(board) == len(stack.leaderboard_)
    assert noted["versions"]["scikit-learn"] == sklearn.__version__
    assert before <= datetime.fromisoformat(noted["created"]) <= datetime.now(UTC)
    assert "sklearn.linear_model._logistic.LogisticRegression" in noted["types"]
    assert noted["sizes"]["model"] > noted["sizes"]["arrays"] > 0


def test_levels_are_known_from_encoders(tmp_path):
    rows = pd.DataFrame({"kind": ["a", "b", "c"] * 5, "place": ["x", "y", "x"] * 5})
    model = make_pipeline(OrdinalEncoder(), Ridge()).fit(rows, np.arange(15))
    save(model, tmp_path / "model")
    assert read_manifest(tmp_path / "model")["table"]["columns"] == [
        {"name": "kind", "levels": 3},
        {"name": "place", "levels": 2},
    ]


def test_scores_of_boosting(tmp_path):
    model = sk.GradientBoostingRegressor(
        n_estimators=9, early_stopping=sk.Patience(3), random_state=0
    )
    save(model.fit(X, Y), tmp_path / "model", X=pl.from_pandas(X))
    noted = read_manifest(tmp_path / "model")
    assert len(noted["scores"]["history_"]) == 1
    assert noted["table"]["columns"][0]["name"] == X.columns[0]
    with pytest.raises(TypeError, match="no columns to note"):
        save(model, tmp_path / "model", X=X.to_numpy())


def test_manifest_prints_as_a_table(saved):
    lines = repr(read_manifest(saved)).splitlines()
    assert lines[0].split() == ["format", "skensemble-model", "version", "2,", "0"]
    assert any(line.split()[:2] == ["task", "classification"] for line in lines)


def test_manifest_without_model_without_skops(saved):
    """Only the zip and JSON of Python itself are needed; nothing is made."""
    code = (
        "import sys\n"
        "sys.modules['skops'] = sys.modules['skops.io'] = None\n"
        "from skensemble.persistence import load, read_manifest\n"
        f"print(read_manifest({str(saved)!r})['task'])\n"
        f"try: load({str(saved)!r})\n"
        "except ImportError as error: print(error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert told.stdout.splitlines() == [
        "classification",
        "skops is required; install it with: pip install 'skensemble[files]'",
    ], told.stderr


def test_model_without_names_or_scores(tmp_path):
    save(Ridge(), tmp_path / "model")
    noted = read_manifest(tmp_path / "model")
    assert noted["classes"] is None
    assert noted["scores"] == {}
    assert noted["table"] == {"n_features": None}
    save({"a": 1}, tmp_path / "model")
    assert read_manifest(tmp_path / "model")["task"] is None


@pytest.mark.parametrize("version", [[1, 0], [0, 9], [3]], ids=str)
def test_other_major_format_is_refused(version, saved):
    def edit(noted):
        noted["format"]["version"] = version
        noted["versions"]["skensemble"] = "9.9"

    change(saved, edit)
    with pytest.raises(ModelFileError, match=r"Install skensemble 9\.9 to load it"):
        load(saved)


def test_newer_minor_format_is_read(saved):
    change(saved, lambda noted: noted["format"].update(version=[2, 99], more=1))
    assert isinstance(load(saved), LogisticRegression)


def test_other_scikit_learn_is_told_once(saved):
    change(saved, lambda noted: noted["versions"].update({"scikit-learn": "1.4.2"}))
    with pytest.warns(UserWarning, match=r"saved with scikit-learn 1\.4\.2") as told:
        model = load(saved)
    assert sklearn.__version__ in str(told[0].message)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert model.predict(X).shape == (150,)


def test_only_libraries_that_the_model_uses_are_told(tmp_path):
    save(LGBMRegressor(n_estimators=2, verbose=-1).fit(X, Y), tmp_path / "model")

    def edit(noted):
        noted["versions"].update({"xgboost": "0.9", "catboost": "0.1"})

    change(tmp_path / "model", edit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tmp_path / "model")
    change(
        tmp_path / "model", lambda noted: noted["versions"].update({"lightgbm": "3.0"})
    )
    with pytest.warns(UserWarning, match=r"saved with lightgbm 3\.0"):
        load(tmp_path / "model")


def test_class_that_is_gone_is_named(saved, monkeypatch):
    monkeypatch.delattr("sklearn.linear_model._logistic.LogisticRegression")
    with pytest.raises(ModelFileError, match="LogisticRegression"):
        load(saved)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04K\x01."], ids=repr)
def test_no_manifest_no_model(content, tmp_path):
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(ModelFileError, match="not a model that skensemble saved"):
        read_manifest(tmp_path / "model")


def test_a_leaderboard_prints_as_a_table(tmp_path):
    members = [(f"m{k}", Ridge(10.0**k)) for k in range(8)]
    stack = sk.StackingRegressor(members, cv=3, random_state=0).fit(X, Y)
    save(stack, tmp_path / "model")
    lines = repr(read_manifest(tmp_path / "model")).splitlines()
    start = lines.index("scores    leaderboard_")
    assert lines[start + 1].split() == ["member", *stack.leaderboard_.columns]
    best = stack.leaderboard_.iloc[0]
    cells = lines[start + 2].split()
    assert cells[:2] == [best.name, f"{best['score']:.4g}"]
    assert lines[start + 7].strip() == f"... ({len(stack.leaderboard_)} in all)"
    assert lines[start + 8].startswith("created")
    assert max(map(len, lines[start : start + 8])) < 90


def test_scores_of_other_files_print_too():
    plain = {"oof_score_": 0.5, "scores_": [0.1, 0.2], "best_iteration_": None}
    for scores in ({}, None, plain, {"history_": [{}]}, "none"):
        assert repr(Manifest(scores=scores)).startswith("scores")
    assert "scores_ 0.1, 0.2" in repr(Manifest(scores=plain))
