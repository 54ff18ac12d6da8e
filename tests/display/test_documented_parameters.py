"""The text of one parameter or attribute is the same in all displays."""

import pytest
from numpydoc.docscrape import ClassDoc, FunctionDoc

import skensemble.display

KINDS = [getattr(skensemble.display, name) for name in skensemble.display.__all__]


def texts(name):
    """Texts of a name in the classes, `from_estimator` and `plot`."""
    for kind in KINDS:
        sections = ClassDoc(kind)
        entries = [*sections["Parameters"], *sections["Attributes"]]
        for method in (kind.from_estimator, kind.plot):
            entries += FunctionDoc(method)["Parameters"]
        for entry in entries:
            if entry.name == name:
                yield entry.type, " ".join(entry.desc)


@pytest.mark.parametrize("name", ["ax", "**kwargs", "estimator", "figure_", "ax_"])
def test_one_text_per_name(name):
    found = list(texts(name))
    assert len(found) >= len(KINDS)
    assert len(set(found)) == 1
