"""Reduce models of LightGBM and XGBoost to what predictions need.

LightGBM and XGBoost store the gain, the number of rows, the weight and the value of
each inner node, and the values of leaves with more digits than are meaningful. Without
them a compressed file is a third as large.
"""

import re

import numpy as np

from skensemble.core import round_bits

# Significant digits of the values of leaves.
_DIGITS = 5
# Lines of LightGBM's text: one number per node or leaf.
_IDLE_LINES = re.compile(
    "^(split_gain|internal_value|internal_weight|internal_count|leaf_weight|leaf_count)"
    "=(.+)$",
    re.MULTILINE,
)
# The corresponding arrays in XGBoost's bytes.
_IDLE = (b"base_weights", b"loss_changes", b"sum_hessian")
_ARRAY = re.compile(
    rb"(?P<name>%b|left_children|split_conditions)\[\$(?P<type>[dl])#L(?P<count>.{8})"
    % b"|".join(_IDLE),
    re.DOTALL,
)
_TYPES = {b"d": np.dtype(">f4"), b"l": np.dtype(">i4")}
_LEAF = -1


def slim_text(model: str) -> str:
    """Reduce a model of LightGBM to what predictions need.

    Parameters
    ----------
    model : str
        The model, from ``model_to_string``.

    Returns
    -------
    model : str
        The same trees without gains; leaves have 5 significant digits.
    """
    model = _IDLE_LINES.sub(_zeros, model)
    model = re.sub(r"^leaf_value=(.+)$", _shorten_leaves, model, flags=re.MULTILINE)
    # The length of each tree in characters is wrong now, and LightGBM does not need it.
    return re.sub(r"^tree_sizes=.*\n", "", model, flags=re.MULTILINE)


def _zeros(line: re.Match[str]) -> str:
    return f"{line[1]}={' '.join('0' * (line[2].count(' ') + 1))}"


def _shorten_leaves(line: re.Match[str]) -> str:
    values = (f"{float(value):.{_DIGITS}g}" for value in line[1].split())
    return f"leaf_value={' '.join(values)}"


def slim_ubj(model: bytes) -> bytearray:
    """Reduce a model of XGBoost to what predictions need.

    Parameters
    ----------
    model : bytes
        The model, from ``save_raw("ubj")``: `UBJSON <https://ubjson.org>`_. An array of
        one type is its name, ``[$``, a letter for the type, ``#L``, its length in eight
        bytes, and its numbers in big-endian order.

    Returns
    -------
    model : bytearray
        The same trees without gains; leaves have 16 significant bits.
    """
    slim, leaves = bytearray(model), np.empty(0, dtype=bool)
    for found in _ARRAY.finditer(model):
        start = found.end()
        dtype = _TYPES[found["type"]]
        count = int.from_bytes(found["count"])
        stop = start + count * dtype.itemsize
        if found["name"] in _IDLE:
            slim[start:stop] = bytes(stop - start)
            continue
        numbers = np.frombuffer(model, dtype, count, start)
        if found["name"] == b"left_children":
            leaves = numbers == _LEAF
        else:
            # Thresholds and values of leaves; `leaves` is of the same tree.
            short = np.where(leaves, round_bits(numbers), numbers)
            slim[start:stop] = short.astype(dtype).tobytes()
    return slim
