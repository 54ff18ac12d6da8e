"""Texts use plain language and the standard terms of the field."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A pattern, and what to write instead.
BANNED = {
    r"\b(said|says|saying)\b": "predictions, predicts, reports",
    r"\b(told|tells|telling)\b": "reports, returns, shows",
    r"\b(asked|asking|asks)\b": "response method, uses, requires",
    r"\b(nobody|whoever|everybody|anybody|everyone)\b": "no member, each member",
    r"(?<!users )(?<!people )(?<!readers )\b(who|whom)\b": "which, that",
    r"\bthe whole\b": "the ensemble",
    r"\bverdicts?\b": "evaluation",
    r"\bevidence\b": "out-of-fold data",
    r"\bdear(er|est)?\b": "expensive",
    r"\broads?\b": "engine",
    r"\b(believe|believed|believes)\b": "use, trust",
    r"\bguests?\b": "optional dependency",
    r"\bthe way out\b": "suggested fix",
    r"\bglimpses?\b": "data fingerprint",
    r"\bhurried\b": "with a time budget",
    r"\bno (number|way|table|list|member|column|share|score|loss|estimator|place)s? "
    r"(of|to|for|that|but)\b(?= (cores|split|keep|folds|member))": "is not a ...",
    r"\bfor numbers\b": "for regression",
    r"\b(the )?same for numbers\b": "Regression counterpart",
    r"\bas it comes\b": "without preparation",
    r"\bgoes without\b": "does not use",
    r"\b(one|a|an) (?!for|to|of|in|with|on|by|from|as|over)[\w-]+ an? (row|column|class|member|fold|round|fit|label|output|"
    r"split|pair|iteration|epoch|layer|feature|model|group|sample|seed|batch|step|tree|"
    r"target|level|strength|draw|user|name|word|table|family|file)\b": "per",
    r"\b(weight|column|row|entry|model|number|array|value|line|seed|block)s? an? "
    r"(row|column|class|member|fold|round|label|output|split|iteration|epoch|layer|"
    r"feature|sample)\b": "per",
    r"\bhave? the say\b": "get weight",
}
PATTERNS = {re.compile(p, re.IGNORECASE): use for p, use in BANNED.items()}


def code_texts(path):
    """Docstrings and messages of a module, with their lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and " " in node.value:
            yield node.lineno, node.value


def prose(path):
    """Text of a page outside of code blocks and references to papers."""
    text = path.read_text()
    blank = re.compile(r"^```.*?^```|^    .*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    text = blank.sub(lambda found: "\n" * found[0].count("\n"), text)
    yield from enumerate(text.splitlines(), 1)


def findings(texts):
    for line, text in texts:
        for pattern, use in PATTERNS.items():
            for found in pattern.finditer(text):
                at = line + text[: found.start()].count("\n")
                yield f"line {at}: {found[0]!r}; write: {use}"


CODE = [*(ROOT / "skensemble").rglob("*.py"), *(ROOT / "examples").glob("*.py")]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "examples" / "README.rst",
]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_code(path):
    found = list(findings(code_texts(path)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages(path):
    found = list(findings(prose(path)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "One column a class.",
        "What the members said of each row",
        "The road that was taken",
        "A member whose fits are dear",
    ],
)
def test_a_bad_sentence_is_found(text):
    assert list(findings([(1, text)]))
