"""Splits that hold out only rows whose class the members can learn.

A model cannot predict a class that it was not fitted on. A held-out row of such a class
would have the probability zero, whatever the columns say, and would spoil the scores
and the weights of all members. So it is not held out on that split.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from skensemble.auto._class_rows import ClassRows
from skensemble.auto._coverage_messages import (
    SplitOrigin,
    nothing_to_score,
    sentences,
    too_few_rows,
)
from skensemble.core import warn
from skensemble.exceptions import RareClassWarning
from skensemble.fitting import Split, covered_rows


def scorable_splits(
    splits: list[Split], rows: ClassRows, keep_rare: bool
) -> list[Split]:
    """Hold out only rows whose class is among the training rows.

    Parameters
    ----------
    splits : list of Split
        The splits.
    rows : ClassRows
        The classes of the rows.
    keep_rare : bool
        Whether rows that are no longer held out become training rows; otherwise the
        split leaves them out.

    Returns
    -------
    splits : list of Split
        Splits on which nothing can be learned, or nothing is held out, are left out.
    """
    mended = [_scorable(split, rows, keep_rare) for split in splits]
    return [
        split
        for split in mended
        if len(split.test) and len(rows.of(_train(split))) >= rows.n_needed
    ]


def knows_classes(split: Split, rows: ClassRows) -> bool:
    """Return whether a split fits on the classes that it holds out, and on enough."""
    known = rows.of(_train(split))
    held_out = rows.of(split.test)
    return len(known) >= rows.n_needed and bool(np.isin(held_out, known).all())


def _scorable(split: Split, rows: ClassRows, keep_rare: bool) -> Split:
    train, test = _train(split), split.test
    known = rows.of(train)
    if keep_rare:
        unknown = np.setdiff1d(rows.of(test), known)
        rare = np.isin(rows.codes[test], unknown)
        train, test = np.sort(np.concatenate([train, test[rare]])), test[~rare]
        known = np.union1d(known, unknown)
    fitted, held_out = (np.isin(rows.codes[side], known) for side in (train, test))
    if len(train) == len(_train(split)) and fitted.all() and held_out.all():
        return split
    return replace(split, train=train[fitted], test=test[held_out])


def _train(split: Split) -> Any:
    """Return the training rows, which only a fit on all rows lacks."""
    return split.train


def check_two_rows(rows: ClassRows) -> None:
    """Refuse classes of which no two have two rows, one to fit on and one to score."""
    if not rows.continuous and (rows.counts > 1).sum() < 2:
        raise ValueError(too_few_rows(rows))


def covered_classes(
    rounds: list[list[Split]], rows: ClassRows, origin: SplitOrigin
) -> list[list[Split]]:
    """Hold out only rows whose class is among the training rows, and name the others.

    Parameters
    ----------
    rounds : list of list of Split
        Rounds of splits.
    rows : ClassRows
        The classes of the rows.
    origin : SplitOrigin
        Where the splits come from.

    Returns
    -------
    rounds : list of list of Split

    Raises
    ------
    ValueError
        If no held-out rows of two classes, or of a continuous target no rows at all,
        can be scored.
    """
    keep_rare = origin.by == "folds"
    mended = [scorable_splits(splits, rows, keep_rare) for splits in rounds]
    covered = np.flatnonzero(covered_rows(mended[0], len(rows.codes)))
    if len(rows.of(covered)) < rows.n_needed:
        raise ValueError(nothing_to_score(rows, origin))
    if found := sentences(rounds[0], mended[0], rows, origin):
        warn(" ".join(found), RareClassWarning)
    return [splits for splits in mended if splits]
