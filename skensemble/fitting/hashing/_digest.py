"""The smallest piece of a key: a tag and parts that cannot run into one another."""

from collections.abc import Callable
from hashlib import blake2b

Digest = Callable[[object], bytes]

SIZE = 20


class Unkeyable(Exception):
    """Why a value has no key, in words, and what to use in its place."""

    def __init__(self, reason: str, way_out: str):
        super().__init__(f"{reason}; {way_out}")
        self.reason = reason
        self.way_out = way_out

    def within(self, place: str) -> "Unkeyable":
        """Say where the value was found."""
        return Unkeyable(f"{place}: {self.reason}", self.way_out)


def pack(tag: str, *parts: bytes) -> bytes:
    """Digest a tag and parts, each behind its length, so that none is ambiguous."""
    made = blake2b(digest_size=SIZE)
    for part in (tag.encode(), *parts):
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.digest()
