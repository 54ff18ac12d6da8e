"""What a run finds in the store, and what it leaves there."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from skensemble.core._told import warn
from skensemble.exceptions import StoreWarning
from skensemble.fitting._cell import Cell, FittedCell, Work
from skensemble.fitting._digest import Unkeyable
from skensemble.fitting._entry import DamagedError
from skensemble.fitting._fit import ask
from skensemble.fitting._keys import Key, Keys
from skensemble.fitting._store import CELL, MODEL, Store

_FACTS = ("method", "present", "block", "fit_seconds", "predict_seconds")


@dataclass(frozen=True)
class Kept:
    """A fitted model that waits in the store."""

    key: Key


class Recall:
    """The cells of one run and their places in the store, if there is one.

    Parameters
    ----------
    store : Store or None
        Where fits are kept.
    cells : list of Cell
        The fits to do.
    work : Work
        The data.
    """

    def __init__(self, store: Store | None, cells: list[Cell], work: Work):
        self._store = store
        self._cells = cells
        self._work = work
        self._told: set[str] = set()
        self.keys = self._keys() if store is not None else [None] * len(cells)

    def found(self) -> dict[int, FittedCell]:
        """Give the cells that need not be fitted, by place."""
        known = {place: self.find(place) for place in range(len(self._cells))}
        return {place: cell for place, cell in known.items() if cell is not None}

    def find(self, place: int) -> FittedCell | None:
        """Give one cell if it is kept whole; with its model where that is wanted."""
        cell, key = self._cells[place], self.keys[place]
        if key is None or self._store is None:
            return None
        try:
            try:
                facts = self._store._read(key.cell, CELL)
            except (FileNotFoundError, NotADirectoryError):
                return self._asked_anew(cell, key)
            model = _read_model(self._store, key)[0] if cell.keep else None
            return _restored(cell, self._work, facts, model)
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

    def _asked_anew(self, cell: Cell, key: Key) -> FittedCell:
        """Ask a model that is kept, but has not been asked this."""
        model, seconds = _read_model(self._store, key)
        try:
            found = ask(cell, self._work, model, seconds)
        except Exception as error:
            told = f"its model cannot be asked ({type(error).__name__}: {error})"
            raise DamagedError(told) from error
        with suppress(Exception):  # a store that cannot be written to serves as well
            save_facts(self._store, key, found)
        return found if cell.keep else replace(found, estimator=None)

    def model(self, kept: Kept) -> Any:
        """Read a model that a worker has just kept; None where it is gone again."""
        try:
            return _read_model(self._store, kept.key)[0] if self._store else None
        except (DamagedError, OSError):
            return None

    def keep(self, place: int, fitted: FittedCell) -> None:
        """Keep a fit that its worker could not."""
        key = self.keys[place]
        if key is not None and self._store is not None:
            save(self._store, key, fitted)

    def tell_unkept(self, name: str, error: Exception) -> None:
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
            return [None] * len(self._cells)
        return [self._key(keys, cell) for cell in self._cells]

    def _key(self, keys: Keys, cell: Cell) -> Key | None:
        try:
            return keys.key(cell)
        except Unkeyable as error:
            name = cell.member.name
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


def save(store: Store, key: Key, fitted: FittedCell) -> None:
    """Keep a fit: the model first, so that a cell found has one."""
    store._write(key.model, MODEL, (fitted.estimator, fitted.fit_seconds))
    save_facts(store, key, fitted)


def save_facts(store: Any, key: Key, fitted: FittedCell) -> None:
    """Keep what a model said, and how it was asked."""
    store._write(key.cell, CELL, {name: getattr(fitted, name) for name in _FACTS})


def _restored(cell: Cell, work: Work, facts: Any, model: Any) -> FittedCell:
    """Make a cell from what was kept; rows, name and score are those of this run."""
    test = cell.split.test
    try:
        fitted = FittedCell(
            member=cell.member.name,
            split=cell.split.label,
            train=cell.split.train,
            test=test,
            estimator=model,
            cached=True,
            **facts,
        )
    except TypeError as error:
        raise DamagedError(f"it holds {type(facts).__name__}, not a cell") from error
    if fitted.block is None:
        return fitted
    return replace(fitted, score=work.score(fitted.block, fitted.method, work.y[test]))
