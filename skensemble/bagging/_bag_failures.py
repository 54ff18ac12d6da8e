"""Members that are left out of a bag, and errors of members in the words of a bag."""

from typing import Any

from skensemble.core import warn
from skensemble.exceptions import MemberFailedWarning, TimeLimitError
from skensemble.fitting import Failure, FoldFit, drop_failed


def keep_done(
    fitted: list[FoldFit], failures: list[Failure]
) -> tuple[list[FoldFit], dict[str, tuple[Failure, ...]]]:
    """Leave out members that failed, each with a warning, and late ones, all with one.

    Parameters
    ----------
    fitted : list of FoldFit
        The members that are done.
    failures : list of Failure
        The others.

    Returns
    -------
    kept : list of FoldFit
    failed : dict of str to tuple of Failure
        By the name of the member.
    """
    late = [one for one in failures if isinstance(one.error, TimeLimitError)]
    if not late or not fitted:
        return drop_failed(fitted, failures)
    kept, failed = drop_failed(fitted, [one for one in failures if one not in late])
    warn(
        f"{len(late)} of {len(fitted) + len(failures)} members were not done in time and "
        f"are left out (see failed_), the first of them {late[0].member!r}; give more "
        "time_limit, or fewer n_estimators.",
        MemberFailedWarning,
    )
    return kept, failed | {one.member: (one,) for one in late}


def explain_text(error: BaseException, X: Any) -> None:
    """Add the way out to the error of a member that cannot read text.

    Parameters
    ----------
    error : BaseException
        What a fit raised.
    X : array-like
        The features that it was given.
    """
    if isinstance(error, ValueError) and "could not convert string" in str(error):
        kind = "frame" if hasattr(X, "columns") else "table"
        error.add_note(
            f"Members are given the {kind} as it is. Text and categories need an encoder "
            "before them in a Pipeline, such as estimator=make_pipeline("
            "make_column_transformer((OneHotEncoder(), names), "
            "remainder='passthrough'), DecisionTreeClassifier())."
        )
