"""Where tables are kept between assets: Parquet files that know their origin, written whole or not at all.

One file a table, case and partition: ``<table>/<case>/<partition>.parquet`` in a folder, or in a bucket of an object
store (`stores`). A reader never sees half of it, and a killed run leaves the last good one. The origin (case, logical
issue time, code version, digest of the inputs) travels in the file's own metadata, together with whatever small JSON a
room wants kept beside its table. What belongs together, as the rows and the states of an operated hour, is one file. No
file is touched anywhere else. One that is damaged is found by the checksums of `records`, counts as not there, and is
computed again from the same inputs to the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from econex_pipeline.contracts import InputError, Provenance, contract_version, validate, validate_plain
from econex_pipeline.contracts.plain import Columns, plain
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.records import DamagedRecord, Label, Record, frame_of, label_of, pack, unpack
from econex_pipeline.orchestration.stores import Store, store_at

PAGE = ".html"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")


class Storage(dg.ConfigurableResource):
    """Tables and reports of all cases.

    Attributes
    ----------
    root : str
        Folder, or ``s3://bucket/prefix``; empty for ECONEX_STORAGE, or ``storage/`` in the repository.
    """

    root: str = ""

    @property
    def store(self) -> Store:
        """Where the bytes are."""
        return store_at(self.root or home.storage_place())

    def where(self, table: str, case: str, partition: str, suffix: str = ".parquet") -> str:
        """Path or address of one table, case and partition, for a person."""
        return self.store.where(_name(table, case, partition, suffix))

    def write(
        self,
        frame: pd.DataFrame,
        contract: str,
        table: str,
        partition: str,
        provenance: Provenance,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Validate a table and put it in its place; give its path or address.

        Parameters
        ----------
        frame : pandas.DataFrame
            Fulfils `contract`.
        contract : str
            Name of the contract table.
        table : str
            Name it is kept under (several tables may share a contract).
        partition : str
            Key of its Dagster partition.
        provenance : Provenance
            Where it comes from; its case chooses the folder.
        extra : mapping, optional
            JSON-serializable facts kept with it.

        Raises
        ------
        ContractViolation
            Before anything is written; what stood there stays.
        """
        name = _name(table, provenance.case, partition)
        validate(frame, contract, source=f"{table} of case {provenance.case}, {partition}")
        return self._put(name, {contract: plain(frame)}, provenance, extra)

    def write_parts(
        self,
        parts: Mapping[str, Columns],
        table: str,
        partition: str,
        provenance: Provenance,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Put tables of different contracts into one file: all of them are there, or none; else as `write`."""
        name = _name(table, provenance.case, partition)
        for contract, columns in parts.items():
            validate_plain(columns, contract, source=f"{table} of case {provenance.case}, {partition}")
        return self._put(name, parts, provenance, extra)

    def read(self, contract: str, table: str, case: str, partition: str, thorough: bool = False) -> pd.DataFrame:
        """Read a table back. A whole record was held to its contract when it was stored.

        It is validated where the contract was edited since, and, thoroughly, where that is asked for.

        Raises
        ------
        InputError
            If it was never written, or is not whole.
        ContractViolation
            If what stands there breaks its contract; the source names the file.
        """
        record = self._must(table, case, partition)
        frame = frame_of(record.parts[contract])
        if thorough or record.label.contracts[contract] != contract_version(contract):
            validate(frame, contract, source=self.where(table, case, partition), thorough=thorough)
        return frame

    def read_span(
        self, contracts: Sequence[str], table: str, case: str, partitions: Sequence[str]
    ) -> list[pd.DataFrame]:
        """Read the tables of successive partitions, each as one; not validated, as neighbours may share rows.

        Raises
        ------
        InputError
            If one of them was never written, or is not whole.
        """
        records = [self._must(table, case, partition) for partition in partitions]
        return [frame_of(pa.concat_tables([record.parts[contract] for record in records])) for contract in contracts]

    def record(self, table: str, case: str, partition: str) -> Record | None:
        """A whole record; None where there is none, or one that is damaged and must be made again."""
        try:
            return unpack(self.store.read(_name(table, case, partition)))
        except (FileNotFoundError, DamagedRecord):
            return None

    def origin(self, table: str, case: str, partition: str) -> Provenance | None:
        """Where a stored table comes from; None where there is none (or none that can be read)."""
        label = self._label(table, case, partition)
        return label.provenance if label else None

    def digest(self, table: str, case: str, partition: str) -> str | None:
        """Digest of a stored table's content; None where there is none."""
        label = self._label(table, case, partition)
        return label.digest if label else None

    def extra(self, table: str, case: str, partition: str) -> dict[str, Any]:
        """The JSON kept with a table; empty where there is none."""
        label = self._label(table, case, partition)
        return dict(label.extra) if label else {}

    def holds(self, table: str, case: str, partition: str, inputs_digest: str) -> bool:
        """Whether a table made from exactly these inputs is already there, whole."""
        record = self.record(table, case, partition)
        return record is not None and record.label.provenance.inputs_digest == inputs_digest

    def alone(self, table: str, case: str, who: str, waits: Callable[[str], None]) -> AbstractContextManager[None]:
        """Be the only writer of a table and case; wait while another is.

        Parameters
        ----------
        table, case : str
            What is written.
        who : str
            Name of the writer, shown to those who wait.
        waits : callable
            Told once who is waited for.
        """
        return self.store.alone(_folder(table, case), who, waits)

    def write_page(self, text: str, table: str, case: str, day: str) -> str:
        """Put the page of a day in its place, whole or not at all; give its path or address."""
        name = _name(table, case, day, PAGE)
        self.store.put(name, text.encode())
        return self.store.where(name)

    def pages(self, table: str, case: str | None = None) -> list[tuple[str, str]]:
        """Case and day of each page there is; of one case only, if one is given."""
        folder = _folder(table, case) if case else _checked(table)
        named = [name.removesuffix(PAGE).split("/")[1:] for name in self.store.names(folder, PAGE)]
        return [(found[0], found[1]) for found in named if len(found) == 2 and all(map(_SAFE.fullmatch, found))]

    def page(self, table: str, case: str, day: str) -> bytes | None:
        """Read a page; None where there is none."""
        try:
            name = _name(table, case, day, PAGE)
        except InputError:
            return None
        return self.store.read(name) if (case, day) in self.pages(table, case) else None

    def _put(
        self, name: str, parts: Mapping[str, Columns], provenance: Provenance, extra: Mapping[str, Any] | None
    ) -> str:
        self.store.put(name, pack(parts, provenance, extra or {}))
        return self.store.where(name)

    def _label(self, table: str, case: str, partition: str) -> Label | None:
        try:
            return label_of(self.store.read(_name(table, case, partition)))
        except (FileNotFoundError, DamagedRecord):
            return None

    def _must(self, table: str, case: str, partition: str) -> Record:
        name = _name(table, case, partition)
        try:
            return unpack(self.store.read(name))
        except FileNotFoundError:
            wanted = f"{table} of case {case} to be materialized first"
            raise InputError(self.store.where(name), "file", "missing", wanted) from None
        except DamagedRecord as damage:
            wanted = "a whole record; materialize it again"
            raise InputError(self.store.where(name), "file", str(damage), wanted) from None


def _name(table: str, case: str, partition: str, suffix: str = ".parquet") -> str:
    return f"{_folder(table, case)}/{_checked(partition).replace(':', '-')}{suffix}"


def _folder(table: str, case: str) -> str:
    return f"{_checked(table)}/{_checked(case)}"


def _checked(part: str) -> str:
    """Give a part of a name, if it leads nowhere else."""
    if not _SAFE.fullmatch(part) or ".." in part:
        raise InputError("storage", "name", part, "letters, digits, '_', '-', '.' and ':' only")
    return part
