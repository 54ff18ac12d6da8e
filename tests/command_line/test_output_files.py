"""Output files replace earlier ones only when they are complete."""

import pytest

from skensemble.command_line._output_files import output_folder, write_files
from skensemble.command_line._usage_errors import UsageError


def test_all_files_are_replaced_together(tmp_path):
    (tmp_path / "a").write_text("old")

    def fail(path):
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {"a": lambda path: path.write_text("new"), "b": fail})
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    write_files(tmp_path, {"a": lambda path: path.write_text("new")})
    assert (tmp_path / "a").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_new_folder_is_removed_after_a_usage_error(tmp_path):
    with pytest.raises(UsageError), output_folder(str(tmp_path / "new")):
        raise UsageError("text")
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    with pytest.raises(UsageError), output_folder(str(tmp_path / "old")):
        raise UsageError("text")
    assert (tmp_path / "old").exists()
