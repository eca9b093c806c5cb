"""The corridor: one dictionary of columns, one schema per table, the conventions of time, units and provenance."""

from econex_pipeline.contracts.column import Column
from econex_pipeline.contracts.columns import COLUMNS
from econex_pipeline.contracts.errors import ContractViolation, EconexError, InputError, nearest
from econex_pipeline.contracts.provenance import (
    Provenance,
    digest_bytes,
    digest_file,
    digest_frame,
    digest_json,
    digest_plain,
)
from econex_pipeline.contracts.tables import TABLES, Table
from econex_pipeline.contracts.validation import contract_version, schema, tidy, validate, validate_plain

__all__ = [
    "COLUMNS",
    "TABLES",
    "Column",
    "ContractViolation",
    "EconexError",
    "InputError",
    "Provenance",
    "Table",
    "contract_version",
    "digest_bytes",
    "digest_file",
    "digest_frame",
    "digest_json",
    "digest_plain",
    "nearest",
    "schema",
    "tidy",
    "validate",
    "validate_plain",
]
