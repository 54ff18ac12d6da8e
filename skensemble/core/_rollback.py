"""Rollback: a failed ``fit`` leaves an estimator unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def rollback_on_error(estimator: Any) -> Iterator[None]:
    """Restore all attributes of an estimator if the block raises.

    Parameters
    ----------
    estimator : object
        The estimator that the block fits.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:  # a KeyboardInterrupt too
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
