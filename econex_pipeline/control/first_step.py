"""The first step of a solved horizon, as the numbers a decision is explained with, and a look at the later steps."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from econex_pipeline.control.wording import plain
from econex_pipeline.planning import Arc, Network, Rates, Solved

LEAST_RATE = 5e-3
"""A smaller flow is not told [kW or m3/h]."""
NS_PER_S = 1_000_000_000
FOLLOWING = ("charge", "discharge", "import", "export")
"""Kinds of electric arcs that follow the meter within a band, rather than the optimum alone."""
AT_LIMIT_FRAC = 1e-6
"""Nearer to a limit than this share of it is at the limit."""


class Places:
    """Where each part of a network stands in the arrays of its horizons.

    Parameters
    ----------
    network : Network
        What the controller plans with.
    zone : str
        Civil time zone of the site.
    """

    def __init__(self, network: Network, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.nodes = {node.name: i for i, node in enumerate(network.nodes)}
        self.arcs = {arc.name: i for i, arc in enumerate(network.arcs)}
        self.storages = {storage.node: (i, storage) for i, storage in enumerate(network.storages)}
        self.promises: dict[str, tuple[int, float]] = {}
        for i, commitment in enumerate(network.commitments):
            self.promises |= dict.fromkeys(commitment.plus, (i, 1.0))
            self.promises |= dict.fromkeys(commitment.minus, (i, -1.0))
        self.following = [arc.name for arc in network.arcs if arc.layer == "E" and arc.kind in FOLLOWING]
        self.drops = {(arc.tail, arc.head) for arc in network.arcs if arc.kind == "turbined"}


class FirstStep:
    """The first step of a horizon, with what batteries and grid are told in it, and a look at the later ones."""

    def __init__(self, places: Places, solved: Solved, told: Rates) -> None:
        self.at, self.solved = places, solved
        self.flows = solved.flow[:, 0].tolist()
        for name in places.following:
            self.flows[places.arcs[name]] = told.get((name, "power_kw"), self.flows[places.arcs[name]])
        self.capacities = solved.capacity[:, 0].tolist()
        self.costs = solved.cost[:, 0].tolist()
        self.worths = solved.worth[:, 0].tolist()
        self.amounts = solved.stored[:, :2].tolist()
        self.gains = {name: float(gain[0]) for name, gain in solved.gain.items()}
        self.kept = [(float(p), float(s)) for p, s in zip(solved.promise[:, 0], solved.schedule[:, 0], strict=True)]

    def flow(self, arc: str) -> float:
        """Flow of an arc; one that is not there has none [kW or m3/h]."""
        return self.flows[self.at.arcs[arc]] if arc in self.at.arcs else 0.0

    def unused(self, arc: Arc) -> float:
        """What an arc could carry besides [kW or m3/h]."""
        place = self.at.arcs[arc.name]
        return self.capacities[place] - self.flows[place]

    def out_of_service(self, arc: Arc) -> bool:
        """Whether an arc can carry nothing at all."""
        return self.capacities[self.at.arcs[arc.name]] <= 0.0

    def at_capacity(self, arc: Arc) -> bool:
        """Whether an arc carries all it can."""
        return self.unused(arc) <= AT_LIMIT_FRAC * self.capacities[self.at.arcs[arc.name]]

    def price(self, column: str) -> float:
        """A price of the step."""
        return float(self.solved.instance.tables.prices[column][0])

    def worth(self, node: str | None) -> float:
        """What a unit is worth at a node; nothing outside."""
        return 0.0 if node is None else self.worths[self.at.nodes[node]]

    def brings(self, arc: Arc) -> float:
        """What the head gets for a unit of flow."""
        gain = self.gains[arc.name] if arc.name in self.gains else float(arc.gain)  # type: ignore[arg-type]
        return gain * self.worth(arc.head)

    def takes(self, arc: Arc) -> float:
        """What the tail gives for a unit of flow."""
        return arc.draw * self.worth(arc.tail)

    def cost(self, arc: Arc) -> float:
        """What a unit of flow costs, its departure from the schedule included."""
        return self.costs[self.at.arcs[arc.name]] - self.promise(arc)

    def promise(self, arc: Arc) -> float:
        """What a unit of flow is worth for keeping the schedule; negative where the schedule would be exceeded."""
        if arc.name not in self.at.promises:
            return 0.0
        i, sign = self.at.promises[arc.name]
        return sign * self.kept[i][0]

    def electricity(self, arc: Arc, step: int = 0) -> float:
        """What the electricity of a unit of flow is worth: positive where it is made."""
        value = 0.0
        if arc.name in self.solved.energy:
            node, kwh_m3 = self.solved.energy[arc.name]
            value += float(kwh_m3[step]) * float(self.solved.worth[self.at.nodes[node], step])
        if arc.name in self.solved.recovered:
            node, kwh_m3 = self.solved.recovered[arc.name]
            value += float(kwh_m3[step]) * max(float(self.solved.worth[self.at.nodes[node], step]), 0.0)
        return value

    def full(self, node: str | None, stamp: int) -> bool:
        """Whether what stands at a node is full at the start (0) or the end (1) of the step."""
        if node not in self.at.storages:
            return False
        i, storage = self.at.storages[node]
        return self.amounts[i][stamp] >= storage.capacity * (1.0 - AT_LIMIT_FRAC)

    def empty(self, node: str | None, stamp: int) -> bool:
        """Whether what stands at a node is empty at the start (0) or the end (1) of the step."""
        if node not in self.at.storages:
            return False
        i, storage = self.at.storages[node]
        return self.amounts[i][stamp] <= storage.capacity * AT_LIMIT_FRAC

    def standing(self, node: str | None) -> str:
        """Name what stands at a node."""
        return plain(self.at.storages[str(node)][1].name)

    def reversible(self, arc: Arc) -> bool:
        """Whether what an arc lifts can come down again through a turbine."""
        return (arc.head, arc.tail) in self.at.drops

    def next_use(self, arc: str) -> int | None:
        """The step in which an arc is used next."""
        later = np.flatnonzero(self.solved.flow[self.at.arcs[arc], 1:] >= LEAST_RATE)
        return int(later[0]) + 1 if len(later) else None

    def clock(self, step: int) -> str:
        """Civil time at which a step starts."""
        seconds = int(self.solved.instance.tables.stamps[step]) // NS_PER_S
        return f"{datetime.fromtimestamp(seconds, self.at.zone):%H:%M}"
