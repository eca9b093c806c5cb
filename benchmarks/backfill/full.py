"""The definitions of the case that is backfilled, as shipped."""

from econex_pipeline.orchestration.build import build_definitions

CASE = "year"

defs = build_definitions(cases=[CASE])
