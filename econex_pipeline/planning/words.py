"""Rows and columns of a problem in words of the district: device, node, time, number."""

from __future__ import annotations

from typing import Any

import numpy as np

from econex_pipeline.contracts.time import with_end
from econex_pipeline.planning.instance import Instance

LAYER = {"E": "electricity", "P": "potable water", "W": "raw water"}
RATE = {"E": "kW", "P": "m3/h", "W": "m3/h"}
AMOUNT = {"E": "kWh", "P": "m3", "W": "m3"}


def parsed(name: str) -> tuple[str, list[str]]:
    """Split ``flow[phs_pump,13]`` into its family and its keys."""
    family, _, keys = name.partition("[")
    return family, keys.removesuffix("]").split(",")


class Words:
    """Says rows and columns of one scenario of an instance.

    Parameters
    ----------
    instance : Instance
        Template and data.
    scenario : int
        Position of the scenario whose numbers are said.
    """

    def __init__(self, instance: Instance, scenario: int = 0) -> None:
        self.network, self.template = instance.network, instance.template
        self.stamps = with_end(instance.tables.times)
        self.theta = instance.theta[:, scenario : scenario + 1]
        self.data = instance.data_of(scenario)

    def row(self, row: int) -> str:
        """Say what a row asks for."""
        family, keys = parsed(self.template.row_names[row])
        return getattr(self, f"_{family}", self._other(family))(*keys)

    def bound(self, column: int, upper: bool, value: float) -> str:
        """Say a bound of a column."""
        family, keys = parsed(self.template.column_names[column])
        limit = f"{'at most' if upper else 'at least'} {value:.6g}"
        if family == "flow":
            return f"{keys[0]} gives {limit} {self._rate(keys[0])} at {self._at(keys[1])}"
        if family == "stored":
            unit = AMOUNT[self.network.storage[keys[0]].layer]
            if keys[1] == "0":
                return f"{keys[0]} starts with {value:.6g} {unit}"
            return f"{keys[0]} holds {limit} {unit} at {self._at(keys[1])}"
        if family == "schedule":
            return f"the schedule of {keys[0]} is {limit} at {self._at(keys[1])}"
        at = f" at {self._at(keys[-1])}" if keys[-1].isdigit() and len(keys) > 1 else ""
        return f"{family} of {keys[0]} is {limit}{at}"

    def _at(self, step: str) -> str:
        return f"{self.stamps[int(step)]:%Y-%m-%d %H:%M} UTC"

    def _rate(self, arc: str) -> str:
        return RATE[self.network.arc[arc].layer]

    def _mass_balance(self, n: str, t: str) -> str:
        node = self.network.node[n]
        where = node.name if node.name in self.network.storage else f"{node.place} ({LAYER[node.layer]})"
        numbers = [
            f"{family} {self.data[family][n, int(t)]:.6g} {RATE[node.layer]}"
            for family in ("demand", "supply")
            if (n, int(t)) in self.data[family]
        ]
        given = f": {', '.join(numbers)}" if numbers else ""
        return f"{where} must balance at {self._at(t)}{given}"

    def _energy_recovery(self, element: str, t: str) -> str:
        return f"power recovered at {element} follows its water at {self._at(t)}"

    def _commitment(self, element: str, t: str) -> str:
        return f"{element} runs as scheduled, plus or minus what deviates, at {self._at(t)}"

    def _reserve(self, name: str, t: str) -> str:
        return f"{name} keeps its reserve, or misses some of it, at {self._at(t)}"

    def _end_of_storage(self, name: str) -> str:
        return f"what is left in {name} fills its tranches of end value"

    def _end_target(self, name: str) -> str:
        unit = AMOUNT[self.network.storage[name].layer]
        return f"{name} must hold {self.data['target'][name]:.6g} {unit} at {self._at(str(len(self.stamps) - 1))}"

    def _ramp_up(self, a: str, t: str) -> str:
        return f"{a} rises by no more than {self.network.arc[a].ramp:.6g} {self._rate(a)} an hour at {self._at(t)}"

    def _ramp_down(self, a: str, t: str) -> str:
        return f"{a} falls by no more than {self.network.arc[a].ramp:.6g} {self._rate(a)} an hour at {self._at(t)}"

    def _on_off(self, a: str, t: str) -> str:
        return f"{a} gives nothing while it is off at {self._at(t)}"

    def _minimum_output(self, a: str, t: str) -> str:
        return f"{a} gives at least {self.network.arc[a].minimum:.6g} {self._rate(a)} while it is on at {self._at(t)}"

    def _exclusive(self, i: str, t: str) -> str:
        return f"only one of {', '.join(self.network.exclusive[int(i)])} runs at {self._at(t)}"

    def _other(self, family: str) -> Any:
        def say(a: str, *rest: str) -> str:
            return f"the curve of {a} ({family}) at {self._at(rest[-1])}"

        return say


def scenario_words(instance: Instance, scenario: int) -> str:
    """Name a scenario where there are several."""
    ids = instance.tables.scenarios
    return f" in scenario {ids[scenario]}" if len(ids) > 1 else ""


def is_trivial(lower: float) -> bool:
    """Whether a lower bound only says that nothing flows backwards."""
    return bool(np.isclose(lower, 0.0))
