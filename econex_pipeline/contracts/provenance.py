"""Where a table comes from: case, logical issue time, code version and a digest of its inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts.plain import Array, Columns, found_once, plain

DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Provenance:
    """The origin that travels with every stored table.

    Attributes
    ----------
    case : str
        Name of the what-if.
    issued_at_utc : str
        Logical time of issue in ISO 8601, never the wall clock.
    code_version : str
        Version of the package that wrote the table.
    inputs_digest : str
        Digest of everything the table was computed from.
    """

    case: str
    issued_at_utc: str
    code_version: str
    inputs_digest: str

    def to_json(self) -> str:
        """Serialize for a file's metadata."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        """Read back what `to_json` wrote."""
        return cls(**json.loads(text))


def _short(hasher: Any) -> str:
    return str(hasher.hexdigest()[:DIGEST_LENGTH])


def digest_json(value: Any) -> str:
    """Digest any JSON-serializable value (paths, dates and numpy numbers included), independent of key order."""
    text = json.dumps(value, sort_keys=True, default=_plain)
    return _short(hashlib.sha256(text.encode()))


def digest_frame(frame: pd.DataFrame) -> str:
    """Digest a table's names and values, independent of its index and of how it is stored."""
    return digest_plain(plain(frame))


def digest_plain(columns: Columns) -> str:
    """Digest a table's names and values."""
    hasher = hashlib.sha256(json.dumps(list(columns)).encode())
    for array in columns.values():
        hasher.update(found_once(array, _text_bytes) if array.dtype.kind == "O" else array.tobytes())
    return _short(hasher)


def _text_bytes(text: Array) -> bytes:
    return json.dumps(text.tolist(), default=str).encode()


def digest_bytes(content: bytes) -> str:
    """Digest bytes."""
    return _short(hashlib.sha256(content))


def digest_file(path: Path) -> str:
    """Digest a file's bytes."""
    return digest_bytes(path.read_bytes())


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
