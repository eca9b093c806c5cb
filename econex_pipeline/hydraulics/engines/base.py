"""What an engine is asked and what it answers, in SI units and in the dataset's order of nodes and links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.links import Link, Pipe, Pump, Valve


@dataclass(frozen=True)
class Inputs:
    """What may change while a model runs.

    Attributes
    ----------
    base_demand, demand_factor : ndarray, shape (junctions,)
        Demand before the factor [m3/s], and the factor [-].
    base_head, head_factor : ndarray, shape (reservoirs,)
        Head before the factor [m], and the factor [-].
    links : mapping of int to Link
        Links by id, with their present status, speed and setting.
    """

    base_demand: np.ndarray
    demand_factor: np.ndarray
    base_head: np.ndarray
    head_factor: np.ndarray
    links: Mapping[int, Link]

    @classmethod
    def of(cls, dataset: Dataset) -> Inputs:
        """Take the inputs as the dataset has them."""
        return cls(
            np.array([item.base_demand for item in dataset.junctions], dtype=float),
            np.array([item.demand_factor for item in dataset.junctions], dtype=float),
            np.array([item.base_head for item in dataset.reservoirs], dtype=float),
            np.array([item.head_factor for item in dataset.reservoirs], dtype=float),
            {item.id: item for item in dataset.links},
        )


@dataclass(frozen=True)
class Instant:
    """One solved instant.

    Attributes
    ----------
    head : ndarray, shape (nodes,)
        Total head [m].
    outflow : ndarray, shape (nodes,)
        Water leaving the network at each node [m3/s]: demand met, inflow to tanks and reservoirs.
    flow : ndarray, shape (links,)
        Flow, positive from start to end [m3/s].
    is_open : ndarray of bool, shape (links,)
        Whether each link lets water pass.
    power : ndarray, shape (pumps,)
        Electric power [W].
    warnings : tuple of str
        What the engine remarked.
    """

    head: np.ndarray
    outflow: np.ndarray
    flow: np.ndarray
    is_open: np.ndarray
    power: np.ndarray
    warnings: tuple[str, ...]


@dataclass
class Totals:
    """What added up on the way from one update to the next.

    Attributes
    ----------
    energy_j : ndarray, shape (pumps,)
        Electricity drawn [J].
    spill_m3 : ndarray, shape (tanks,)
        Water over the brim [m3].
    delivered_m3 : ndarray, shape (junctions,)
        Demand met [m3].
    substeps, retries : int
        Instants stepped over, and how many were solved again with damping.
    warnings : set of str
        What the engine remarked at sub-steps.
    """

    energy_j: np.ndarray
    spill_m3: np.ndarray
    delivered_m3: np.ndarray
    substeps: int = 0
    retries: int = 0
    warnings: frozenset[str] = frozenset()

    @classmethod
    def nothing(cls, dataset: Dataset) -> Totals:
        """Start at zero."""
        return cls(np.zeros(len(dataset.pumps)), np.zeros(len(dataset.tanks)), np.zeros(len(dataset.junctions)))


class Engine(Protocol):
    """Solves instants of a dataset and moves from one to a later one."""

    def start(self, time_s: int, levels_m: np.ndarray, inputs: Inputs) -> None:
        """Go to a time with these levels and inputs, flows guessed afresh."""

    def put(self, inputs: Inputs, junctions: Iterable[int], reservoirs: Iterable[int], links: Iterable[int]) -> None:
        """Take over changed inputs: positions of junctions and reservoirs, ids of links."""

    def solve(self) -> Instant:
        """Solve the present instant."""

    def advance(self, until_s: int) -> Totals:
        """Move on to a later time under the present inputs."""

    def next_event_s(self) -> int:
        """Time of the next sub-step or tank event, should nothing change until then [s]."""

    def levels_m(self) -> np.ndarray:
        """Levels of the tanks now [m], shape (tanks,)."""

    def close(self) -> None:
        """Free what the engine holds; harmless when called again."""


def is_running(link: Link) -> bool:
    """Whether a link is meant to let water pass."""
    if isinstance(link, Pump):
        return link.status and link.speed > 0.0
    if isinstance(link, Pipe):
        return link.status
    return isinstance(link, Valve) and link.status != "closed"
