"""Decode bytes to text: UTF-8, UTF-16 and UTF-32, cp1252, or a given encoding."""

import codecs
import re

from skensemble.exceptions import TableError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
# Western European words rarely have so many letters with accents side by side.
_RUN = re.compile(r"[^\x00-\x7f]{3,}")
# Number of bytes from which UTF-16 without a mark is recognised.
_SAMPLE = 4096


def decode(data: bytes, encoding: str | None, file: str, notes: list[str]) -> str:
    """Decode the content of a file.

    Raises
    ------
    TableError
        If the content is not valid in the encoding, or contains NUL characters.
    """
    if encoding is not None:
        text = _decode_as(data, _known(encoding), file)
        return _checked(text.removeprefix("\ufeff"), file)
    marked = next(
        (name for mark, name in _MARKS.items() if data.startswith(mark)), None
    )
    found = marked or _unmarked_utf16(data)
    if found is not None:
        origin = "byte order mark" if marked else "every second byte is 0"
        notes.append(f"Encoding: {found.removesuffix('-sig')} ({origin}).")
        return _checked(_decode_as(data, found, file), file)
    try:
        return _checked(data.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        return _checked(_western(data, error, file, notes), file)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except (LookupError, TypeError) as error:
        raise TableError(
            f"encoding={encoding!r} is not known; use a name such as 'utf-8', 'cp1252' "
            "or 'utf-16'."
        ) from error


def _decode_as(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"the bytes are not valid in the encoding {encoding!r} ({error.reason}); "
            "name another one with encoding=.",
            file=file,
            line=line,
        ) from error


def _unmarked_utf16(data: bytes) -> str | None:
    """Recognise UTF-16 without a mark: most of the text is ASCII, with a zero byte."""
    sample = data[:_SAMPLE]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.6 * half and not sample[::2].count(0):
        return "utf-16-le"
    if half and sample[::2].count(0) > 0.6 * half and not sample[1::2].count(0):
        return "utf-16-be"
    return None


def _western(
    data: bytes, error: UnicodeDecodeError, file: str, notes: list[str]
) -> str:
    """Decode as cp1252, unless the text is damaged UTF-8 or not Western European."""
    line = data.count(b"\n", 0, error.start) + 1
    broken = data.decode("utf-8", errors="replace").count("\ufffd")
    if sum(1 for _ in _MULTIBYTE.finditer(data)) > broken:
        raise TableError(
            f"the byte 0x{data[error.start]:02x} is not valid UTF-8, while most other "
            "letters are; repair the line, or name the encoding with encoding=.",
            file=file,
            line=line,
        )
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = None
    if text is None or _is_foreign(text):
        raise TableError(
            f"the byte 0x{data[error.start]:02x} is not valid UTF-8, and the text does "
            "not look like cp1252; name the encoding with encoding=.",
            file=file,
            line=line,
        )
    notes.append(
        f"Encoding: cp1252 (line {line} is not valid UTF-8); if letters look wrong, "
        "name the encoding."
    )
    return text


def _is_foreign(text: str) -> bool:
    runs = sum(len(run) for run in _RUN.findall(text))
    return runs > 0.2 * sum(1 for letter in text if letter > "\x7f")


def _checked(text: str, file: str) -> str:
    at = text.find("\x00")
    if at >= 0:
        start = text.rfind("\n", 0, at)
        raise TableError(
            f"character {at - start} of the line is NUL; the file is binary or damaged, "
            "or its encoding must be named with encoding=.",
            file=file,
            line=text.count("\n", 0, at) + 1,
        )
    return text
