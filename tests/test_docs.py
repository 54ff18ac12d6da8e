"""The code in README and docs runs as it is written, block after block.

Blocks of ``python`` in plain Markdown, and ``{code-cell}`` blocks of the pages that
``make docs`` executes.
"""

import re
import sys
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "migration").glob("*.md")),
]
BLOCK = re.compile(
    r"^```(?:python|\{code-cell\}(?: python)?)\n(.*?)^```", re.MULTILINE | re.DOTALL
)
OPTIONS = re.compile(r"\A(?::[\w-]+:.*\n)+")  # of a cell, such as `:tags: [hide-input]`
FENCE = re.compile(r"^```(?:python|\{code-cell\})", re.MULTILINE)
KERNEL = re.compile(r"\A---\nfile_format: mystnb\n")


def blocks(page):
    """Give the code of a page, block by block."""
    return [OPTIONS.sub("", code) for code in BLOCK.findall(page.read_text("utf8"))]


WITH_CODE = [page for page in PAGES if blocks(page)]


def test_pages_with_code_are_found():
    found = {page.name for page in WITH_CODE}
    assert {"README.md", "first_stack.md", "splits.md", "from_sklearn.md"} <= found
    assert len(found) > 25


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_code_runs(page, monkeypatch, tmp_path):
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    # A module of its own, so that classes defined on the page can be pickled.
    module = ModuleType(page.stem)
    monkeypatch.setitem(sys.modules, page.stem, module)
    try:
        for number, code in enumerate(blocks(page)):
            exec(compile(code, f"{page.name}, block {number}", "exec"), vars(module))
    finally:
        plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_block_is_overlooked(page):
    """Every fence of code is read by `blocks`, and only executed pages have cells."""
    text = page.read_text("utf8")
    assert len(FENCE.findall(text)) == len(blocks(page))
    assert ("\n```{code-cell}" in text) <= bool(KERNEL.match(text))
