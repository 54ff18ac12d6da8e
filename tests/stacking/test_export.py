"""Predictions as tables and files."""

import gzip
import sys

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from skensemble.stacking.inspection._export import predictions_frame, write_predictions

PROBA = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])


def test_numbers():
    frame = predictions_frame([1.5, np.nan], index=["a", "b"], target="price")
    expected = pd.DataFrame({"id": ["a", "b"], "price": [1.5, np.nan]})
    assert_frame_equal(frame, expected, check_dtype=False)
    assert list(predictions_frame([1.5, 2.5]).columns) == ["prediction"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [(None, ["prediction_0", "prediction_1"]), ("y", ["y_0", "y_1"]),
     (["u", "v"], ["u", "v"])],
)  # fmt: skip
def test_several_outputs(target, expected):
    frame = predictions_frame(np.ones((2, 2)), target=target)
    assert list(frame.columns) == expected


def test_two_classes_give_the_second():
    frame = predictions_frame(PROBA[:, :2], classes=np.array(["no", "yes"]))
    assert_frame_equal(frame, pd.DataFrame({"prediction": [0.3, 0.8]}))


def test_one_column_a_class():
    frame = predictions_frame(PROBA, classes=np.array([3, 7, 9]), index=[1, 2])
    assert list(frame.columns) == ["id", "3", "7", "9"]
    np.testing.assert_array_equal(frame[["3", "7", "9"]], PROBA)
    named = predictions_frame(PROBA, classes=[3, 7, 9], target=["x", "y", "z"])
    assert list(named.columns) == ["x", "y", "z"]


def test_multilabel_has_a_column_a_label():
    classes = [np.array([0, 1])] * 3
    frame = predictions_frame(PROBA, classes=classes, target="tag")
    assert list(frame.columns) == ["tag_0", "tag_1", "tag_2"]


def test_labels_stay_labels():
    frame = predictions_frame(np.array(["no", "yes"]), classes=["no", "yes"])
    assert list(frame["prediction"]) == ["no", "yes"]


def test_ids_are_named():
    rows = pd.Index([892, 893], name="PassengerId")
    assert predictions_frame([0, 1], index=rows).columns[0] == "PassengerId"
    frame = predictions_frame([0, 1], index=rows, id_column="row")
    assert frame.columns[0] == "row"
    # A Series is taken by place, whatever its own index.
    ids = pd.Series([5, 6], index=[1, 0], name="key")
    assert list(predictions_frame([0, 1], index=ids)["key"]) == [5, 6]


@pytest.mark.parametrize(
    ("block", "options", "message"),
    [
        (np.ones((2, 2, 2)), {}, "n_samples, n_columns"),
        (PROBA, {"classes": [0, 1]}, "3 columns for 2 classes"),
        (PROBA, {"target": ["a", "b"]}, "names 2 columns, but there are 3"),
        ([1, 2], {"index": [1, 2, 3]}, "3 entries"),
        ([1, 2], {"id_column": "id"}, "needs index"),
        ([1, 2], {"index": [1, 2], "target": "id"}, "'id' names both"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(block, options, message):
    with pytest.raises(ValueError, match=message):
        predictions_frame(block, **options)


READERS = {".csv": pd.read_csv, ".csv.gz": pd.read_csv, ".parquet": pd.read_parquet}


@pytest.mark.parametrize("suffix", READERS)
def test_files_hold_the_frame(tmp_path, suffix):
    frame = predictions_frame(
        PROBA.astype(np.float32), classes=["a", "ü", "c"], index=[7, 8]
    )
    path = tmp_path / "new" / "folder" / f"submission{suffix}"
    assert write_predictions(frame, str(path)) == path
    assert_frame_equal(READERS[suffix](path), frame, check_dtype=False)
    before = path.read_bytes()
    write_predictions(frame, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_compressed_is_the_same_text(tmp_path):
    frame = predictions_frame([1.5], index=[7])
    plain = write_predictions(frame, tmp_path / "a.csv").read_bytes()
    packed = write_predictions(frame, tmp_path / "a.csv.gz").read_bytes()
    assert plain == gzip.decompress(packed) == b"id,prediction\n7,1.5\n"


def test_unknown_suffix_is_refused_with_those_known(tmp_path):
    with pytest.raises(ValueError, match=r"\.xlsx.*\.csv.*\.csv\.gz.*\.parquet"):
        write_predictions(predictions_frame([1.5]), tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_predictions(predictions_frame([1.5]), path)
    before = path.read_bytes()

    def torn(self, file, **options):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", torn)
    with pytest.raises(OSError, match="disk full"):
        write_predictions(predictions_frame([2.5]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_without_pyarrow_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match="pip install pyarrow"):
        write_predictions(predictions_frame([1.5]), tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())
