"""Messages about classes that splits cannot fit on, hold out or score."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.auto._class_rows import ClassRows
from skensemble.fitting import Split, covered_rows

Array = NDArray[Any]

# Number of splits that a message names.
_MAX_NAMES = 5
# Length up to which a splitter is shown as it is.
_MAX_REPR = 200


@dataclass(frozen=True)
class SplitOrigin:
    """Where splits come from, for messages.

    Parameters
    ----------
    by : {"folds", "groups", "time", "cv"}
        Folds of this package, with groups or in the order of time, or splits of the
        user.
    cv : object
        The parameter of the estimator.
    stratified : bool
        Whether the folds keep the shares of the classes.
    n_wanted : int
        Number of folds if each class has enough rows; 0 for splits of the user.
    """

    by: str
    cv: Any = "auto"
    stratified: bool = False
    n_wanted: int = 0


@dataclass(frozen=True)
class _Findings:
    """The splits before and after, from which the sentences of a warning are made."""

    before: list[Any]
    after: list[Any]
    rows: ClassRows
    origin: SplitOrigin

    def not_scored(self) -> Array:
        """Count the rows per class that are not scored for lack of training rows."""
        rows = self.rows
        lost = np.zeros(len(rows.codes), dtype=bool)
        for split in self.before:
            unknown = ~np.isin(rows.codes[split.test], rows.of(split.train))
            lost[split.test[unknown]] = True
        lost &= rows.learnable & ~covered_rows(self.after, len(lost))
        return np.bincount(rows.codes[lost], minlength=len(rows.counts))


def _without_weight(found: _Findings) -> str:
    classes = np.flatnonzero(found.rows.counts == 0)
    if found.rows.continuous or not len(classes):
        return ""
    return (
        f"sample_weight is zero in all rows of some classes: "
        f"{found.rows.listed(classes)}. No member learns them, and their probability "
        "is 0; leave their rows out, or give them a weight above 0."
    )


def _in_few_folds(found: _Findings) -> str:
    counts, n_folds = found.rows.counts, len(found.before)
    few = np.flatnonzero((counts > 1) & (counts < n_folds))
    if not found.origin.stratified or not len(few):
        return ""
    return (
        f"y has classes with fewer rows than the {n_folds} folds: "
        f"{found.rows.listed(few, counts)}. Some folds hold out no row of them, so that "
        "their scores are uncertain; merge rare classes, or add rows."
    )


def _few_folds(found: _Findings) -> str:
    counts, n_folds = found.rows.counts, len(found.before)
    few = np.flatnonzero(counts == n_folds)
    if n_folds >= found.origin.n_wanted or not len(few):
        return ""
    return (
        f"y has classes with few rows: {found.rows.listed(few, counts)}. So there are "
        f"{n_folds} folds instead of {found.origin.n_wanted}, and their scores are "
        "uncertain; add rows."
    )


def _not_scored(found: _Findings) -> str:
    lost = found.not_scored()
    classes = np.flatnonzero(lost)
    if not len(classes) or found.rows.continuous:
        return ""
    listed = found.rows.listed(classes, lost)
    if found.origin.by == "folds":
        return (
            f"y has classes with one row: {listed}. Every member is fitted on these "
            "rows, and no score counts them; add rows, or merge rare classes."
        )
    return (
        f"Scores leave out rows whose class is not in the training rows of their split: "
        f"{listed}. {_WHY[found.origin.by]}"
    )


def _left_out(found: _Findings) -> str:
    kept = {split.label for split in found.after}
    left = [split.label for split in found.before if split.label not in kept]
    if not left:
        return ""
    what = "no weight above 0" if found.rows.continuous else "one class only"
    return (
        f"Splits are left out, because their training rows have {what}, or none of "
        f"their held-out rows can be scored: {_numbers(left, found.before)}."
    )


def _one_class(found: _Findings) -> str:
    if found.rows.continuous:
        return ""
    single = [
        split.label
        for split in found.after
        if len(split.test) > 1 and len(found.rows.of(split.test)) == 1
    ]
    if not single:
        return ""
    return (
        "Splits hold out rows of one class only: "
        f"{_numbers(single, found.before)}. Scores such as the ROC AUC then compare "
        "predictions of different models and can be far too low, and score_std leaves "
        f"these splits out. {_OTHERS[found.origin.by]}"
    )


_OTHERS = {
    "folds": "Add rows, or merge rare classes.",
    "groups": "Use groups that hold several classes.",
    "time": "Use fewer forward splits, such as cv=3.",
    "cv": "Use splits that hold out rows of several classes.",
}
_WHY = {
    "groups": (
        "All their groups are held out together; use groups of which each class has "
        "several, or merge rare classes."
    ),
    "time": "No earlier row has their class.",
    "cv": "Use splits whose training rows have all classes, or merge rare classes.",
}


_FINDINGS: list[Callable[[_Findings], str]] = [
    _without_weight,
    _in_few_folds,
    _few_folds,
    _not_scored,
    _left_out,
    _one_class,
]


def sentences(
    before: list[Split], after: list[Split], rows: ClassRows, origin: SplitOrigin
) -> list[str]:
    """Say in one sentence each what the splits cannot fit on, hold out or score.

    Parameters
    ----------
    before, after : list of Split
        The splits as they were made, and those that are used.
    rows : ClassRows
        The classes of the rows.
    origin : SplitOrigin
        Where the splits come from.

    Returns
    -------
    sentences : list of str
        Empty if all classes can be fitted on and scored on each split.
    """
    found = _Findings(before, after, rows, origin)
    return [sentence for finding in _FINDINGS if (sentence := finding(found))]


def nothing_to_score(rows: ClassRows, origin: SplitOrigin) -> str:
    """Say why no held-out rows can be scored, and what to do."""
    if rows.continuous:
        return (
            "sample_weight is zero in all training rows of each split; give earlier "
            "rows a weight above 0, or use another cv."
        )
    listed = rows.listed(np.flatnonzero(rows.counts))
    cv = f"{origin.cv!r}"
    if len(cv) > _MAX_REPR:  # a list of rows
        cv = type(origin.cv).__name__
    return _NOTHING[origin.by].format(cv=cv, classes=listed)


def too_few_rows(rows: ClassRows) -> str:
    """Say that there are not two classes with two rows, and what to do."""
    listed = rows.listed(np.flatnonzero(rows.counts), rows.counts)
    return (
        "y needs two classes with two or more rows (of a weight above 0), so that rows "
        f"of both can be held out while others are fitted on; got {listed}. Add rows, "
        "or merge rare classes."
    )


_NOTHING = {
    "folds": (
        "The rows of the classes {classes} cannot be held out in turn; add rows, or "
        "merge rare classes."
    ),
    "groups": (
        "groups separate the classes {classes}: the rows of a class are in one group, or "
        "are held out together, so that no model fitted on the other groups knows the "
        "class. Check that groups are not the target itself; use other groups, or "
        "groups=None."
    ),
    "time": (
        "time separates the classes {classes}: no two of them have both rows and earlier "
        "rows to fit on. Check that time is not the target itself; use another time, or "
        "time=None."
    ),
    "cv": (
        "cv={cv}: no two of the classes {classes} are both in the training rows and in "
        "the held-out rows of the splits. The rows may be sorted by class; use a "
        "StratifiedKFold, or a KFold with shuffle=True."
    ),
}


def _numbers(labels: list[Any], splits: list[Split]) -> str:
    shown = ", ".join(map(str, labels[:_MAX_NAMES]))
    more = len(labels) - _MAX_NAMES
    return f"{shown}{f' and {more} more' if more > 0 else ''} of {len(splits)} splits"
