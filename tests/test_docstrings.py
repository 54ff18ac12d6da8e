"""Public docstrings are complete by numpydoc's rules, and the lint can fail.

``python -m numpydoc lint`` reads files, so it cannot tell a public class in a private
module from a helper, and its rules are those that hold for both. The rules for public
names are checked here, on what can be imported.
"""

import functools
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.validate import validate

import skensemble

ROOT = Path(__file__).parents[1]
RULES = {
    *("GL05", "GL06", "GL07", "GL08", "GL09", "GL10"),
    *("SS01", "SS02", "SS03", "SS04", "SS05", "SS06"),
    *("PR01", "PR02", "PR03", "PR04", "PR05", "PR06", "PR07", "PR08", "PR09", "PR10"),
    *("RT01", "RT03", "RT04", "RT05", "YD01"),
    *("SA02", "SA03", "SA04"),
}
# The section whose absence each rule reports.
SECTIONS = {"PR01": "Parameters", "RT01": "Returns", "YD01": "Yields"}
# Classes without an example: a user receives them, or derives from them.
RESULTS = {
    *("CoefficientPath", "FoldAverage", "Form", "Kink", "Manifest"),
    *("OutOfFold", "PenaltyColumns", "RangeTest", "RunResult", "RunState"),
}
CONTRACTS = {"Engine", "Penalty", "Schedule", "Solver", "WeightSolver"}


def public_modules():
    found = pkgutil.walk_packages(skensemble.__path__, "skensemble.")
    names = [module.name for module in found]
    return ["skensemble", *(name for name in names if "._" not in name)]


def has_docstring(thing):
    """Tell functions, methods and properties from data."""
    return callable(thing) or isinstance(thing, (property, functools.cached_property))


def is_generated(thing):
    """Tell the `set_fit_request` of scikit-learn and its like."""
    return type(thing).__name__ == "RequestMethod"


def members(cls):
    """List the public methods and properties of a class that the package defines."""
    found = []
    for name in dir(cls):
        if name.startswith("_"):
            continue
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is None or not owner.__module__.startswith("skensemble"):
            continue
        member = vars(owner)[name]
        bound = member if has_docstring(member) else getattr(cls, name)
        if has_docstring(bound) and not is_generated(member):
            found.append((name, member))
    return found


def public_objects(module_name):
    """List owner and name of what is public; an inherited method counts once."""
    module, seen = importlib.import_module(module_name), set()
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if inspect.ismodule(thing) or not has_docstring(thing):
            continue
        yield None, thing
        for attribute, member in members(thing) if inspect.isclass(thing) else []:
            if id(member) not in seen:
                seen.add(id(member))
                yield thing, attribute


def path_of(thing):
    return f"{thing.__module__}.{thing.__qualname__}"


@functools.cache
def errors(path):
    return validate(path)["errors"]


def findings(owner, thing):
    """List what numpydoc reports of a public object, by the rules above."""
    path = f"{path_of(owner)}.{thing}" if owner else path_of(thing)
    excused = set() if owner else excused_of_class(thing)
    if owner and inspect.isroutine(getattr(owner, thing)):
        excused = documented_by_a_base(owner, thing)
    rules = RULES if owner or not inspect.isclass(thing) else RULES | {"EX01"}
    return [
        f"{path}: {code} {text}"
        for code, text in errors(path)
        if code in rules - excused
    ]


def excused_of_class(thing):
    """List the rules that say nothing of a class of this kind."""
    excused = set()
    if getattr(thing, "_is_protocol", False):
        excused.add("PR01")  # its signature is (*args, **kwargs)
    is_error = inspect.isclass(thing) and issubclass(thing, BaseException)
    if is_error or thing.__name__ in RESULTS | CONTRACTS:
        excused.add("EX01")
    return excused


def documented_by_a_base(owner, name):
    """List the rules that a method meets by the docstring of the method it overrides.

    The one overridden must have the same parameters and meet all rules itself; and the
    section must be absent, not incomplete.
    """
    method = getattr(owner, name)
    text = inspect.cleandoc(method.__doc__ or "")
    absent = {code for code, section in SECTIONS.items() if f"{section}\n-" not in text}
    for base in owner.__mro__[1:]:
        if name not in vars(base) or not base.__module__.startswith("skensemble"):
            continue
        overridden = getattr(base, name)
        if overridden is method or not inspect.isroutine(overridden):
            continue
        same = [*inspect.signature(method).parameters] == [
            *inspect.signature(overridden).parameters
        ]
        complete = not {code for code, _ in errors(f"{path_of(base)}.{name}")} & RULES
        if same and complete:
            return absent
    return set()


MODULES = public_modules()


@pytest.mark.parametrize("module", MODULES)
def test_public_docstrings_are_complete(module):
    found = [
        finding
        for owner, thing in public_objects(module)
        for finding in findings(owner, thing)
    ]
    assert not found, "\n" + "\n".join(found)


def test_invalid_parameters_are_refused():
    objects = [entry for module in MODULES for entry in public_objects(module)]
    assert {
        (None, skensemble.StackingClassifier),
        (None, skensemble.losses.as_loss),
    } <= {*objects}
    assert (None, skensemble.boosting.engines.as_engine) in objects
    assert (skensemble.fitting.OutOfFold, "members") in objects  # a property
    names = {name for name, _ in members(skensemble.StackingClassifier)}
    assert {"fit", "predict", "predict_proba"} <= names
    assert "partial_fit" in dict(members(skensemble.LinearClassifier))
    assert "set_fit_request" not in dict(members(skensemble.LinearClassifier))


def test_classes_without_an_example_are_listed_once_and_have_none():
    listed = {
        thing
        for module in MODULES
        for owner, thing in public_objects(module)
        if owner is None and thing.__name__ in RESULTS | CONTRACTS
    }
    assert {thing.__name__ for thing in listed} == RESULTS | CONTRACTS
    for thing in listed:
        assert "EX01" in dict(errors(path_of(thing))), thing


PROBE = '''
"""A module with docstrings to report."""

__all__ = ["Bad", "Child", "Good", "bad"]


class Good:
    """Keep a number.

    Parameters
    ----------
    number : int
        The number.

    Examples
    --------
    >>> Good(1).number
    1
    """

    def __init__(self, number):
        self.number = number

    def plus(self, other):
        """Add a number.

        Parameters
        ----------
        other : int
            The other number.

        Returns
        -------
        total : int
            The sum.
        """
        return self.number + other

    def times(self, other):
        """Multiply by a number.

        Parameters
        ----------
        other : int
            The other number.

        Returns
        -------
        product : int
        """
        return self.number * other


class Child(Good):
    """Keep a number that is wrong.

    Parameters
    ----------
    number : int
        The number.

    Examples
    --------
    >>> Child(1).number
    1
    """

    def plus(self, other):
        """Add nothing."""
        return self.number

    def times(self, other):
        """Multiply by one."""
        return self.number


class Bad:
    """Keep two numbers.

    Parameters
    ----------
    first : int
        The first.
    """

    def __init__(self, first, second):
        self.first = first
        self.second = second

    @property
    def both(self):
        return self.first, self.second


class Renamed(Good):
    """Keep a number."""

    def plus(self, number):
        """Add a number of another name."""
        return self.number + number


def bad(x):
    """Returns x
    """
    return x
'''


@pytest.fixture
def probe(tmp_path, monkeypatch):
    (tmp_path / "skensemble_probe.py").write_text(PROBE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("skensemble_probe")
    del sys.modules["skensemble_probe"]


def test_incomplete_docstrings_are_reported(probe):
    found = {}
    for owner, thing in [*public_objects(probe.__name__), (probe.Renamed, "plus")]:
        for finding in findings(owner, thing):
            path, _, text = finding.partition(": ")
            found.setdefault(path.partition(".")[2], set()).add(text.split()[0])
    assert found == {
        "Bad": {"PR01", "EX01"},
        "Bad.both": {"GL08"},
        # What it overrides is incomplete itself.
        "Child.times": {"PR01", "RT01"},
        "Good.times": {"RT03"},
        "Renamed.plus": {"PR01", "RT01"},
        "bad": {"SS03", "SS05", "PR01", "RT01"},
    }
    assert "'second'" in " ".join(findings(None, probe.Bad))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f(x):\n    return x\n", "GL08"),
        ('def f(x):\n    """Return x"""\n    return x\n', "SS03"),
        (
            'def f(x, y):\n    """Return x.\n\n    Parameters\n    ----------\n    '
            'y : int\n        Second.\n    x : int\n        First.\n    """\n',
            "PR03",
        ),
        (
            'def f(x):\n    """Return x.\n\n    Parameters\n    ----------\n    '
            'x\n        Number.\n    """\n',
            "PR04",
        ),
    ],
)
def test_the_lint_fails_for_a_bad_docstring(tmp_path, text, code):
    lint = [sys.executable, "-m", "numpydoc", "lint", "--config", str(ROOT)]
    heading = '"""A module."""\n\n\n'
    for name, body in {"good": "", "bad": text}.items():
        file = tmp_path / f"{name}.py"
        file.write_text(heading + body)
        done = subprocess.run([*lint, str(file)], capture_output=True, text=True)
        assert done.returncode == (name == "bad"), done.stdout + done.stderr
    assert code in done.stdout + done.stderr


def test_check_script_runs_the_lint_on_the_package():
    script = (ROOT / "tools" / "check.sh").read_text()
    assert "python -m numpydoc lint $(git ls-files 'skensemble/*.py')" in script
