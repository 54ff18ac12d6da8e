"""Look up fits in the store, and save new ones there."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from skensemble.core import warn
from skensemble.exceptions import StoreWarning
from skensemble.fitting._fit import predict_held_out
from skensemble.fitting._fold_fit import FoldFit, PlannedFit, TrainingData
from skensemble.fitting._keys import Key, Keys
from skensemble.fitting._store import FOLD_FIT, MODEL, Store
from skensemble.fitting._store_file import DamagedError
from skensemble.fitting.hashing._digest import Unkeyable

_STORED = ("method", "present", "block", "fit_seconds", "predict_seconds")


@dataclass(frozen=True)
class StoredModel:
    """A reference to a fitted model in the store."""

    key: Key


class CacheLookup:
    """The fits of one run and their keys in the store, if there is a store."""

    def __init__(
        self, store: Store | None, fold_fits: list[PlannedFit], data: TrainingData
    ):
        self._store = store
        self._fold_fits = fold_fits
        self._data = data
        self._warned: set[str] = set()
        self.keys = self._keys() if store is not None else [None] * len(fold_fits)

    def find_all(self) -> dict[int, FoldFit]:
        """Return the fits that are in the store, by index."""
        known = {index: self.find(index) for index in range(len(self._fold_fits))}
        return {
            index: fold_fit for index, fold_fit in known.items() if fold_fit is not None
        }

    def find(self, index: int) -> FoldFit | None:
        """Return one fit if its entry is complete, with its model where it is kept."""
        fold_fit, key = self._fold_fits[index], self.keys[index]
        if key is None or self._store is None:
            return None
        try:
            try:
                stored = self._store._read(key.fold_fit, FOLD_FIT)
            except (FileNotFoundError, NotADirectoryError):
                return self._predicted_again(fold_fit, key)
            model = _read_model(self._store, key)[0] if fold_fit.keep else None
            return _restored(fold_fit, self._data, stored, model)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except DamagedError as error:
            self._warn(
                "An entry of the store cannot be used, so its fit is done again: "
                f"{error}."
            )
        except OSError as error:
            message = (
                f"{self._store} cannot be read, so its fits are done again: {error}."
            )
            self._warn(message, once="unreadable")
        return None

    def _predicted_again(self, fold_fit: PlannedFit, key: Key) -> FoldFit:
        """Predict with a stored model if the predictions are not stored."""
        model, seconds = _read_model(self._store, key)
        try:
            found = predict_held_out(fold_fit, self._data, model, seconds)
        except Exception as error:
            message = f"its model cannot predict ({type(error).__name__}: {error})"
            raise DamagedError(message) from error
        with suppress(Exception):  # the fit also works with a read-only store
            save_predictions(self._store, key, found)
        return found if fold_fit.keep else replace(found, estimator=None)

    def model(self, cached: StoredModel) -> Any:
        """Read a model that a worker has just saved; None if it was removed since."""
        try:
            return _read_model(self._store, cached.key)[0] if self._store else None
        except (DamagedError, OSError):
            return None

    def save(self, index: int, fitted: FoldFit) -> None:
        """Save a fit that its worker could not save."""
        key = self.keys[index]
        if key is not None and self._store is not None:
            save_fit(self._store, key, fitted)

    def warn_uncached(self, name: str, error: Exception) -> None:
        """Warn once that a fit could not be saved."""
        if isinstance(error, OSError):
            self._warn(
                f"{self._store} cannot be written to, so this fit does not use it: "
                f"{error}.",
                once="unwritable",
            )
        else:
            self._warn(
                f"The models of member {name!r} are not stored, because they cannot be "
                f"pickled ({type(error).__name__}: {error}); define its classes and "
                "functions in a module.",
                once=f"unpicklable {name}",
            )

    def close(self) -> None:
        """Reduce the store to its maximum size."""
        if self._store is not None:
            self._store._evict()

    def _keys(self) -> list[Key | None]:
        try:
            keys = Keys(self._data)
        except Unkeyable as error:
            self._warn(f"No fit of this run is stored. X or y: {error}.")
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
        if once is not None and once in self._warned:
            return
        self._warned.add(once or message)
        warn(message, StoreWarning)


def _read_model(store: Any, key: Key) -> tuple[Any, float]:
    found = store._read(key.model, MODEL)
    if not isinstance(found, tuple) or len(found) != 2:
        raise DamagedError(f"it holds {type(found).__name__}, not a model")
    return found


def save_fit(store: Store, key: Key, fitted: FoldFit) -> None:
    """Save the model, then its predictions, so that every entry found has a model."""
    store._write(key.model, MODEL, (fitted.estimator, fitted.fit_seconds))
    save_predictions(store, key, fitted)


def save_predictions(store: Any, key: Key, fitted: FoldFit) -> None:
    """Save the predictions of a model, and the response method."""
    store._write(
        key.fold_fit, FOLD_FIT, {name: getattr(fitted, name) for name in _STORED}
    )


def _restored(
    fold_fit: PlannedFit, data: TrainingData, stored: Any, model: Any
) -> FoldFit:
    """Build a fit from a stored entry; rows, name and score are those of this run."""
    test = fold_fit.split.test
    try:
        fitted = FoldFit(
            member=fold_fit.member.name,
            split=fold_fit.split.label,
            train=fold_fit.split.train,
            test=test,
            estimator=model,
            cached=True,
            **stored,
        )
    except TypeError as error:
        raise DamagedError(
            f"it holds {type(stored).__name__}, not a fold fit"
        ) from error
    if fitted.block is None:
        return fitted
    return replace(fitted, score=data.score(fitted.block, fitted.method, data.y[test]))
