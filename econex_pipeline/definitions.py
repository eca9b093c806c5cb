"""What Dagster loads."""

from econex_pipeline.orchestration.loading import made_to_stay

with made_to_stay():
    from econex_pipeline.orchestration.build import build_definitions

    defs = build_definitions()
