"""Write the map of modules of the architecture page: ``python docs/module_map.py``.

The map has one line per module, with the first sentence of its docstring.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skensemble"
PAGE = ROOT / "docs" / "_module_map.md"


def summary(path):
    """Return the first paragraph of the docstring of a module."""
    text = ast.get_docstring(ast.parse(path.read_text("utf8"))) or ""
    return " ".join(text.partition("\n\n")[0].split())


def module_map():
    """Return the map of modules as Markdown."""
    lines = []
    for package in sorted(path.parent for path in PACKAGE.rglob("__init__.py")):
        if package == PACKAGE:
            continue
        name = package.relative_to(PACKAGE).as_posix()
        lines += [f"**`{name}/`** {summary(package / '__init__.py')}", ""]
        modules = sorted(package.glob("_[a-z]*.py"))
        lines += [f"- `{path.stem}`: {summary(path)}" for path in modules]
        lines += [""] if modules else []
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(module_map())
