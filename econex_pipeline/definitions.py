"""What Dagster loads."""

from econex_pipeline.orchestration.build import build_definitions

defs = build_definitions()
