"""Files that are not models, or contain code, are refused before any code runs."""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import skensemble as sk
from skensemble.exceptions import ModelFileError, UntrustedTypesError
from skensemble.losses import CustomLoss
from skensemble.persistence import _archive as archive_module, load, save

X, Y = load_iris(return_X_y=True)


class Doubled(TransformerMixin, BaseEstimator):
    """A transformer of the user's own."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return 2 * X


def tripled(X):
    return 3 * X


def squares(y, raw):
    return (raw - y) ** 2


class Evil:
    """Unpickling makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model"
    save(DecisionTreeClassifier(max_depth=3).fit(X, Y), path)
    return path


def rewrite(path, payload=None, manifest=None):
    """Forge a file, its sums and all."""
    with zipfile.ZipFile(path) as archive:
        noted = json.loads(archive.read("manifest.json"))
        payload = archive.read("model.skops") if payload is None else payload
    noted = noted if manifest is None else manifest(noted)
    noted["sha256"] = {"model.skops": hashlib.sha256(payload).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(noted))
        archive.writestr("model.skops", payload)


def read(path):
    with zipfile.ZipFile(path) as archive:
        values = skops.io.loads(archive.read("model.skops"))
    return values | {"nodes": json.loads(values["nodes"])}


def forge(path, change):
    """Change the plain values of a file."""
    values = read(path)
    change(values)
    values["nodes"] = json.dumps(values["nodes"])
    rewrite(path, skops.io.dumps(values))


def root_becomes(node):
    def change(values):
        values["nodes"].append(node)
        values["root"] = [len(values["nodes"]) - 1]

    return change


# What the user wrote


def test_own_class_is_refused_by_name_and_loads_when_trusted(tmp_path):
    path = tmp_path / "model"
    model = make_pipeline(Doubled(), LogisticRegression(max_iter=999)).fit(X, Y)
    save(model, path)
    name = f"{__name__}.Doubled"
    with pytest.raises(UntrustedTypesError, match=r"trusted=\['.*Doubled'\]") as caught:
        load(path)
    assert caught.value.types == [name]
    for trusted in ([name], [Doubled], (Doubled,)):
        again = load(path, trusted=trusted)
        assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_own_functions(tmp_path):
    path = tmp_path / "model"
    loss = CustomLoss(squares)
    models = [
        FunctionTransformer(tripled).fit(X),
        sk.GradientBoostingRegressor(n_estimators=3, loss=loss).fit(X, Y),
    ]
    save(models, path)
    with pytest.raises(UntrustedTypesError) as caught:
        load(path)
    assert caught.value.types == [f"{__name__}.squares", f"{__name__}.tripled"]
    again = load(path, trusted=[squares, tripled])
    assert_array_equal(again[0].transform(X), 3 * X)
    assert_array_equal(again[1].predict(X), models[1].predict(X))


@pytest.mark.parametrize("trusted", [True, "sklearn", None, 3], ids=str)
def test_trusting_everything_is_refused(saved, trusted):
    with pytest.raises(TypeError, match="name each one"):
        load(saved, trusted=trusted)


def test_an_object_without_a_name_is_refused_when_saving(tmp_path):
    model = FunctionTransformer(lambda X: X)
    with pytest.raises(ModelFileError, match=r"FunctionTransformer holds .*<lambda>"):
        save(model, tmp_path / "model")
    with pytest.raises(ModelFileError, match="only its own constructor can create"):
        save(make_pipeline(Evil("x")), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


# Code in disguise


def names_of_danger(tmp_path):
    target = str(tmp_path / "made")
    return {
        "function of Python": ["name", "os.system"],
        "class of Python": ["object", "subprocess.Popen", [], None, [], []],
        "constructor with effects": ["object", "pathlib.Path", [target], None, [], []],
        "module of ours, class of others": [
            *("object", "skensemble.fitting._shared.pickle.Unpickler"),
            *([], None, [], []),
        ],
        "our own function": ["name", "skensemble.persistence._file.load"],
        "our own reader of pickles": [
            *("object", "skensemble.fitting._shared.Parked"),
            *([], None, [], []),
        ],
        "reader in scikit-learn": ["name", "sklearn.datasets.load_files"],
        "function through a module": ["name", "sklearn.utils.fixes.os.system"],
        "eval": ["name", "builtins.eval"],
        "loader of NumPy": ["name", "numpy.load"],
        "joblib": ["name", "joblib.numpy_pickle.load"],
        "no name at all": ["name", ""],
    }


@pytest.mark.parametrize("name", names_of_danger(Path()))
def test_forged_names_are_refused(name, saved, tmp_path):
    forge(saved, root_becomes(names_of_danger(tmp_path)[name]))
    with pytest.raises(UntrustedTypesError):
        load(saved)
    assert not (tmp_path / "made").exists()


def test_names_are_read_before_any_module_is_imported(saved):
    """A module on the path is not imported for being named."""
    (saved.parent / "sly_module.py").write_text("raise SystemExit('imported')")
    forge(saved, root_becomes(["name", "sly_module.thing"]))
    code = (
        "from skensemble.persistence import load\n"
        "from skensemble.exceptions import UntrustedTypesError\n"
        "try: load('model')\n"
        "except UntrustedTypesError as error: print(error.types)"
    )
    paths = os.pathsep.join([str(saved.parent), str(Path(sk.__file__).parents[1])])
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=saved.parent,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "['sly_module.thing']", run.stderr


def test_pickles_are_not_unpickled(saved, tmp_path):
    made = tmp_path / "made"
    evil = pickle.dumps(Evil(made))
    for place in ("renamed", "member"):
        path = tmp_path / place
        path.write_bytes(saved.read_bytes() if place == "member" else evil)
        if place == "member":
            rewrite(path, payload=evil)
        with pytest.raises(ModelFileError):
            load(path)
    assert not made.exists()
    pickle.loads(evil)
    assert made.exists()  # it would have been


def test_array_of_objects_in_an_array_file(saved, tmp_path):
    made = tmp_path / "made"
    stream = io.BytesIO()
    np.save(stream, np.array([Evil(made)], dtype=object), allow_pickle=True)
    source = io.BytesIO()
    with zipfile.ZipFile(saved) as archive:
        inner = zipfile.ZipFile(io.BytesIO(archive.read("model.skops")))
    with zipfile.ZipFile(source, "w") as changed:
        for name in inner.namelist():
            changed.writestr(
                name, stream.getvalue() if name.endswith(".npy") else inner.read(name)
            )
    rewrite(saved, payload=source.getvalue())
    with pytest.raises(ModelFileError, match="allow_pickle"):
        load(saved)
    assert not made.exists()


def test_types_within_the_plain_values(saved):
    rewrite(saved, payload=skops.io.dumps({"root": Doubled()}))
    with pytest.raises(UntrustedTypesError, match="Doubled"):
        load(saved)


def test_memory_of_a_forged_file_is_ignored(tmp_path):
    path = tmp_path / "model"
    save(sk.CrossFitted(LogisticRegression(), memory=None), path)

    def point_elsewhere(values):
        states = [node for node in values["nodes"] if "memory" in node]
        for state in states:
            state[state.index("memory") + 1] = str(tmp_path)
        assert states

    forge(path, point_elsewhere)
    assert load(path).memory is None


# Trees that lead astray


@pytest.mark.parametrize("column", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("number", [10**9, -7, 0])
def test_forged_tree_is_refused(column, number, saved):
    def change(values):
        place = values["packs"].index(f"{column}:<i8")
        values["arrays"][place][0] = number

    if (column, number) == ("feature", 0):
        return  # a feature that there is
    forge(saved, change)
    with pytest.raises(ModelFileError, match="leads outside itself"):
        load(saved)


@pytest.mark.parametrize("column", ["left:<u4", "right:<u4", "feature_idx:<i8"])
def test_forged_histogram_tree_is_refused(column, tmp_path):
    path = tmp_path / "model"
    save(HistGradientBoostingClassifier(max_iter=2).fit(X, Y), path)

    def change(values):
        values["arrays"][values["packs"].index(column)][0] = 10**9

    forge(path, change)
    with pytest.raises(ModelFileError, match="leads outside itself"):
        load(path)


def test_tree_of_another_table_is_refused(tmp_path):
    path = tmp_path / "model"
    save(DecisionTreeClassifier().fit(X, Y), path)

    def change(values):
        states = [node for node in values["nodes"] if "n_features_in_" in node]
        for state in states:
            state[state.index("n_features_in_") + 1] = 2

    forge(path, change)
    with pytest.raises(ModelFileError, match="leads outside itself"):
        load(path)


def test_forest_with_a_tree_of_another_table_is_refused(tmp_path):
    path = tmp_path / "model"
    save(IsolationForest(n_estimators=2).fit(X), path)

    def change(values):
        for state in values["nodes"]:
            if "n_features_in_" in state and "n_estimators" in state:
                state[state.index("n_features_in_") + 1] = 2

    forge(path, change)
    with pytest.raises(ModelFileError, match="leads outside itself"):
        load(path)


# Damage


def test_every_truncation_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 97):
        saved.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            load(saved)


def test_every_flipped_byte_is_refused_or_harmless(saved):
    whole = saved.read_bytes()
    refused = 0
    for place in range(0, len(whole), 41):
        saved.write_bytes(
            whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]
        )
        try:
            again = load(saved)
        except ModelFileError:
            refused += 1
        else:
            assert isinstance(again, DecisionTreeClassifier)
    assert refused > 10


def test_damage_is_detected_by_the_sum(saved):
    with zipfile.ZipFile(saved) as archive:
        noted, payload = (archive.read(name) for name in archive.namelist())
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("manifest.json", noted)
        archive.writestr("model.skops", payload + b" ")
    with pytest.raises(ModelFileError, match="SHA-256"):
        load(saved)


@pytest.mark.parametrize(
    "node",
    [
        *(["array", "<f8", 0, [10**9], "C"], ["array", "<f8", -1, [1], "C"]),
        *(
            ["array", "?", 0, [1], "C"],
            ["bytes", 0, 10],
            ["leaf", 7],
            ["list", [99999]],
        ),
        *(["tuple", [-1]], ["unknown", 1], [], 3, ["name", 7], ["part", "unknown", 1]),
        *(["dict", 1], ["dict", ["list"], 1], ["part", "pandas.Index", {}]),
        *(["name", "sklearn.linear_model.Nothing"], ["list", [0, 1]]),
        *(["object", "numpy.log", [], None, [], []], ["list", {"a": 1}]),
    ],
    ids=str,
)
def test_senseless_node_is_refused(node, saved):
    forge(saved, root_becomes(node))
    with pytest.raises(ModelFileError):
        load(saved)


def test_value_that_holds_itself(saved):
    def change(values):
        number = len(values["nodes"])
        values["nodes"].append(["tuple", [number]])
        values["root"] = [number]

    forge(saved, change)
    with pytest.raises(ModelFileError, match="holds itself"):
        load(saved)


def test_depth_without_end(saved):
    def change(values):
        first = len(values["nodes"])
        values["nodes"] += [["tuple", [first + depth + 1]] for depth in range(9000)]
        values["root"] = [first]

    forge(saved, change)
    with pytest.raises(ModelFileError):
        load(saved)


def test_claims_beyond_reason_are_not_unpacked(saved, monkeypatch):
    monkeypatch.setattr(archive_module, "SIZE_ALWAYS_ALLOWED", 10_000)
    with zipfile.ZipFile(saved) as archive:
        noted = archive.read("manifest.json")
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", noted)
        archive.writestr("model.skops", bytes(10**8))
    with pytest.raises(ModelFileError, match="claims to unpack"):
        load(saved)


def test_packed_model_within_is_not_unpacked(saved):
    packed = skops.io.dumps(np.zeros(10**6), compression=zipfile.ZIP_DEFLATED)
    rewrite(saved, payload=packed)
    with pytest.raises(ModelFileError, match="packs its model"):
        load(saved)


def test_zeros_are_written_so_that_they_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "SIZE_ALWAYS_ALLOWED", 10_000)
    save({"zeros": np.zeros(10**6)}, tmp_path / "model")
    assert not load(tmp_path / "model")["zeros"].any()


def test_not_our_files(tmp_path):
    path = tmp_path / "model"
    with pytest.raises(FileNotFoundError):
        load(path)
    path.write_text("a text")
    with pytest.raises(ModelFileError, match="not a model"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "text")
    with pytest.raises(ModelFileError, match=r"no manifest\.json"):
        load(path)
    for noted in ("{}", "[]", "7", "{", '{"format": 7}', '{"format": {"version": []}}'):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", noted)
        with pytest.raises(ModelFileError):
            load(path)
    skops.io.dump(LogisticRegression(), path)
    with pytest.raises(ModelFileError, match=r"no manifest\.json"):
        load(path)


# Writing


def test_folder_must_be_there(tmp_path):
    with pytest.raises(ModelFileError, match="There is no folder"):
        save(LogisticRegression(), tmp_path / "nowhere" / "model")
    with pytest.raises(ModelFileError, match="is a folder"):
        save(LogisticRegression(), tmp_path)
    with pytest.raises(ValueError, match="compress='zstd' is not known"):
        save(LogisticRegression(), tmp_path / "model", compress="zstd")


def test_file_is_written_completely_or_not_at_all(saved, monkeypatch):
    before = saved.read_bytes()
    save(LogisticRegression(), saved)
    assert isinstance(load(saved), LogisticRegression)
    saved.write_bytes(before)

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(archive_module, "_write_zip", fail)
    with pytest.raises(OSError, match="disk is full"):
        save(LogisticRegression(), saved)
    assert saved.read_bytes() == before
    assert [one.name for one in saved.parent.iterdir()] == ["model"]


def test_mode_is_that_of_other_files(saved):
    other = saved.parent / "other"
    other.write_text("")
    assert saved.stat().st_mode == other.stat().st_mode
    saved.chmod(0o600)
    save(LogisticRegression(), saved)
    assert saved.stat().st_mode & 0o777 == 0o600
