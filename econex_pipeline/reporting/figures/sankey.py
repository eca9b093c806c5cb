"""Node-to-node flows of the operated day as a Sankey diagram: electricity and water.

Places stand in columns by the way most of the day's flow went; a link that runs against it is drawn round below.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from econex_pipeline.district import District
from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.render import tip
from econex_pipeline.reporting.flows import Link, energy_links, water_links
from econex_pipeline.reporting.ledger import Ledger
from econex_pipeline.reporting.words import number

BOX_WIDTH = 0.09
GAP_SHARE = 0.045
"""Room between two boxes of a column, as a share of the highest column's flow."""
SWEEPS = 8
LABEL_ROOM_IN = 1.9
"""Width that the labels of the first and the last column need [in]."""
_CURVE_POINTS = 24


@dataclass
class Box:
    """A place in the diagram, or a way-point of a link through a column it only passes."""

    name: str
    column: int
    height: float = 0.0
    bottom: float = 0.0
    waypoint: bool = False
    filled: dict[str, float] = field(default_factory=lambda: {"in": 0.0, "out": 0.0})


@dataclass(frozen=True)
class Piece:
    """The part of a link between two neighbouring boxes."""

    link: Link
    start: Box
    end: Box


@theme.themed
def energy_sankey(day: Ledger, district: District) -> Figure:
    """Draw where electricity came from and where it went [kWh over the day].

    Parameters
    ----------
    day : Ledger
        The day.
    district : District
        What stands there.
    """
    return _sankey(energy_links(day, district), "kWh")


@theme.themed
def water_sankey(day: Ledger, district: District) -> Figure:
    """Draw where water came from and where it went [m3 over the day]; see `energy_sankey` for the parameters."""
    return _sankey(water_links(day, district), "m3")


def _sankey(links: list[Link], unit: str) -> Figure:
    figure = theme.new_figure(4.6)
    axes = figure.subplots()
    axes.set_axis_off()
    if not links:
        axes.text(0.5, 0.5, "nothing flowed", ha="center", transform=axes.transAxes)
        return figure
    columns, against = columns_of(links)
    boxes = {name: Box(name, column) for name, column in columns.items()}
    pieces, ways = _pieces([link for link in links if link not in against], boxes)
    for name, box in boxes.items():
        given = sum(link.amount for link in links if link.source == name)
        taken = sum(link.amount for link in links if link.target == name)
        box.height = max(given, taken)
    stacks = _stacked([*boxes.values(), *ways], pieces)
    lowest = min(box.bottom for box in boxes.values())
    pieces.sort(key=lambda piece: (piece.start.bottom, piece.end.bottom), reverse=True)
    _forward(axes, pieces, unit)
    highest = max(box.bottom + box.height for stack in stacks for box in stack)
    deepest = _around(axes, against, boxes, lowest, 0.5 * GAP_SHARE * (highest - lowest), unit)
    for box in boxes.values():
        _box(axes, box, unit, last_column=len(stacks) - 1)
    span = len(stacks) - 1 + BOX_WIDTH
    side = span * LABEL_ROOM_IN / (theme.WIDTH_IN - 2.0 * LABEL_ROOM_IN)
    axes.set_xlim(-side, span + side)
    axes.set_ylim(deepest - 0.02 * (highest - deepest), highest + 0.06 * (highest - deepest))
    return figure


def columns_of(links: list[Link]) -> tuple[dict[str, int], list[Link]]:
    """Place names in columns so that as much as possible flows from left to right.

    Parameters
    ----------
    links : list of Link
        Flows of the day.

    Returns
    -------
    columns : dict of str to int
        Column by name: sources in the first, uses in the last.
    against : list of Link
        Links that run against the order, or stay in a column.
    """
    net: dict[tuple[str, str], float] = defaultdict(float)
    for link in links:
        net[link.source, link.target] += link.amount
        net[link.target, link.source] -= link.amount
    followers: dict[str, set[str]] = defaultdict(set)
    for (source, target), amount in sorted(net.items(), key=lambda item: (-item[1], item[0])):
        if amount > 0.0 and not _reaches(followers, target, source):
            followers[source].add(target)
    names = list(dict.fromkeys(name for link in links for name in (link.source, link.target)))
    columns = dict.fromkeys(names, 0)
    for _ in names:
        for name in names:
            for follower in followers[name]:
                columns[follower] = max(columns[follower], columns[name] + 1)
    feeding = {link.source for link in links}
    last = max(columns.values())
    columns = {name: column if name in feeding else last for name, column in columns.items()}
    against = [link for link in links if columns[link.target] <= columns[link.source]]
    return columns, against


def _reaches(followers: dict[str, set[str]], start: str, goal: str) -> bool:
    open_names, seen = [start], set()
    while open_names:
        name = open_names.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            open_names.extend(followers.get(name, ()))
    return False


def _pieces(links: list[Link], boxes: dict[str, Box]) -> tuple[list[Piece], list[Box]]:
    """Cut links that pass over a column into pieces, with a way-point in each column they pass."""
    pieces, ways = [], []
    for link in links:
        here, goal = boxes[link.source], boxes[link.target]
        for column in range(here.column + 1, goal.column):
            way = Box(f"{link.source} to {link.target}", column, height=link.amount, waypoint=True)
            ways.append(way)
            pieces.append(Piece(link, here, way))
            here = way
        pieces.append(Piece(link, here, goal))
    return pieces, ways


def _stacked(boxes: list[Box], pieces: list[Piece]) -> list[list[Box]]:
    """Stack the boxes of each column, near the boxes they are joined to, all columns centred."""
    stacks: list[list[Box]] = [[] for _ in range(max(box.column for box in boxes) + 1)]
    for box in boxes:
        stacks[box.column].append(box)
    gap = GAP_SHARE * max(sum(box.height for box in stack) for stack in stacks)
    for stack in stacks:
        _settle(stack, gap)
    for sweep in range(SWEEPS):
        for stack in stacks if sweep % 2 == 0 else stacks[::-1]:
            wanted = {id(box): _pull(box, pieces) for box in stack}
            stack.sort(key=lambda box: wanted[id(box)])
            _settle(stack, gap)
    return stacks


def _settle(stack: list[Box], gap: float) -> None:
    bottom = -0.5 * (sum(box.height for box in stack) + gap * (len(stack) - 1))
    for box in stack:
        box.bottom = bottom
        bottom += box.height + gap


def _pull(box: Box, pieces: list[Piece]) -> float:
    """Mean height of the boxes that a box is joined to, weighted by what flows."""
    joined = [(piece.start, piece.link.amount) for piece in pieces if piece.end is box]
    joined += [(piece.end, piece.link.amount) for piece in pieces if piece.start is box]
    if not joined:
        return box.bottom
    weight = sum(amount for _, amount in joined)
    return sum((other.bottom + 0.5 * other.height) * amount for other, amount in joined) / weight


def _port(box: Box, side: str, amount: float) -> float:
    """Take the next free stretch on a side of a box, from the top down; give its centre."""
    top = box.bottom + box.height - box.filled[side]
    box.filled[side] += amount
    return top - 0.5 * amount


def _forward(axes: Axes, pieces: list[Piece], unit: str) -> None:
    starts = {id(piece): 0.0 for piece in pieces}
    for piece in sorted(pieces, key=lambda piece: -piece.end.bottom):
        starts[id(piece)] = _port(piece.start, "out", piece.link.amount)
    for piece in sorted(pieces, key=lambda piece: -piece.start.bottom):
        end_y = _port(piece.end, "in", piece.link.amount)
        start_x = piece.start.column + (0.0 if piece.start.waypoint else BOX_WIDTH)
        t = np.linspace(0.0, 1.0, _CURVE_POINTS)
        ease = t * t * (3.0 - 2.0 * t)
        x = start_x + (piece.end.column - start_x) * t
        y = starts[id(piece)] + (end_y - starts[id(piece)]) * ease
        half = 0.5 * piece.link.amount
        _ribbon(axes, piece.link, np.column_stack([x, y + half]), np.column_stack([x, y - half]), unit)


def _around(axes: Axes, links: list[Link], boxes: dict[str, Box], lowest: float, gap: float, unit: str) -> float:
    """Draw the links that run against the order below everything else; give the lowest point reached."""
    for link in sorted(links, key=lambda link: boxes[link.source].column - boxes[link.target].column):
        start, end = boxes[link.source], boxes[link.target]
        half, bend = 0.5 * link.amount, 0.22
        centre = lowest - gap - half
        y0, y1 = _port(start, "out", link.amount), _port(end, "in", link.amount)
        x0, x1 = start.column + BOX_WIDTH, float(end.column)
        outer = _loop(x0, x1, y0 + half, y1 + half, centre - half, bend)
        inner = _loop(x0, x1, y0 - half, y1 - half, centre + half, 0.5 * bend)
        _ribbon(axes, link, outer, inner, unit)
        lowest = centre - half
    return lowest


def _loop(x0: float, x1: float, y0: float, y1: float, low: float, bend: float) -> np.ndarray:
    """Half turn out to the right and down, back along the bottom, half turn up into the left side."""
    turn = np.linspace(0.5 * np.pi, -0.5 * np.pi, _CURVE_POINTS)
    right = np.column_stack([x0 + bend * np.cos(turn), low + (y0 - low) * 0.5 * (1.0 + np.sin(turn))])
    left = np.column_stack([x1 - bend * np.cos(turn), low + (y1 - low) * 0.5 * (1.0 + np.sin(turn))])
    return np.vstack([right, left[::-1]])


def _ribbon(axes: Axes, link: Link, upper: np.ndarray, lower: np.ndarray, unit: str) -> None:
    colour = theme.SERIES[link.layer][link.series].colour
    ribbon = Polygon(np.vstack([upper, lower[::-1]]), facecolor=colour, alpha=0.5, linewidth=0)
    tip(ribbon, f"{link.source} to {link.target}: {number(link.amount, unit)}")
    ribbon.set_in_layout(False)
    axes.add_artist(ribbon)


def _box(axes: Axes, box: Box, unit: str, last_column: int) -> None:
    axes.add_artist(Rectangle((box.column, box.bottom), BOX_WIDTH, box.height, facecolor=theme.INK, in_layout=False))
    label, middle = f"{box.name}  {number(box.height, unit)}", box.bottom + 0.5 * box.height
    if box.column == 0:
        axes.text(box.column - 0.04, middle, label, ha="right", va="center")
    elif box.column == last_column:
        axes.text(box.column + BOX_WIDTH + 0.04, middle, label, ha="left", va="center")
    else:
        behind = {"facecolor": theme.SURFACE, "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
        above = box.column % 2 == 0  # neighbours take turns, so that their labels do not meet
        place = (box.column + 0.5 * BOX_WIDTH, box.bottom + (box.height if above else 0.0))
        style: Any = {"ha": "center", "va": "bottom" if above else "top", "weight": "bold", "bbox": behind}
        axes.annotate(label, place, xytext=(0, 3 if above else -3), textcoords="offset points", **style)
