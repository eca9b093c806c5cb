"""One record: tables that belong together, their origin and the facts beside them, as the bytes of one Parquet file.

Any Parquet reader opens it. A record of one table holds its columns; one of several holds their rows one below the
other, with the contract of each row in the column `table`, and no value in the columns that its table lacks.

A record is whole or refused: pages carry a checksum, and a seal ties provenance, facts and the digest of the content
together. So a file that was cut short when the power went, or in which a bit has turned, is found when it is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from econex_pipeline.contracts import (
    COLUMNS,
    TABLES,
    EconexError,
    Provenance,
    contract_version,
    digest_json,
    digest_plain,
)
from econex_pipeline.contracts.plain import Array, Columns, found_once

PARTS_KEY = b"econex.parts"
PROVENANCE_KEY = b"econex.provenance"
DIGEST_KEY = b"econex.digest"
EXTRA_KEY = b"econex.extra"
SEAL_KEY = b"econex.seal"
SEALED = (PARTS_KEY, PROVENANCE_KEY, DIGEST_KEY, EXTRA_KEY)
PART_COLUMN = "table"
ACCIDENTS = (pa.ArrowException, OSError, UnicodeDecodeError)  # what the bytes of no Parquet file end in
_TYPES = {"float": pa.float64(), "int": pa.int64(), "str": pa.string(), "time": pa.timestamp("ns", tz="UTC")}


class DamagedRecord(EconexError):
    """The bytes of a record that is not whole."""


@dataclass(frozen=True)
class Label:
    """What a record says of itself, read without its tables.

    Attributes
    ----------
    lengths : mapping of str to int
        Rows of each table, by contract, in the order in which they are stored.
    contracts : mapping of str to str
        Version of the contract that each table was held to when it was stored.
    provenance : Provenance
        Where the record comes from.
    digest : str
        Digest of the content of its tables.
    extra : mapping
        The facts kept beside them.
    """

    lengths: Mapping[str, int]
    contracts: Mapping[str, str]
    provenance: Provenance
    digest: str
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """A whole record.

    Attributes
    ----------
    label : Label
        What it says of itself.
    rows : pyarrow.Table
        The rows of all its tables.
    """

    label: Label
    rows: pa.Table

    @cached_property
    def parts(self) -> dict[str, pa.Table]:
        """The tables, by contract."""
        parts, start = {}, 0
        for contract, length in self.label.lengths.items():
            parts[contract] = self.rows.slice(start, length).select(list(TABLES[contract].columns))
            start += length
        return parts


def pack(parts: Mapping[str, Columns], provenance: Provenance, extra: Mapping[str, Any]) -> bytes:
    """Give a record as bytes: the same content gives the same bytes, in whichever process.

    Parameters
    ----------
    parts : mapping of str to Columns
        Tables that keep their contracts, by contract.
    provenance : Provenance
        Where they come from.
    extra : mapping
        JSON-serializable facts kept beside them.
    """
    digests = [digest_plain(columns) for columns in parts.values()]
    label = {
        PARTS_KEY: json.dumps(
            {name: [_length(columns), contract_version(name)] for name, columns in parts.items()}
        ).encode(),
        PROVENANCE_KEY: provenance.to_json().encode(),
        DIGEST_KEY: (digests[0] if len(digests) == 1 else digest_json(digests)).encode(),
        EXTRA_KEY: json.dumps(extra, sort_keys=True).encode(),
    }
    sink = pa.BufferOutputStream()
    rows = _stack(parts)
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        use_dictionary=[field.name for field in rows.schema if field.type == pa.string()],
        write_statistics=False,
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata({**label, SEAL_KEY: _seal(label)})
    return bytes(sink.getvalue())


def unpack(content: bytes) -> Record:
    """Read a record back.

    Raises
    ------
    DamagedRecord
        If it is not whole, or no record at all.
    """
    with _opened(content) as file:
        return Record(_label(file), file.read(use_threads=False))


def label_of(content: bytes) -> Label:
    """Read what a record says of itself; the tables are not looked at.

    Raises
    ------
    DamagedRecord
        If its label is not whole.
    """
    with _opened(content) as file:
        return _label(file)


def frame_of(table: pa.Table) -> pd.DataFrame:
    """Give rows of a contract table as a frame, in the contract's dtypes."""
    return table.to_pandas(use_threads=False)


class _opened:
    """A Parquet file in memory; whatever goes wrong with it is a damaged record."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(pa.BufferReader(self.content), page_checksum_verification=True)
        except ACCIDENTS as error:
            raise DamagedRecord(str(error)) from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ACCIDENTS):
            raise DamagedRecord(str(error)) from None


def _label(file: pq.ParquetFile) -> Label:
    metadata = file.metadata.metadata or {}
    if not all(key in metadata for key in (*SEALED, SEAL_KEY)):
        raise DamagedRecord("it was not written by econex_pipeline")
    if metadata[SEAL_KEY] != _seal(metadata):
        raise DamagedRecord("what it says of itself was changed")
    parts = json.loads(metadata[PARTS_KEY])
    lengths = {contract: length for contract, (length, _) in parts.items()}
    if file.schema_arrow != _schema(tuple(lengths)) or file.metadata.num_rows != sum(lengths.values()):
        raise DamagedRecord("its columns or rows are not those it was written with")
    return Label(
        lengths=lengths,
        contracts={contract: version for contract, (_, version) in parts.items()},
        provenance=Provenance.from_json(metadata[PROVENANCE_KEY].decode()),
        digest=metadata[DIGEST_KEY].decode(),
        extra=json.loads(metadata[EXTRA_KEY]),
    )


def _seal(label: Mapping[bytes, bytes]) -> bytes:
    return hashlib.sha256(b"\n".join(label[key] for key in SEALED)).hexdigest().encode()


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _stack(parts: Mapping[str, Columns]) -> pa.Table:
    """Put the tables one below the other."""
    schema = _schema(tuple(parts))
    stacked = []
    for contract, columns in parts.items():
        rows = _length(columns)
        arrays = []
        for field in schema:
            if field.name == PART_COLUMN:
                arrays.append(_named(contract, rows))
            elif field.name not in columns:
                arrays.append(pa.nulls(rows, field.type))
            elif field.type == pa.string():
                arrays.append(found_once(columns[field.name], _text))
            else:
                arrays.append(pa.array(columns[field.name], type=field.type))
        stacked.append(pa.table(arrays, schema=schema))
    return pa.concat_tables(stacked)


@lru_cache(maxsize=64)
def _named(contract: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(contract), rows)


def _text(words: Array) -> pa.Array:
    return pa.array(words, type=pa.string())


@cache
def _schema(contracts: tuple[str, ...]) -> pa.Schema:
    names = dict.fromkeys(column for contract in contracts for column in TABLES[contract].columns)
    fields = [pa.field(name, _TYPES[COLUMNS[name].dtype]) for name in names]
    return pa.schema([pa.field(PART_COLUMN, pa.string()), *fields] if len(contracts) > 1 else fields)
