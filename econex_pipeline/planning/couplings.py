"""What follows a flow, energy used, generated or recovered; and what was promised of it, a day-ahead schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from econex_pipeline.planning.sources import Layer, Source


@dataclass(frozen=True)
class Chord:
    """A piece of a machine's curve: a share of the arc's capacity, and the energy per m3 as a factor of the source."""

    width_frac: float
    factor: float


@dataclass(frozen=True)
class Coupling:
    """Energy that goes with water: consumed or generated per m3 on an arc, at a node of the energy layer.

    Attributes
    ----------
    arc : str
        Water arc (or treatment) whose flow it follows.
    node : str
        Node of the energy layer.
    sign : {-1, 1}
        -1 consumes, +1 generates.
    source : Source
        kWh per m3 of flow, >= 0.
    chords : tuple of Chord
        Pieces from no flow to full flow; none for the same energy per m3 at any flow.
    ordered : bool
        Binaries make the pieces fill in order, even where a linear program would do so by itself.
    """

    arc: str
    node: str
    sign: Literal[-1, 1]
    source: Source
    chords: tuple[Chord, ...] = ()
    ordered: bool = False

    @property
    def convex(self) -> bool:
        """Whether the cheapest piece is the first: no binaries are needed while energy has a price."""
        factors = [chord.factor * -self.sign for chord in self.chords]
        return factors == sorted(factors)


@dataclass(frozen=True)
class Recovery:
    """Energy that may be recovered from a water arc, up to kWh per m3: the rest of the water takes the bypass.

    Attributes
    ----------
    element : str
        Element the generated power is reported under, for example ``mains``.
    arc : str
        Water arc.
    power : str
        Arc of the energy layer that carries the recovered power.
    source : Source
        kWh per m3 of flow, >= 0.
    """

    element: str
    arc: str
    power: str
    source: Source


@dataclass(frozen=True)
class Commitment:
    """A device whose schedule is decided before the scenarios part: ``sum of arcs = schedule + up - down``.

    Attributes
    ----------
    element : str
        Element name of the schedule: ``grid``, a treatment or an arc.
    plus, minus : tuple of str
        Arcs that count with + and with -.
    lower, upper : float
        Range of the schedule; the upper end may be a Source [kW or m3/h].
    deviation_usd : float
        Price of one unit of deviation, up or down [USD/kWh or USD/m3].
    layer : {"E", "P", "W"}
        Decides the unit.
    """

    element: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    lower: float
    upper: float | Source
    deviation_usd: float
    layer: Layer
