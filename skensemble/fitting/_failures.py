"""Members that failed or were not completed in time: report them, drop them."""

from collections import Counter
from math import isinf

from skensemble.core import warn
from skensemble.exceptions import (
    MemberFailedError,
    MemberFailedWarning,
    TimeLimitError,
)
from skensemble.fitting._fold_fit import Failure, FoldFit, PlannedFit


def too_late(
    fold_fit: PlannedFit, expected: float | None, needed: float | None, end: str
) -> Failure:
    """Return the failure of a fit that was not done when a run ended."""
    name, label = fold_fit.member.name, fold_fit.split.label
    guess = (
        "its duration was not known"
        if expected is None or isinf(expected)
        else f"it was expected to take {expected:.3g} s"
    )
    error = TimeLimitError(
        f"member {name!r} on split {label!r} was not done when {end}; {guess}.",
        needed,
    )
    return Failure(name, label, error, "")


def is_late(failure: Failure) -> bool:
    """Whether a fit was not done for lack of time."""
    return isinstance(failure.error, TimeLimitError)


def drop_failed(
    fitted: list[FoldFit], failures: list[Failure]
) -> tuple[list[FoldFit], dict[str, tuple[Failure, ...]]]:
    """Drop every member with a failed fit, with a warning."""
    failed: dict[str, tuple[Failure, ...]] = {}
    for failure in failures:
        failed[failure.member] = (*failed.get(failure.member, ()), failure)
    kept = [fold_fit for fold_fit in fitted if fold_fit.member not in failed]
    if not kept:
        raise MemberFailedError(_why_none(failures))
    for name, why in failed.items():
        first = next((f for f in why if not is_late(f)), why[0])
        happened = "was not completed in time" if is_late(first) else "failed"
        warn(
            f"Member {name!r} {happened} and is left out (see failed_): {first}",
            MemberFailedWarning,
        )
    return kept, failed


def _causes(failures: list[Failure]) -> str:
    """List the first failure of each member and the number of further failures."""
    counts = Counter(failure.member for failure in failures)
    first: dict[str, Failure] = {}
    for failure in failures:
        first.setdefault(failure.member, failure)
    return "\n".join(
        f"- {failure}" + (f" (and {more} more)" if (more := counts[name] - 1) else "")
        for name, failure in first.items()
    )


def _why_none(failures: list[Failure]) -> str:
    causes = _causes([failure for failure in failures if not is_late(failure)])
    if not any(map(is_late, failures)):
        return f"Every member failed, so none is left:\n{causes}"
    needed = {
        failure.member: failure.error.needed
        for failure in failures
        if isinstance(failure.error, TimeLimitError)
    }
    known = {name: took for name, took in needed.items() if took is not None}
    text = "The time limit was too short: no member was completed."
    if known:
        name = min(known, key=lambda name: known[name])
        text += (
            f" The fastest member that was tried, {name!r}, needs about {known[name]:.3g} s for "
            "its fits. Increase time_limit, list fast members first, or use n_jobs=2 or "
            "more: fits in processes can be stopped."
        )
    return f"{text} These failed:\n{causes}" if causes else text
