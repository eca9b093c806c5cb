"""Raw water at nodes without a tank: it drains on, or it leaves the district within the step. Nothing is kept."""

from __future__ import annotations

from collections import defaultdict

from econex_pipeline.contracts import InputError
from econex_pipeline.district import District
from econex_pipeline.twin.exchange import Decision, Exogenous, NodeInputs


class RunOff:
    """Greywater and rain at the nodes that hold no raw water.

    Parameters
    ----------
    district : District
        Drains and tanks.

    Raises
    ------
    InputError
        If drains run in a circle.

    Notes
    -----
    Drains take greywater first, which would pay the sewer's fee, then rain. What no drain takes leaves: greywater to
    the sewer, rain and what the sewer cannot take to the storm drain.
    """

    def __init__(self, district: District) -> None:
        self.district = district
        self.drains = {
            name: arc
            for name, arc in district.arcs.items()
            if arc.kind == "drain" and district.tank_at(arc.tail, arc.layer) is None
        }
        self.nodes = self._upstream_first()

    def _upstream_first(self) -> list[str]:
        waiting = [node for node in self.district.nodes if self.district.tank_at(node, "W") is None]
        ordered: list[str] = []
        while waiting:
            free = [
                node
                for node in waiting
                if not any(arc.head == node and arc.tail in waiting for arc in self.drains.values())
            ]
            if not free:
                raise InputError(self.district.directory, "arcs", waiting, "drains that do not run in a circle")
            ordered += free
            waiting = [node for node in waiting if node not in free]
        return ordered

    def step(self, decision: Decision, exogenous: Exogenous) -> dict[str, float]:
        """Give the mean flow of each drain, sewer and overflow of these nodes [m3/h]."""
        flows: dict[str, float] = {}
        arrived: dict[str, float] = defaultdict(float)
        for node in self.nodes:
            inputs = exogenous.nodes.get(node, NodeInputs())
            grey = inputs.greywater_m3_h + arrived[node]
            rain = inputs.rain_harvest_m3_h
            for name, arc in self.drains.items():
                if arc.tail != node:
                    continue
                asked = max(0.0, decision.flows_m3_h.get(name, 0.0))
                flows[name] = min(asked, float(arc.capacity_m3_h or 0.0), grey + rain)
                from_grey = min(grey, flows[name])
                grey -= from_grey
                rain -= flows[name] - from_grey
                arrived[arc.head] += flows[name]
            flows[f"sewer.{node}"] = min(grey, self.district.utilities.sewer.capacity_m3_h)
            flows[f"overflow.{node}.W"] = rain + grey - flows[f"sewer.{node}"]
        return flows
