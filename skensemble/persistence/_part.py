"""One kind of thing that is taken apart into plain values and made from them again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """How to take one kind of thing apart, and how to make it again.

    Parameters
    ----------
    name : str
        Its name in files.
    types : tuple of str
        Full names of the types that are taken apart so; names, so that no library is
        imported for it.
    take : callable
        From the thing to plain values, or to things that are taken apart in turn.
    make : callable
        From these to an equal thing; checks what it is given.
    subclasses : bool, default=False
        Whether types derived from these are taken apart so, too.
    """

    name: str
    types: tuple[str, ...]
    take: Callable[[Any], Any]
    make: Callable[[Any], Any]
    subclasses: bool = False
