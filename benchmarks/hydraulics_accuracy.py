"""Energy of pumps and turbines predicted from probes against EPANET's account, over twenty random days of the pilot.

Duty cycle: a fixed-speed pump runs for a part of the hour. Variable speed and chords: a flow is held for the hour, by
the pump's speed from sub-step to sub-step or by a flow control valve behind the turbine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from econex_pipeline.district import load_case
from econex_pipeline.hydraulics import WaterNetwork
from econex_pipeline_tests.hydraulics.prediction import predicted_days

DATA = Path(__file__).parents[1] / "data"
DAYS = 20
TARGETS_FRAC = {
    "duty cycle, k at the start": 0.002,
    "duty cycle, k at mid-step": 0.002,
    "variable speed, 8 segments": 0.006,
    "PRS, 3 chords": 0.005,
}


@dataclass(frozen=True)
class Accuracy:
    """How well energy is predicted.

    Attributes
    ----------
    label : str
        What predicts.
    error_frac : float
        Mean absolute relative error over device-hours.
    hours : int
        Number of device-hours.
    """

    label: str
    error_frac: float
    hours: int

    @property
    def met(self) -> bool:
        """Whether the target is reached; true where there is none."""
        return self.error_frac <= TARGETS_FRAC.get(self.label, float("inf"))

    def line(self) -> str:
        """The line that is printed."""
        target = f" | target {100 * TARGETS_FRAC[self.label]:.1f} %" if self.label in TARGETS_FRAC else ""
        return f"accuracy: {self.label} | MAPE {100 * self.error_frac:.3f} % of {self.hours} device-hours{target}"


def run() -> Iterator[Accuracy]:
    """Predict and simulate."""
    district = load_case(DATA, "base")
    network = WaterNetwork(district.network_path)
    for label, error, hours in predicted_days(district, network, DAYS):
        yield Accuracy(label, error, hours)
