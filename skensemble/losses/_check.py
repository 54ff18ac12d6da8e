"""Check that a loss is consistent with its derivatives and declared properties."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skensemble.core import flat_column
from skensemble.losses._base import Loss
from skensemble.losses._differences import rows, slope, slope_of_gradient
from skensemble.losses._names import as_loss

Array = NDArray[Any]

_COLUMNS = {"regression": 1, "multioutput": 3, "binary": 2, "multiclass": 4}


@dataclass(frozen=True)
class Sample:
    """Targets of one kind and raw outputs for them."""

    task: str
    y: Array
    raw: Array
    weight: Array

    @property
    def width(self) -> int | None:
        """Number of raw columns."""
        return None if self.raw.ndim == 1 else self.raw.shape[1]


def check_loss(
    loss: Loss | str, y: Any = None, *, raise_error: bool = True, random_state: int = 0
) -> list[str]:
    """Verify the derivatives and the declared properties of a loss.

    Derivatives are compared with finite differences, weights with repeated rows, and
    the link with its inverse. Declared convexity and smoothness are tested at points on
    a grid. The start value and the leaf value must be minima. Value and derivatives
    must be finite at raw outputs of a thousand, also in float32.

    Parameters
    ----------
    loss : Loss or str
        The loss to verify.
    y : array-like of shape (n,) or (n, k) or None, default=None
        Targets to verify the loss on, for the tasks that they can belong to: labels of
        two or more classes, labels in columns of 0 and 1, or values. None draws targets
        for each supported task.
    raise_error : bool, default=True
        Whether to raise an error that lists the findings, or only return them.
    random_state : int, default=0
        Seed of the random numbers.

    Returns
    -------
    findings : list of str
        One sentence per inconsistency; empty if there is none.

    Examples
    --------
    >>> from skensemble.losses import CustomLoss, check_loss
    >>> def value(y, raw):
    ...     return (raw - y) ** 2
    >>> def gradient(y, raw):
    ...     return raw - y
    >>> found = check_loss(CustomLoss(value, gradient), raise_error=False)
    >>> found[0].partition(": at")[0]
    'regression: the gradient is not the slope of the value'
    """
    loss = as_loss(loss)
    rng = np.random.default_rng(random_state)
    tasks = list(loss.links)
    if y is not None:
        y = _codes_or_values(y)
        tasks = [task for task in tasks if _can_be(task, y)]
        if not tasks:
            raise ValueError(
                f"y of shape {y.shape} and dtype {y.dtype} suits none of the tasks of "
                f"loss={loss!r}: {list(loss.links)}; pass labels for classes, numbers "
                "for regression, or None to draw targets."
            )
    findings = []
    for task in tasks:
        sample = _sample(loss, task, y, rng)
        if sample is None:
            continue
        try:
            fixed = loss.adapted(sample.y, sample.raw, sample.weight)
            findings += [f"{task}: {text}" for text in _findings(fixed, sample, rng)]
        except Exception as error:
            findings.append(f"{task}: {type(error).__name__}: {error}")
    findings += _persistence(loss)
    if findings and raise_error:
        lines = "\n".join(f"- {finding}" for finding in findings)
        raise ValueError(f"loss={loss!r} is inconsistent:\n{lines}")
    return findings


def _codes_or_values(y: Any) -> Array:
    """Read targets of the user: labels become codes, one column has one dimension."""
    y = flat_column(y)
    if y.dtype.kind in "OSUb" and y.ndim == 1:
        return np.unique(y, return_inverse=True)[1]
    return y


def _can_be(task: str, y: Array) -> bool:
    """Whether targets can belong to a task."""
    if task in ("regression", "multioutput"):
        return y.ndim == (1 if task == "regression" else 2)
    codes = np.unique(y)
    if task == "multilabel":
        return y.ndim == 2 and set(codes) <= {0, 1}
    if y.ndim == 2 or not np.array_equal(codes, np.arange(len(codes))):
        return False
    return len(codes) == 2 if task == "binary" else len(codes) > 2


def _sample(loss: Loss, task: str, y: Any, rng: Any) -> Sample | None:
    """Draw targets that the loss supports, and raw outputs."""
    n = 200
    for target in [y] if y is not None else _targets(task, n, rng):
        try:
            loss.check(target)
        except ValueError:
            if y is not None:
                raise
            continue
        codes = task in ("binary", "multiclass")
        columns = (
            1 + int(target.max()) if codes else target.reshape(len(target), -1).shape[1]
        )
        width = loss.width(task, columns)
        shape = (len(target),) if width is None else (len(target), width)
        # The offset avoids raw outputs equal to a target, where slopes jump.
        raw = np.round(rng.normal(scale=2, size=shape), 1) + 0.0352
        return Sample(task, target, raw, rng.integers(1, 4, len(target)).astype(float))
    return None


def _targets(task: str, n: int, rng: Any) -> Iterator[Array]:
    if task == "binary":
        yield rng.integers(0, 2, n)
    elif task == "multiclass":
        yield np.arange(n) % 4
    elif task == "multilabel":
        yield rng.integers(0, 2, (n, 3))
    else:
        shape = n if task == "regression" else (n, 3)
        yield rng.normal(size=shape).round(4)
        yield rng.gamma(2.0, size=shape).round(4) + 0.01
        yield rng.uniform(0.05, 0.95, size=shape)
        yield rng.dirichlet(np.ones(3), size=n)


def _findings(loss: Loss, sample: Sample, rng: Any) -> Iterator[str]:
    each = loss.pointwise(sample.y, sample.raw)
    if each.shape not in (sample.raw.shape, sample.raw.shape[:1]):
        yield f"pointwise gave the shape {each.shape} for raw {sample.raw.shape}."
        return
    yield from _slopes(loss, sample)
    yield from _curvature(loss, sample)
    yield from _claims(loss, sample, rng)
    yield from _minima(loss, sample)
    yield from _link(loss, sample)
    yield from _weights(loss, sample)
    yield from _tails(loss, sample)


def _slopes(loss: Loss, sample: Sample) -> Iterator[str]:
    y, raw = sample.y, sample.raw
    computed, seen = loss.gradient(y, raw), slope(lambda at: loss.pointwise(y, at), raw)
    yield from _differ(
        "the gradient is not the slope of the value", sample, computed, seen, "slope"
    )
    both = loss.gradient_hessian(y, raw)
    if not np.allclose(both[0], computed) or not np.allclose(
        both[1], loss.hessian(y, raw)
    ):
        yield "gradient_hessian differs from gradient and hessian."


def _curvature(loss: Loss, sample: Sample) -> Iterator[str]:
    y, raw = sample.y, sample.raw
    computed = loss.hessian(y, raw)
    if np.min(computed) < 0:
        yield f"the hessian is negative ({np.min(computed):.4g}); use an upper bound."
    if loss.constant_hessian and not np.allclose(computed, 1):
        yield "constant_hessian is True, but the hessian is not one everywhere."
    if not loss.smooth:
        return
    seen = slope_of_gradient(lambda at: loss.gradient(y, at), raw)
    if loss.exact_hessian:
        what = "the hessian is not the slope of the gradient"
        yield from _differ(what, sample, computed, np.maximum(seen, 0), "slope", 1e-4)
    elif np.any(computed < seen - 1e-5 * (1 + np.abs(seen))):
        worst = int(np.argmin(rows(computed - seen)))
        yield (
            "the hessian is not an upper bound of the second derivative at "
            f"y={_shown(y[worst])}, raw={_shown(raw[worst])}."
        )
    if not np.any(computed > 1e-8 * np.abs(loss.gradient(y, raw)).max()):
        yield (
            "the hessian is zero everywhere, so Newton steps are infinite: the slope "
            "jumps. Set smooth=False, or define a hessian."
        )


def _claims(loss: Loss, sample: Sample, rng: Any) -> Iterator[str]:
    y, raw = sample.y, sample.raw
    other = raw + rng.normal(scale=2, size=raw.shape)

    def each(at: Array) -> Array:
        return rows(loss.pointwise(y, at))

    bulge = each((raw + other) / 2) - (each(raw) + each(other)) / 2
    if loss.convex and bulge.max() > 1e-8 * (1 + np.abs(each(raw)).max()):
        at = int(bulge.argmax())
        yield (
            "it is not convex: between raw="
            f"{_shown(raw[at])} and {_shown(other[at])} at y={_shown(y[at])} it lies "
            "above its chord. Set convex=False."
        )
    if loss.smooth and raw.ndim == 1 and (jump := _jump(loss, y[0])) is not None:
        yield (
            f"its slope jumps at y={_shown(y[0])}, raw={jump:.4g}. Set smooth=False, "
            "so that trees renew their leaves."
        )


def _jump(loss: Loss, y: Any) -> float | None:
    """Find a jump of the slope: a difference that stays on finer and finer grids."""
    low, high = -6.0, 6.0
    steps = []
    for _ in range(4):
        grid = np.linspace(low, high, 801)
        g = loss.gradient(np.full(len(grid), y), grid)
        at = int(np.argmax(np.abs(np.diff(g))))
        steps.append(abs(g[at + 1] - g[at]))
        low, high = grid[at], grid[at + 1]
        # Finite differences do not resolve intervals below their own step.
        if high - low < 1e-4:
            break
    scale = 1e-6 * (1 + np.abs(loss.gradient(np.full(1, y), np.zeros(1)))[0])
    jumps = len(steps) > 1 and steps[-1] > max(0.5 * steps[0], scale)
    return float(low) if jumps else None


def _minima(loss: Loss, sample: Sample) -> Iterator[str]:
    y, raw, w = sample.y, sample.raw, sample.weight
    zero = np.zeros_like(raw)
    start = np.asarray(loss.start(y, w, sample.width))
    yield from _lower_values("start", loss, sample, zero + start)
    yield from _lower_values("leaf", loss, sample, raw + loss.leaf(y, raw, w))


def _lower_values(name: str, loss: Loss, sample: Sample, raw: Array) -> Iterator[str]:
    """Report a constant step from `raw` that has a lower mean loss."""
    here = loss.value(sample.y, raw, sample.weight)
    shape = () if raw.ndim == 1 else raw.shape[1:]
    for size in (0.003, 0.1, 1.0):
        for direction in (*np.eye(max(1, int(np.prod(shape)))), np.ones(shape)):
            for sign in (-size, size):
                moved = raw + sign * direction.reshape(shape or (1,))
                there = loss.value(sample.y, moved, sample.weight)
                if there < here - 1e-7 * (1 + abs(here)):
                    yield (
                        f"{name} is not the best constant: the mean loss is {here:.6g} "
                        f"there and {there:.6g} when it moves by {sign:+g}."
                    )
                    return


def _link(loss: Loss, sample: Sample) -> Iterator[str]:
    link = loss.link_for(sample.task)
    mean = link.inverse(sample.raw)
    back = link.inverse(link.link(mean))
    if not np.allclose(back, mean, rtol=1e-6, atol=1e-9):
        yield f"the link {link!r} and its inverse are not consistent."
    if link.probabilities and (np.min(mean) < 0 or np.max(mean) > 1):
        yield f"the link {link!r} gives probabilities outside 0 to 1."


def _weights(loss: Loss, sample: Sample) -> Iterator[str]:
    y, raw, w = sample.y, sample.raw, sample.weight
    often = np.repeat(np.arange(len(y)), w.astype(int))
    pairs = {
        "value": (loss.value(y, raw, w), loss.value(y[often], raw[often])),
        "start": (
            loss.start(y, w, sample.width),
            loss.start(y[often], None, sample.width),
        ),
        "leaf": (loss.leaf(y, raw, w), loss.leaf(y[often], raw[often])),
    }
    for name, (weighted, repeated) in pairs.items():
        if not np.allclose(weighted, repeated, rtol=1e-4, atol=1e-5):
            yield (
                f"{name} with sample_weight is {_shown(weighted)}, with the rows "
                f"repeated instead {_shown(repeated)}."
            )


def _tails(loss: Loss, sample: Sample) -> Iterator[str]:
    for dtype in (np.float32, np.float64):
        for far in (-1e3, 1e3):
            raw = np.full(sample.raw.shape, far, dtype=dtype)
            if raw.ndim == 2:
                raw[:, 0] = -far
            y = sample.y.astype(dtype) if sample.y.dtype.kind == "f" else sample.y
            with np.errstate(all="ignore"):
                found = {
                    "value": loss.pointwise(y, raw),
                    "gradient": loss.gradient(y, raw),
                    "hessian": loss.hessian(y, raw),
                }
            for name, values in found.items():
                if not np.all(np.isfinite(values)):
                    yield (
                        f"{name} is not finite at raw={far:g} in {dtype.__name__}; clip "
                        "exponents or use the logarithmic form."
                    )


def _persistence(loss: Loss) -> Iterator[str]:
    try:
        again = pickle.loads(pickle.dumps(loss))
    except Exception as error:
        yield (
            f"it cannot be pickled ({error}); use functions and classes of a module, "
            "not lambdas or local functions."
        )
    else:
        if again.get_params().keys() != loss.get_params().keys():
            yield "its parameters are not the same after pickling."
    if repr(clone(loss)) != repr(loss):
        yield "it is not the same after clone; store parameters as they are given."


def _differ(
    what: str,
    sample: Sample,
    computed: Array,
    seen: Array,
    name: str,
    tolerance: float = 1e-5,
) -> Iterator[str]:
    off = np.abs(computed - seen) - tolerance * (1 + np.abs(seen))
    if off.max() <= 0:
        return
    at = np.unravel_index(0 if off.ravel()[0] > 0 else int(off.argmax()), off.shape)
    yield (
        f"{what}: at y={_shown(sample.y[at[0]])}, raw={_shown(sample.raw[at[0]])} it is "
        f"{computed[at]:.4g}, the {name} {seen[at]:.4g}."
    )


def _shown(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=4, separator=", ")
