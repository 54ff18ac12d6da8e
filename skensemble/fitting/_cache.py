"""What a run finds in the store, and what it leaves there."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from skensemble.core import warn
from skensemble.exceptions import StoreWarning
from skensemble.fitting._entry import DamagedError
from skensemble.fitting._fit import predict_held_out
from skensemble.fitting._fold_fit import FoldFit, PlannedFit, TrainingData
from skensemble.fitting._keys import Key, Keys
from skensemble.fitting._store import FOLD_FIT, MODEL, Store
from skensemble.fitting.hashing._digest import Unkeyable

_FACTS = ("method", "present", "block", "fit_seconds", "predict_seconds")


@dataclass(frozen=True)
class CachedFit:
    """A fitted model that waits in the store."""

    key: Key


class CacheLookup:
    """The cells of one run and their places in the store, if there is one.

    Parameters
    ----------
    store : Store or None
        Where fits are kept.
    fold_fits : list of PlannedFit
        The fits to do.
    work : TrainingData
        The data.
    """

    def __init__(
        self, store: Store | None, fold_fits: list[PlannedFit], work: TrainingData
    ):
        self._store = store
        self._fold_fits = fold_fits
        self._work = work
        self._told: set[str] = set()
        self.keys = self._keys() if store is not None else [None] * len(fold_fits)

    def found(self) -> dict[int, FoldFit]:
        """Give the cells that need not be fitted, by place."""
        known = {place: self.find(place) for place in range(len(self._fold_fits))}
        return {
            place: fold_fit for place, fold_fit in known.items() if fold_fit is not None
        }

    def find(self, place: int) -> FoldFit | None:
        """Give one cell if it is kept whole; with its model where that is wanted."""
        fold_fit, key = self._fold_fits[place], self.keys[place]
        if key is None or self._store is None:
            return None
        try:
            try:
                facts = self._store._read(key.fold_fit, FOLD_FIT)
            except (FileNotFoundError, NotADirectoryError):
                return self._predicted_again(fold_fit, key)
            model = _read_model(self._store, key)[0] if fold_fit.keep else None
            return _restored(fold_fit, self._work, facts, model)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except DamagedError as error:
            self._warn(
                f"An entry of the store is not used, so it is refitted: {error}."
            )
        except OSError as error:
            told = f"{self._store} cannot be read, so its fits are done again: {error}."
            self._warn(told, once="unreadable")
        return None

    def _predicted_again(self, fold_fit: PlannedFit, key: Key) -> FoldFit:
        """Ask a model that is kept, but has not been asked this."""
        model, seconds = _read_model(self._store, key)
        try:
            found = predict_held_out(fold_fit, self._work, model, seconds)
        except Exception as error:
            told = f"its model cannot be asked ({type(error).__name__}: {error})"
            raise DamagedError(told) from error
        with suppress(Exception):  # a store that cannot be written to serves as well
            save_facts(self._store, key, found)
        return found if fold_fit.keep else replace(found, estimator=None)

    def model(self, kept: CachedFit) -> Any:
        """Read a model that a worker has just kept; None where it is gone again."""
        try:
            return _read_model(self._store, kept.key)[0] if self._store else None
        except (DamagedError, OSError):
            return None

    def keep(self, place: int, fitted: FoldFit) -> None:
        """Keep a fit that its worker could not."""
        key = self.keys[place]
        if key is not None and self._store is not None:
            save(self._store, key, fitted)

    def warn_uncached(self, name: str, error: Exception) -> None:
        """Say, once, that a fit could not be kept."""
        if isinstance(error, OSError):
            self._warn(
                f"{self._store} cannot be written to, so this fit goes on without it: "
                f"{error}.",
                once="unwritable",
            )
        else:
            self._warn(
                f"The models of member {name!r} are not kept, as they cannot be "
                f"pickled ({type(error).__name__}: {error}); define its classes and "
                "functions in a module.",
                once=f"unpicklable {name}",
            )

    def close(self) -> None:
        """Hold the store to its size."""
        if self._store is not None:
            self._store._evict()

    def _keys(self) -> list[Key | None]:
        try:
            keys = Keys(self._work)
        except Unkeyable as error:
            self._warn(f"Nothing of this fit is kept. X or y: {error}.")
            return [None] * len(self._fold_fits)
        return [self._key(keys, fold_fit) for fold_fit in self._fold_fits]

    def _key(self, keys: Keys, fold_fit: PlannedFit) -> Key | None:
        try:
            return keys.key(fold_fit)
        except Unkeyable as error:
            name = fold_fit.member.name
            self._warn(
                f"Member {name!r} is fitted without the store: {error}.", once=name
            )
            return None

    def _warn(self, message: str, once: str | None = None) -> None:
        if once is not None and once in self._told:
            return
        self._told.add(once or message)
        warn(message, StoreWarning)


def _read_model(store: Any, key: Key) -> tuple[Any, float]:
    found = store._read(key.model, MODEL)
    if not isinstance(found, tuple) or len(found) != 2:
        raise DamagedError(f"it holds {type(found).__name__}, not a model")
    return found


def save(store: Store, key: Key, fitted: FoldFit) -> None:
    """Keep a fit: the model first, so that a cell found has one."""
    store._write(key.model, MODEL, (fitted.estimator, fitted.fit_seconds))
    save_facts(store, key, fitted)


def save_facts(store: Any, key: Key, fitted: FoldFit) -> None:
    """Keep what a model said, and how it was asked."""
    store._write(
        key.fold_fit, FOLD_FIT, {name: getattr(fitted, name) for name in _FACTS}
    )


def _restored(
    fold_fit: PlannedFit, work: TrainingData, facts: Any, model: Any
) -> FoldFit:
    """Make a cell from what was kept; rows, name and score are those of this run."""
    test = fold_fit.split.test
    try:
        fitted = FoldFit(
            member=fold_fit.member.name,
            split=fold_fit.split.label,
            train=fold_fit.split.train,
            test=test,
            estimator=model,
            cached=True,
            **facts,
        )
    except TypeError as error:
        raise DamagedError(
            f"it holds {type(facts).__name__}, not a fold fit"
        ) from error
    if fitted.block is None:
        return fitted
    return replace(fitted, score=work.score(fitted.block, fitted.method, work.y[test]))
