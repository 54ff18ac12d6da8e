"""Recognise the format of a file by its content; refuse files without a table."""

import re

from skensemble.exceptions import TableError

_TABLES = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow file",
    b"FEA1": "Feather version 1",
    b"\xff\xff\xff\xff": "Arrow stream",
}
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an Excel file (xls)",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"\x93NUMPY": "a NumPy array",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"$FL2@(#)": "an SPSS file",
    b"<stata_dta>": "a Stata file",
    b"RDX2\n": "a file of R objects",
    b"RDX3\n": "a file of R objects",
    b"X\n\x00": "a file of R objects",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!\x1a": "a RAR archive",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
}
_JSON = re.compile(r"\s*(?:\[\s*)?(?:\{\s*[\"}]|\[\s*\])")
_MARKUP = re.compile(r"\s*<(?:!doctype|html|\?xml|table)", re.IGNORECASE)
_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


def binary_format(data: bytes, file: str) -> str | None:
    """Return the name of a binary format that can be read, or None for text.

    Raises
    ------
    TableError
        If the file is empty or is no table.
    """
    if not data.strip(b" \t\r\n"):
        raise TableError("the file is empty.", file=file)
    for magic, kind in _REFUSED.items():
        if data.startswith(magic) and not (magic == b"ORC" and _is_text(data)):
            raise TableError(
                f"this is {kind}, not a table in text; save it as CSV or Parquet.",
                file=file,
            )
    if data[257:262] == b"ustar":
        raise TableError("this is a tar archive; extract the table.", file=file)
    kinds = [kind for magic, kind in _TABLES.items() if data.startswith(magic)]
    return kinds[0] if kinds and not _is_text(data) else None


def _is_text(data: bytes) -> bool:
    """Whether the first bytes are printable, such as a header that begins with PAR1."""
    return not any(byte < 9 or 13 < byte < 32 for byte in data[:64])


def is_json(text: str, suffix: str, file: str) -> bool:
    """Whether a text is JSON rather than delimited text.

    Raises
    ------
    TableError
        If the text is a page or a pointer rather than a table.
    """
    if _MARKUP.match(text):
        raise TableError(
            "this is a page in HTML or XML, not a table; it may be the error page of a "
            "download.",
            file=file,
        )
    if text.startswith("version https://git-lfs"):
        raise TableError(
            "this is a pointer of Git LFS, not the table; run: git lfs pull", file=file
        )
    if re.match(r"(?:\s*%[^\n]*\n)*\s*@relation\b", text, re.IGNORECASE):
        raise TableError("this is an ARFF file; save it as CSV.", file=file)
    return suffix in _JSON_SUFFIXES or _JSON.match(text) is not None
