"""What a run may be given besides inputs and storage: the options of the launchpad, and who hears of progress."""

from __future__ import annotations

from typing import Any, Protocol

import dagster as dg
from pydantic import Field


class RunOptions(dg.ConfigurableResource):
    """Choices of one run, in the launchpad under `resources`."""

    force_recompute: bool = Field(
        default=False, description="Compute every table anew, even where one made from the same inputs is stored."
    )
    plan_time_limit_s: float = Field(
        default=120.0, gt=0.0, le=3600.0, description="Longest time the day-ahead solve may take [s]."
    )
    hour_time_limit_s: float = Field(
        default=20.0, gt=0.0, le=600.0, description="Longest time the solve of one control cycle may take [s]."
    )

    def as_run_config(self) -> dict[str, Any]:
        """Run configuration that gives another run the same choices."""
        return {"resources": {"options": {"config": self.model_dump(include=set(RunOptions.model_fields))}}}


class Progress(Protocol):
    """Who hears that a table is there. The runner prints; a run of the daemon has Dagster's own event log."""

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Hear that a room's table of a partition is there, computed or reused, and how long that took [s]."""


class NoProgress:
    """Nobody listens."""

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Say nothing."""
