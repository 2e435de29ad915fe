"""Whether a file of a model is there to its last byte, told without loading it.

A download that broke off or a disk that was full leaves the beginning of a file, and each of these
formats says at its beginning how much is to come.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

# Fields that the message of an ONNX model cannot do without: its graph, its sets of operators.
_GRAPH, _OPERATORS = 7, 8
_LONGEST = 10  # bytes of a number


def is_whole(file: Path) -> bool:
    """Whether a file is whole and can be read; of other formats than these, whether it is there."""
    check = {".json": _json, ".safetensors": _safetensors, ".onnx": _onnx}.get(file.suffix)
    try:
        return file.is_file() and (check is None or check(file))
    except OSError:
        return False


def _json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except ValueError:
        return False
    return True


def _safetensors(file: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):
            return True
    except SafetensorError:
        return False


def _onnx(file: Path) -> bool:
    """A message of Protocol Buffers: fields in a row, a long one behind the number of its bytes."""
    size, fields = file.stat().st_size, set[int]()
    with file.open("rb") as stream:
        try:
            while stream.tell() < size:
                fields.add(_skipped(stream))
        except ValueError:
            return False
        return stream.tell() == size and {_GRAPH, _OPERATORS} <= fields


def _skipped(stream: BinaryIO) -> int:
    """The number of the next field, whose content is passed over.

    Raises:
        ValueError: where there is no field.
    """
    field, kind = divmod(_number(stream), 8)
    if kind == 0:
        _number(stream)
    elif kind == 2:
        stream.seek(_number(stream), 1)
    else:  # of fixed length, which a model has none of
        raise ValueError
    return field


def _number(stream: BinaryIO) -> int:
    """Seven bits a byte, the lowest first; the eighth says that there is another byte."""
    value = 0
    for place in range(_LONGEST):
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 127) << 7 * place
        if byte[0] < 128:
            return value
    raise ValueError
