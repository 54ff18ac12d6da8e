"""The code in README and docs runs as it is written, block after block."""

import re
import sys
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


WITH_CODE = [page for page in PAGES if "```python" in page.read_text()]


def test_pages_with_code_are_found():
    assert {"README.md", "first_stack.md", "splits.md"} <= {p.name for p in WITH_CODE}
    for page in PAGES:
        text = page.read_text()
        assert len(BLOCK.findall(text)) == text.count("```py"), page.name


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_code_runs(page, monkeypatch, tmp_path):
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    # A module of its own, so that classes defined on the page can be pickled.
    module = ModuleType(page.stem)
    monkeypatch.setitem(sys.modules, page.stem, module)
    for number, code in enumerate(BLOCK.findall(page.read_text())):
        exec(compile(code, f"{page.name}, block {number}", "exec"), vars(module))
