"""Digest of a tag and parts, each with its length."""

from collections.abc import Callable
from hashlib import blake2b

Digest = Callable[[object], bytes]

SIZE = 20


class Unkeyable(Exception):
    """A value cannot be digested; the message has the reason and a suggested fix."""

    def __init__(self, reason: str, suggestion: str):
        super().__init__(f"{reason}; {suggestion}")
        self.reason = reason
        self.suggestion = suggestion

    def within(self, location: str) -> "Unkeyable":
        """Add where the value was found."""
        return Unkeyable(f"{location}: {self.reason}", self.suggestion)


def pack(tag: str, *parts: bytes) -> bytes:
    """Digest a tag and parts, each after its length, so that nothing is ambiguous."""
    made = blake2b(digest_size=SIZE)
    for part in (tag.encode(), *parts):
        made.update(len(part).to_bytes(8, "little"))
        made.update(part)
    return made.digest()
