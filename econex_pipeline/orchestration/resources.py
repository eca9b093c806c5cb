"""What a run may be given besides inputs and storage: the options of the launchpad, and who hears of progress."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Protocol

import dagster as dg
from pydantic import Field


class Engine(Enum):
    """How the day-ahead problem is solved: one program for all scenarios, one for each and a master, or the faster."""

    AUTO = "auto"
    MONOLITH = "monolith"
    LSHAPED = "lshaped"


class RunOptions(dg.ConfigurableResource):
    """Choices of one run, in the launchpad under `resources: options`; what is not given is the district's."""

    force_recompute: bool = Field(
        default=False, description="Compute every table anew, even where one made from the same inputs is stored."
    )
    scenarios: int | None = Field(
        default=None, ge=1, le=200, description="Scenarios kept for the plan; made with the table `scenarios` [-]."
    )
    seed: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Seed of the draws of weather and demand; table `members` [-]."
    )
    alpha: float | None = Field(
        default=None, ge=0.0, le=1000.0, description="Weight of money (Z_econ) in the objective of the plan [-]."
    )
    beta: float | None = Field(
        default=None, ge=0.0, le=1000.0, description="Weight of resources (Z_res) in the objective of the plan [-]."
    )
    cvar_weight: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Weight of the conditional value at risk; 0 plans for the mean [-]."
    )
    cvar_level: float = Field(default=0.95, gt=0.0, lt=1.0, description="Level of the conditional value at risk [-].")
    engine: Engine = Field(default=Engine.AUTO, description="How the plan is solved; all find the same cost.")
    plan_time_limit_s: float = Field(
        default=120.0, gt=0.0, le=3600.0, description="Longest time the day-ahead solve may take [s]."
    )
    hour_time_limit_s: float = Field(
        default=20.0, gt=0.0, le=600.0, description="Longest time the solve of one control cycle may take [s]."
    )

    def chosen(self, names: Iterable[str]) -> dict[str, Any]:
        """Give those of some options that are not what they are without a choice, as plain values."""
        fields, values = RunOptions.model_fields, self.model_dump(mode="json")
        return {name: values[name] for name in names if getattr(self, name) != fields[name].default}

    def as_run_config(self) -> dict[str, Any]:
        """Run configuration that gives another run the same choices."""
        return {"resources": {"options": {"config": self.chosen(RunOptions.model_fields)}}}


class Progress(Protocol):
    """Who hears that a table is there. The runner prints; a run of the daemon has Dagster's own event log."""

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Hear that a room's table of a partition is there, computed or reused, and how long that took [s]."""


class NoProgress:
    """Nobody listens."""

    def told(self, group: str, table: str, partition: str, reused: bool, seconds: float) -> None:
        """Say nothing."""
