"""The same definitions with an empty body: what Dagster itself needs for a run over so many partitions."""

from benchmarks.backfill.full import CASE
from econex_pipeline.orchestration.assets import operations
from econex_pipeline.orchestration.build import build_definitions
from econex_pipeline.orchestration.checks import Finding

operations.operate_days = lambda *_: iter(())  # type: ignore[assignment]
operations._look = lambda *_: Finding(True, "nothing was looked at")  # type: ignore[assignment]

defs = build_definitions(cases=[CASE])
