"""Lines of the micro-grid and the tree of them along which power finds the grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Line:
    """A line of the micro-grid; capacities of the power sent [kW], loss as a share of it."""

    name: str
    tail: str
    head: str
    capacity_kw: float
    reverse_kw: float
    loss_frac: float

    def other(self, node: str) -> str:
        """Give the node at the line's other end."""
        return self.head if node == self.tail else self.tail

    def capacity_from(self, node: str) -> float:
        """Give the largest power that can be sent from that end [kW]."""
        return self.capacity_kw if node == self.tail else self.reverse_kw

    def direction_from(self, node: str) -> str:
        """Name the direction that starts at that end, as the plan's network does."""
        return self.name if node == self.tail else f"{self.name}.reverse"


class Way(NamedTuple):
    """A line of the tree of least loss, from a node up to its parent and down again.

    Attributes
    ----------
    node, parent : str
        Its ends.
    kept_frac : float
        Share of the power sent that arrives.
    up, down : str
        Names of the two directions.
    up_kw, down_kw : float
        Largest power that can be sent in each [kW].
    """

    node: str
    parent: str
    kept_frac: float
    up: str
    up_kw: float
    down: str
    down_kw: float

    @classmethod
    def of(cls, node: str, parent: str, line: Line) -> Way:
        """Give the way of a node."""
        up, down = ((line.direction_from(end), line.capacity_from(end)) for end in (node, parent))
        return cls(node, parent, 1.0 - line.loss_frac, *up, *down)


def tree_of_least_loss(lines: list[Line], root: str) -> dict[str, tuple[str, Line]]:
    """Give each node's parent and line on its way of least loss to the root (Prim on path loss)."""
    loss = {root: 0.0}
    up: dict[str, tuple[str, Line]] = {}
    done: set[str] = set()
    while len(done) < len(loss):
        node = min((node for node in loss if node not in done), key=lambda node: (loss[node], node))
        done.add(node)
        for line in lines:
            if node not in (line.tail, line.head) or line.other(node) in done:
                continue
            child, through = line.other(node), loss[node] + line.loss_frac
            if through < loss.get(child, float("inf")):
                loss[child], up[child] = through, (node, line)
    return up


def leaves_first(up: Mapping[str, tuple[str, Line]], root: str) -> list[str]:
    """Order the nodes of a tree so that each comes before its parent; the root is left out."""
    depth = {root: 0}

    def measure(node: str) -> int:
        if node not in depth:
            depth[node] = measure(up[node][0]) + 1
        return depth[node]

    return sorted(up, key=lambda node: (-measure(node), node))
