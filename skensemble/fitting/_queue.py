"""The order of the fits: one of each member to see how long it takes, then the longest.

Longest first keeps the cores busy to the end (Graham 1969, "Bounds on multiprocessing
timing anomalies"), but how long is only known after a member was fitted once. The order
changes no result, because seeds hang on names.
"""

import threading
from collections.abc import Iterator
from math import inf

from skensemble.fitting._cell import Cell


class LongestFirst:
    """Gives the cells that are left, the one expected to take longest first.

    Parameters
    ----------
    cells : list of Cell
        The fits to do.
    seconds : dict of str to float
        What a fit of a member took before, where that is known.
    """

    def __init__(self, cells: list[Cell], seconds: dict[str, float]):
        self._cells = cells
        self._left = set(range(len(cells)))
        self._tried = set(seconds)
        # Seconds by unit of cost, so that a fit on fewer rows is expected to be shorter.
        self._pace = {
            name: took / max(c.cost for c in cells if c.member.name == name)
            for name, took in seconds.items()
            if any(c.member.name == name for c in cells)
        }
        self._lock = threading.Lock()  # joblib pulls from the threads of its callbacks

    def __iter__(self) -> Iterator[int]:
        """Give the places of the cells in the list, each once."""
        while self._left:
            with self._lock:
                place = max(self._left, key=self._rank)
                self._left.remove(place)
                self._tried.add(self._cells[place].member.name)
            yield place

    def learn(self, place: int, seconds: float) -> None:
        """Take note of how long a fit took."""
        cell = self._cells[place]
        with self._lock:
            self._pace[cell.member.name] = seconds / cell.cost

    def _rank(self, place: int) -> tuple[bool, float, float, int]:
        """Members never tried; then those still on their first fit; then the longest."""
        cell = self._cells[place]
        name = cell.member.name
        expected = self._pace[name] * cell.cost if name in self._pace else inf
        return name not in self._tried, expected, cell.cost, -place
