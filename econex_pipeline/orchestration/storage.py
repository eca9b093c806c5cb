"""Where tables are kept between assets: Parquet files that know their origin, written whole or not at all.

One file a table, case and partition: ``<root>/<table>/<case>/<partition>.parquet``. A file is written beside its
place and moved there in one step, so a reader never sees half of it and a failed run leaves the last good one. The
origin (case, logical issue time, code version, digest of the inputs) travels in the file's own metadata, together
with whatever small JSON a room wants kept beside its table.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from econex_pipeline.contracts import InputError, Provenance, digest_frame, validate
from econex_pipeline.orchestration import home

PROVENANCE_KEY = b"econex.provenance"
CONTRACT_KEY = b"econex.contract"
DIGEST_KEY = b"econex.digest"
EXTRA_KEY = b"econex.extra"
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
        arrow = pa.Table.from_pandas(frame, preserve_index=False)
        metadata = {
            **(arrow.schema.metadata or {}),
            CONTRACT_KEY: contract.encode(),
            PROVENANCE_KEY: provenance.to_json().encode(),
            DIGEST_KEY: digest_frame(frame).encode(),
            EXTRA_KEY: json.dumps(extra or {}, sort_keys=True).encode(),
        }
        with _Replacing(path) as beside:
            pq.write_table(arrow.replace_schema_metadata(metadata), beside, compression="zstd")
        return path

    def read(self, contract: str, table: str, case: str, partition: str) -> pd.DataFrame:
        """Read a table back and validate it.

        Raises
        ------
        InputError
            If it was never written, or is no readable Parquet file.
        ContractViolation
            If what stands there breaks its contract; the source names the file.
        """
        path = self.path(table, case, partition)
        try:
            frame = pq.read_table(path).to_pandas()
        except FileNotFoundError:
            raise InputError(path, "file", "missing", f"{table} of case {case} to be materialized first") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(path, "file", str(error), "a readable Parquet file; materialize it again") from None
        for column in frame.select_dtypes(include="datetimetz"):
            frame[column] = frame[column].dt.as_unit("ns")
        return validate(frame, contract, source=str(path))

    def origin(self, table: str, case: str, partition: str) -> Provenance | None:
        """Where a stored table comes from; None where there is none (or none that can be read)."""
        text = self._metadata(table, case, partition).get(PROVENANCE_KEY)
        return Provenance.from_json(text.decode()) if text else None

    def digest(self, table: str, case: str, partition: str) -> str | None:
        """Digest of a stored table's content; None where there is none."""
        text = self._metadata(table, case, partition).get(DIGEST_KEY)
        return text.decode() if text else None

    def extra(self, table: str, case: str, partition: str) -> dict[str, Any]:
        """The JSON kept with a table; empty where there is none."""
        text = self._metadata(table, case, partition).get(EXTRA_KEY)
        return json.loads(text) if text else {}

    def holds(self, table: str, case: str, partition: str, inputs_digest: str) -> bool:
        """Whether a table made from exactly these inputs is already there."""
        origin = self.origin(table, case, partition)
        return origin is not None and origin.inputs_digest == inputs_digest

    def write_text(self, text: str, path: Path) -> Path:
        """Put a text (a report) in its place, whole or not at all."""
        with _Replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")
        return path

    def _metadata(self, table: str, case: str, partition: str) -> Mapping[bytes, bytes]:
        try:
            return pq.read_schema(self.path(table, case, partition)).metadata or {}
        except (FileNotFoundError, pa.ArrowInvalid, OSError):
            return {}


class _Replacing:
    """Write beside a file, then take its place in one step; after an error nothing has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")

    def __enter__(self) -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.beside

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.beside.replace(self.path)
        else:
            self.beside.unlink(missing_ok=True)
