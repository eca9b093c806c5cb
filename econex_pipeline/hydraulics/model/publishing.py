"""What the model tells after an update, put together from a solved instant and the totals on the way to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.links import Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Reservoir, Tank
from econex_pipeline.hydraulics.engines.base import Inputs, Instant, Totals
from econex_pipeline.hydraulics.toolkit import HydraulicsError

FLOW_MISSED_FRAC = 1e-3  # of an FCV's setting, by which it may miss it without a remark
BALANCE_FRAC = 1e-4  # of the largest flow, by which the books of a junction may be out
BALANCE_M3_S = 1e-6
TOTALS = {"drinking_water.energy", "drinking_water.spill", "drinking_water.shortfall"}
Published = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class Update:
    """What holds at a time, and what came of the way there.

    Attributes
    ----------
    time_s : int
        The time [s].
    next_time_s : int
        When something happens next of itself: a sub-step ends, a tank runs full or empty [s].
    published : dict of group to dict of column to ndarray
        Values in the order of column ``id``; energy, spill and shortfall count since the update before.
    substeps, retries : int
        Instants stepped over since the update before, and how many were solved again with damping.
    warnings : tuple of str
        What was remarkable: the engine's warnings, valves that cannot deliver.
    """

    time_s: int
    next_time_s: int
    published: Published
    substeps: int
    retries: int
    warnings: tuple[str, ...]

    def value(self, group: str, column: str, entity_id: int) -> float:
        """Give one value.

        Raises
        ------
        InputError
            If there is none.
        """
        columns = self.published.get(group, {})
        found = np.flatnonzero(columns.get("id", np.array([])) == entity_id)
        if column not in columns or not found.size:
            raise InputError.saying("update", f"{group}.{column}", f"is not published for {entity_id}")
        return float(columns[column][found[0]])

    def counting(self, way: Sequence[Update]) -> Update:
        """Count in the totals and remarks of updates passed over on the way here."""
        if not way:
            return self
        published = {group: dict(columns) for group, columns in self.published.items()}
        for group, columns in published.items():
            for column in TOTALS & columns.keys():
                columns[column] = sum((update.published[group][column] for update in way), columns[column])
        return replace(
            self,
            published=published,
            substeps=self.substeps + sum(update.substeps for update in way),
            retries=self.retries + sum(update.retries for update in way),
            warnings=tuple(sorted({*self.warnings, *(said for update in way for said in update.warnings)})),
        )


class Publisher:
    """Puts updates together and holds them against bounds.

    Parameters
    ----------
    dataset : Dataset
        What is published about.
    max_head_m : float
        Heads and pressures beyond this are refused as nonsense [m].
    accuracy : float
        Of the solver, which books may be out by.
    """

    def __init__(self, dataset: Dataset, max_head_m: float, accuracy: float) -> None:
        self._dataset, self._max_head_m = dataset, max_head_m
        self._share = max(BALANCE_FRAC, accuracy)
        place = {item.id: row for row, item in enumerate(dataset.nodes)}
        self._start = np.array([place[item.from_node_id or 0] for item in dataset.links])
        self._end = np.array([place[item.to_node_id or 0] for item in dataset.links])
        counts = [len(dataset.junctions), len(dataset.tanks), len(dataset.reservoirs)]
        self._nodes = _slices(counts)
        self._links = _slices([len(dataset.pipes), len(dataset.pumps), len(dataset.valves)])
        self._ids = {
            kind.GROUP: np.array([item.id for item in dataset.group(kind.GROUP)])
            for kind in (Junction, Tank, Reservoir, Pipe, Pump, Valve)
        }
        heights = [item.elevation for item in dataset.junctions] + [item.elevation for item in dataset.tanks]
        self._elevation_m = np.array(heights, dtype=float)
        widths = [item.diameter for item in dataset.pipes] + [item.diameter for item in dataset.valves]
        self._area_m2 = 0.25 * math.pi * np.array(widths, dtype=float) ** 2
        self._is_pda = dataset.general.demand_model == "PDA"

    def asked(self, inputs: Inputs) -> np.ndarray:
        """Demand asked at each junction [m3/s]."""
        return inputs.base_demand * inputs.demand_factor * self._dataset.general.demand_multiplier

    def publish(self, instant: Instant, totals: Totals, inputs: Inputs, asked_m3: np.ndarray) -> Published:
        """Put together what is published.

        Raises
        ------
        HydraulicsError
            If a value is not finite, a head is absurd, or the books of a junction do not close.
        """
        self._guard(instant)
        gravity = self._dataset.general.specific_gravity
        junctions, tanks, reservoirs = self._nodes
        pipes, pumps, valves = self._links
        head, flow = instant.head, instant.flow
        level = head[: self._elevation_m.size] - self._elevation_m
        drop = head[self._start] - head[self._end]
        speed = np.concatenate((flow[pipes], flow[valves])) / self._area_m2
        missed = np.maximum(asked_m3 - totals.delivered_m3, 0.0) if self._is_pda else np.zeros(asked_m3.size)
        missed[asked_m3 <= 0.0] = 0.0
        columns: Published = {
            Junction.GROUP: {
                "drinking_water.demand": self.asked(inputs),
                "drinking_water.delivered": instant.outflow[junctions],
                "drinking_water.pressure": level[junctions] * gravity,
                "drinking_water.head": head[junctions],
                "drinking_water.shortfall": missed,
            },
            Tank.GROUP: {
                "drinking_water.level": level[tanks],
                "drinking_water.pressure": level[tanks] * gravity,
                "drinking_water.head": head[tanks],
                "drinking_water.flow": instant.outflow[tanks],
                "drinking_water.spill": totals.spill_m3,
            },
            Reservoir.GROUP: {
                "drinking_water.head": head[reservoirs],
                "drinking_water.flow": -instant.outflow[reservoirs],
            },
            Pipe.GROUP: self._course(flow[pipes], speed[pipes], drop[pipes], instant.is_open[pipes]),
            Pump.GROUP: {
                "drinking_water.flow": flow[pumps],
                "operational.status": instant.is_open[pumps],
                "drinking_water.head_gain": -drop[pumps],
                "drinking_water.electric_power": instant.power,
                "drinking_water.energy": totals.energy_j,
            },
            Valve.GROUP: self._course(flow[valves], speed[pipes.stop :], drop[valves], instant.is_open[valves]),
        }
        return {group: {"id": self._ids[group], **values} for group, values in columns.items() if self._ids[group].size}

    def remarks(self, instant: Instant, inputs: Inputs) -> list[str]:
        """Name the FCVs that cannot deliver what they are set to."""
        found = []
        for row, valve in enumerate(self._dataset.valves, start=self._links[2].start):
            now = inputs.links[valve.id]
            if not isinstance(now, Valve) or now.type != "FCV" or now.status != "active" or not now.valve_flow:
                continue
            if instant.flow[row] < now.valve_flow * (1.0 - FLOW_MISSED_FRAC):
                found.append(f"{now.where} delivers {instant.flow[row]:.6g} of {now.valve_flow:.6g} m3/s")
        return found

    def _course(
        self, flow: np.ndarray, speed: np.ndarray, drop: np.ndarray, is_open: np.ndarray
    ) -> dict[str, np.ndarray]:
        return {
            "drinking_water.flow": flow,
            "drinking_water.velocity": speed,
            "drinking_water.headloss": drop,
            "operational.status": is_open,
        }

    def _guard(self, instant: Instant) -> None:
        name = self._dataset.name
        for what, values, unit in (("head", instant.head, "m"), ("flow", instant.flow, "m3/s")):
            bound = self._max_head_m if what == "head" else math.inf
            good = np.isfinite(values) & (np.abs(values) <= bound)
            if not good.all():
                row = int(np.flatnonzero(~good)[0])
                entity = (self._dataset.nodes if what == "head" else self._dataset.links)[row]
                said = "; ".join(("", *instant.warnings))
                raise HydraulicsError(
                    f"{name}: {what} of {entity.where} is {values[row]:g} {unit}: water asked that cannot come, or "
                    f"pressed in that cannot leave{said}"
                )
        books = -instant.outflow
        np.add.at(books, self._end, instant.flow)
        np.subtract.at(books, self._start, instant.flow)
        out = np.abs(books)
        bound = self._share * float(np.abs(instant.flow).max(initial=0.0)) + BALANCE_M3_S
        if out.size and out.max() > bound:
            entity = self._dataset.nodes[int(out.argmax())]
            raise HydraulicsError(f"{name}: the books of {entity.where} are out by {out.max():g} m3/s")


def _slices(counts: list[int]) -> list[slice]:
    edges = [0]
    for count in counts:
        edges.append(edges[-1] + count)
    return [slice(low, high) for low, high in pairwise(edges)]
