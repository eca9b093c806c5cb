"""Where tables are kept between assets: Parquet files that know their origin, written whole or not at all.

One file a table, case and partition: ``<root>/<table>/<case>/<partition>.parquet``. A file is written beside its
place and moved there in one step, so a reader never sees half of it and a killed run leaves the last good one. The
origin (case, logical issue time, code version, digest of the inputs) travels in the file's own metadata, together
with whatever small JSON a room wants kept beside its table. What belongs together, as the rows and the states of an
operated hour, is one file. No file is touched anywhere else.

A file is not forced to the disk when it is written: what a power failure cuts short is found by the checksums of
`records`, counts as not there, and is computed again from the same inputs to the same bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from econex_pipeline.contracts import InputError, Provenance, contract_version, validate, validate_plain
from econex_pipeline.contracts.plain import Columns, plain
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.records import DamagedRecord, Label, Record, frame_of, label_of, pack, unpack

LOCK_POLL_S = 0.5
_BESIDE = ".beside"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")


class Storage(dg.ConfigurableResource):
    """Tables and reports of all cases.

    Attributes
    ----------
    root : str
        Folder; empty for ECONEX_STORAGE, or ``storage/`` in the repository.
    """

    root: str = ""

    def path(self, table: str, case: str, partition: str, suffix: str = ".parquet") -> Path:
        """File of one table, case and partition."""
        for part in (table, case, partition):
            if not _SAFE.fullmatch(part) or ".." in part:
                raise InputError("storage", "name", part, "letters, digits, '_', '-', '.' and ':' only")
        base = Path(self.root) if self.root else home.storage_dir()
        return base / table / case / f"{partition.replace(':', '-')}{suffix}"

    def write(
        self,
        frame: pd.DataFrame,
        contract: str,
        table: str,
        partition: str,
        provenance: Provenance,
        extra: Mapping[str, Any] | None = None,
    ) -> Path:
        """Validate a table and put it in its place.

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
        path = self.path(table, provenance.case, partition)
        validate(frame, contract, source=f"{table} of case {provenance.case}, {partition}")
        return self._put(path, {contract: plain(frame)}, provenance, extra)

    def write_parts(
        self,
        parts: Mapping[str, Columns],
        table: str,
        partition: str,
        provenance: Provenance,
        extra: Mapping[str, Any] | None = None,
    ) -> Path:
        """Put tables of different contracts into one file: all of them are there, or none; else as `write`."""
        path = self.path(table, provenance.case, partition)
        for contract, columns in parts.items():
            validate_plain(columns, contract, source=f"{table} of case {provenance.case}, {partition}")
        return self._put(path, parts, provenance, extra)

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
            validate(frame, contract, source=str(self.path(table, case, partition)), thorough=thorough)
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
            return unpack(self.path(table, case, partition).read_bytes())
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

    @contextlib.contextmanager
    def alone(self, table: str, case: str, who: str, waits: Callable[[str], None]) -> Iterator[None]:
        """Be the only writer of a table and case; wait while another is.

        The operating system lets go of the lock when its holder ends, however it ends.

        Parameters
        ----------
        table, case : str
            What is written.
        who : str
            Name of the writer, shown to those who wait.
        waits : callable
            Told once who is waited for.
        """
        path = self.path(table, case, "writer", suffix=".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            told = False
            while not _locked(file.fileno()):
                if not told:
                    waits(path.read_text(encoding="utf-8"))
                    told = True
                time.sleep(LOCK_POLL_S)
            file.truncate(0)
            file.write(f"{who}, process {os.getpid()}")
            file.flush()
            for left in path.parent.glob(f".*{_BESIDE}"):  # by a writer that was killed
                left.unlink(missing_ok=True)
            yield

    def write_text(self, text: str, path: Path) -> Path:
        """Put a text (a report) in its place, whole or not at all."""
        with _Replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")
        return path

    def _put(
        self, path: Path, parts: Mapping[str, Columns], provenance: Provenance, extra: Mapping[str, Any] | None
    ) -> Path:
        content = pack(parts, provenance, extra or {})
        with _Replacing(path) as beside:
            beside.write_bytes(content)
        return path

    def _label(self, table: str, case: str, partition: str) -> Label | None:
        try:
            return label_of(self.path(table, case, partition).read_bytes())
        except (FileNotFoundError, DamagedRecord):
            return None

    def _must(self, table: str, case: str, partition: str) -> Record:
        path = self.path(table, case, partition)
        try:
            return unpack(path.read_bytes())
        except FileNotFoundError:
            raise InputError(path, "file", "missing", f"{table} of case {case} to be materialized first") from None
        except DamagedRecord as damage:
            raise InputError(path, "file", str(damage), "a whole record; materialize it again") from None


def _locked(descriptor: int) -> bool:
    """Take the lock of an open file, or say that another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Replacing:
    """Write beside a file, then take its place in one step; after an error nothing has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_BESIDE}")

    def __enter__(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.beside

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.beside.replace(self.path)
        else:
            self.beside.unlink(missing_ok=True)
