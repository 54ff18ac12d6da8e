"""Members that failed or were late, and errors explained in terms of the ensemble."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skensemble.core import warn
from skensemble.exceptions import MemberFailedWarning, TimeLimitError
from skensemble.fitting import Failure, FoldFit, drop_failed


def keep_fitted(
    fitted: list[FoldFit], failures: list[Failure]
) -> tuple[list[FoldFit], dict[str, tuple[Failure, ...]]]:
    """Leave out members that failed (one warning each) or were late (one warning).

    Parameters
    ----------
    fitted : list of FoldFit
        The fitted members.
    failures : list of Failure
        The other members.

    Returns
    -------
    kept : list of FoldFit
        The fitted members.
    failed : dict of str to tuple of Failure
        The failures per name of a member.
    """
    late = [one for one in failures if isinstance(one.error, TimeLimitError)]
    if not late or not fitted:
        return drop_failed(fitted, failures)
    kept, failed = drop_failed(fitted, [one for one in failures if one not in late])
    warn(
        f"{len(late)} of {len(fitted) + len(failures)} members were not fitted within "
        f"time_limit and are left out (see failed_), starting with {late[0].member!r}; "
        "use a larger time_limit or fewer n_estimators.",
        MemberFailedWarning,
    )
    return kept, failed | {one.member: (one,) for one in late}


@contextmanager
def explained_text_errors(X: Any) -> Iterator[None]:
    """Add a note to the error of a member that cannot read text columns."""
    try:
        yield
    except ValueError as error:
        if "could not convert string" in str(error):
            kind = "frame" if hasattr(X, "columns") else "array"
            error.add_note(
                f"Members are fitted on the {kind} without encoding. Text and categories "
                "need an encoder before the member in a Pipeline, such as "
                "estimator=make_pipeline(make_column_transformer((OneHotEncoder(), "
                "names), remainder='passthrough'), DecisionTreeClassifier())."
            )
        raise
