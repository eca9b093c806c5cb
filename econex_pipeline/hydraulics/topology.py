"""Which link leads where: the actuators, the tanks each draws from and delivers to, the boundary junctions."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from econex_pipeline.hydraulics.codes import LinkKind, LinkValue, NodeKind
from econex_pipeline.hydraulics.toolkit import Project

ACTUATORS = (LinkKind.PUMP, LinkKind.FCV, LinkKind.TCV)
PIPES = (LinkKind.PIPE, LinkKind.CVPIPE)
BOUNDARY_PREFIX = "J_"


@dataclass(frozen=True)
class Actuator:
    """A pump or valve that runs for a part of each step and is shut otherwise.

    Attributes
    ----------
    name, index, kind
        Its name in the network file, EPANET's index and kind.
    rated_setting : float
        What it is set to while it runs, from the file: relative speed of a pump, flow of an FCV [m3/h], loss
        coefficient of a TCV.
    sources, sinks : frozenset of str
        Tanks and reservoirs that its first and its second node reach without passing another actuator.
    """

    name: str
    index: int
    kind: LinkKind
    rated_setting: float
    sources: frozenset[str]
    sinks: frozenset[str]


def find_actuators(project: Project) -> dict[str, Actuator]:
    """Find the pumps, FCVs and TCVs of a project with what lies before and behind each."""
    found = {}
    for name, kind in project.link_kinds.items():
        if kind not in ACTUATORS:
            continue
        first, second = project.link_ends[name]
        index = project.links[name]
        setting = 1.0 if kind is LinkKind.PUMP else project.link(index, LinkValue.INITSETTING)
        found[name] = Actuator(name, index, kind, setting, _reach(project, first), _reach(project, second))
    return found


def find_boundary(project: Project) -> dict[str, str]:
    """Find each tank's boundary junction: named ``J_<tank>`` and joined to it by a pipe."""
    joined = {frozenset(ends) for name, ends in project.link_ends.items() if project.link_kinds[name] in PIPES}
    tanks = (name for name, kind in project.node_kinds.items() if kind is NodeKind.TANK)
    return {tank: f"{BOUNDARY_PREFIX}{tank}" for tank in tanks if {tank, f"{BOUNDARY_PREFIX}{tank}"} in joined}


def _reach(project: Project, start: str) -> frozenset[str]:
    """Collect the tanks and reservoirs that a node reaches without passing an actuator or a tank."""
    neighbours: dict[str, list[str]] = {}
    for name, (first, second) in project.link_ends.items():
        if project.link_kinds[name] not in ACTUATORS:
            neighbours.setdefault(first, []).append(second)
            neighbours.setdefault(second, []).append(first)
    seen, waiting, stores = {start}, deque([start]), set()
    while waiting:
        node = waiting.popleft()
        if project.node_kinds[node] is not NodeKind.JUNCTION:
            stores.add(node)
            continue
        for other in neighbours.get(node, []):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return frozenset(stores)


@dataclass(frozen=True)
class Mate:
    """The link in series with an actuator, in which EPANET shows what creeps through it while it is shut.

    Attributes
    ----------
    link : str
        Name of the link.
    sign : float
        1 where the link points the actuator's way, -1 where it points against it.
    source, sink : str
        The one store at each end of the actuator.
    """

    link: str
    sign: float
    source: str
    sink: str


def find_mates(project: Project, actuators: dict[str, Actuator], boundary: dict[str, str]) -> dict[str, Mate]:
    """Find a link in series with each actuator that stands between two single stores."""
    at_node: dict[str, list[str]] = {}
    for name, ends in project.link_ends.items():
        for node in ends:
            at_node.setdefault(node, []).append(name)
    mates = {}
    for name, actuator in actuators.items():
        if len(actuator.sources) != 1 or len(actuator.sinks) != 1:
            continue
        first, second = project.link_ends[name]
        for node, side in ((first, 1), (second, 0)):
            others = [other for other in at_node[node] if other != name]
            if len(others) == 1 and node not in boundary.values():
                sign = 1.0 if project.link_ends[others[0]][side] == node else -1.0
                mates[name] = Mate(others[0], sign, *actuator.sources, *actuator.sinks)
                break
    return mates


def find_series(
    project: Project, actuators: dict[str, Actuator], boundary: dict[str, str]
) -> dict[str, dict[str, int]]:
    """Find the links that carry exactly what each actuator carries: 1 where they point its way, -1 where against it."""
    at_node: dict[str, list[str]] = {}
    for name, ends in project.link_ends.items():
        for node in ends:
            at_node.setdefault(node, []).append(name)
    found = {}
    for name in actuators:
        series: dict[str, int] = {}
        for node, side in zip(project.link_ends[name], (1, 0), strict=True):
            link, at = name, node
            while project.node_kinds[at] is NodeKind.JUNCTION and at not in boundary.values() and len(at_node[at]) == 2:
                link = next(other for other in at_node[at] if other != link)
                if link in series or link == name:
                    break
                ends = project.link_ends[link]
                series[link] = 1 if ends[side] == at else -1
                at = ends[0] if ends[1] == at else ends[1]
        found[name] = series
    return found
