"""Convert sparse matrices and arrays; indices are checked when they are loaded."""

from typing import Any

import scipy.sparse as sp

from skensemble.persistence._graph import Converter

FORMATS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")


def _dump(matrix: Any) -> dict[str, Any]:
    rows = matrix.tocsr() if matrix.format != "csc" else matrix
    return {
        "format": matrix.format,
        "array": isinstance(matrix, sp.sparray),
        "shape": matrix.shape,
        "data": rows.data,
        "indices": rows.indices,
        "indptr": rows.indptr,
    }


def _load(value: dict[str, Any]) -> Any:
    kind = "csc" if value["format"] == "csc" else "csr"
    make = getattr(sp, f"{kind}_array" if value["array"] else f"{kind}_matrix")
    pieces = (value["data"], value["indices"], value["indptr"])
    matrix = make(pieces, shape=value["shape"])
    matrix.check_format(full_check=True)
    return matrix.asformat(FORMATS[FORMATS.index(value["format"])])


CONVERTERS = (
    Converter(
        "scipy.sparse",
        tuple(
            f"scipy.sparse._{name}.{name}_{kind}"
            for name in FORMATS
            for kind in ("array", "matrix")
        ),
        _dump,
        _load,
    ),
)
