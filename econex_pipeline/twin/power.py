"""The micro-grid during one step: nodes, lines with losses, and the grid, which takes the remainder.

Lines form a tree of least loss towards the grid; along it power flows as the balances of the nodes demand. Lines
outside the tree carry what was asked. A battery with a band keeps the grid's meter at zero, as far as its band goes.
Where a line or the grid is at its limit, batteries help first, then photovoltaics are curtailed or loads go unserved; a
surplus nothing can take is dumped, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from econex_pipeline.twin.battery import Battery, BatteryOutcome
from econex_pipeline.twin.lines import Line, Way, leaves_first, tree_of_least_loss

TOLERANCE_KW = 1e-9
_ROUNDS = 60
_METER_ROUNDS = 8


@dataclass(frozen=True)
class GridConnection:
    """Where and how far the micro-grid can import and export [kW]."""

    node: str
    import_kw: float
    export_kw: float


@dataclass
class _Balance:
    """Adjustable powers of one step [kW], by node or battery."""

    pv_kw: dict[str, float]
    load_kw: dict[str, float]
    fixed_kw: dict[str, float]
    curtailed_kw: dict[str, float]
    asked_kw: dict[str, float]
    dumped_kw: dict[str, float] = field(default_factory=dict)
    unserved_kw: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PowerOutcome:
    """Delivered mean powers of one step by element [kW], and the batteries' own outcomes."""

    powers_kw: dict[str, float]
    batteries: dict[str, BatteryOutcome]


class MicroGrid:
    """Lines, batteries and the connection to the grid.

    Parameters
    ----------
    nodes : list of str
        All nodes of the district.
    lines : list of Line
        Its lines.
    grid : GridConnection
        Its connection.
    batteries : mapping of str to (str, Battery)
        Node and model of each battery, by name.
    """

    def __init__(
        self,
        nodes: list[str],
        lines: list[Line],
        grid: GridConnection,
        batteries: Mapping[str, tuple[str, Battery]],
    ) -> None:
        self.nodes, self.lines, self.grid, self.batteries = nodes, lines, grid, dict(batteries)
        self._up = tree_of_least_loss(lines, grid.node)
        order = leaves_first(self._up, grid.node)
        self._ways = [Way.of(node, *self._up[node]) for node in order]
        tree = {line.name for _, line in self._up.values()}
        self._free = [line for line in lines if line.name not in tree]
        connected = {grid.node, *self._up}
        self._islands = [node for node in nodes if node not in connected]
        self._below = {node: self._subtree(node) for node in (*order, grid.node, *self._islands)}

    def step(
        self,
        pv_kw: Mapping[str, float],
        load_kw: Mapping[str, float],
        consumed_kw: Mapping[str, float],
        generated_kw: Mapping[str, float],
        asked_kw: Mapping[str, float],
        energy_kwh: Mapping[str, float],
        step_h: float,
        grid_available: bool = True,
        bands_kw: Mapping[str, tuple[float, float]] | None = None,
    ) -> PowerOutcome:
        """Balance every node for one step.

        Parameters
        ----------
        pv_kw, load_kw, consumed_kw, generated_kw : mapping of str to float
            Mean powers by node: available, household demand, water devices, turbines [kW].
        asked_kw : mapping of str to float
            Decision by element [kW].
        energy_kwh : mapping of str to float
            Energy in each battery at the start [kWh].
        step_h : float
            Length of the step [h].
        grid_available : bool
            False during an outage.
        bands_kw : mapping of str to (float, float), optional
            Least and most net charge of the batteries that keep the grid's meter at zero [kW].
        """
        # without the grid sun is turned away only where batteries are full, whatever a plan of more sun has asked
        away_kw = asked_kw if grid_available else {}
        state = _Balance(
            pv_kw={node: pv_kw.get(node, 0.0) for node in self.nodes},
            load_kw={node: load_kw.get(node, 0.0) for node in self.nodes},
            fixed_kw={n: generated_kw.get(n, 0.0) - consumed_kw.get(n, 0.0) for n in self.nodes},
            curtailed_kw={
                node: min(max(away_kw.get(f"curtail.{node}", 0.0), 0.0), pv_kw.get(node, 0.0)) for node in self.nodes
            },
            asked_kw={
                name: asked_kw.get(f"{name}.charge", 0.0) - asked_kw.get(f"{name}.discharge", 0.0)
                for name in self.batteries
            },
            dumped_kw={node: max(away_kw.get(f"dump.{node}", 0.0), 0.0) for node in self.nodes},
            unserved_kw=dict.fromkeys(self.nodes, 0.0),
        )
        caps = (self.grid.import_kw, self.grid.export_kw) if grid_available else (0.0, 0.0)
        if grid_available:
            self._follow(state, bands_kw or {}, energy_kwh, step_h, asked_kw, caps)
        for _ in range(_ROUNDS):
            outcomes = self._run_batteries(state, energy_kwh, step_h)
            flows, stuck = self._settle(state, outcomes, asked_kw, caps)
            if not stuck:
                break
            node, excess_kw = next(iter(stuck.items()))
            self._relieve(state, outcomes, energy_kwh, step_h, node, excess_kw)
        else:
            self._take_up(state, stuck)
            flows, _ = self._settle(state, outcomes, asked_kw, caps)
        return PowerOutcome({**flows, **self._node_powers(state, outcomes)}, outcomes)

    def _follow(
        self,
        state: _Balance,
        bands_kw: Mapping[str, tuple[float, float]],
        energy_kwh: Mapping[str, float],
        step_h: float,
        asked_kw: Mapping[str, float],
        caps: tuple[float, float],
    ) -> None:
        """Let each battery in turn take what the grid would, within its band; rounds are for the lines' losses."""
        for name, (least_kw, most_kw) in bands_kw.items():
            for _ in range(_METER_ROUNDS):
                outcomes = self._run_batteries(state, energy_kwh, step_h)
                flows, _ = self._settle(state, outcomes, asked_kw, caps)
                surplus_kw = flows["grid_export"] - flows["grid_import"]
                now_kw = outcomes[name].charge_kw - outcomes[name].discharge_kw
                place = self.batteries[name][0]
                aim_kw = min(max(now_kw + self._at(place, self.grid.node, surplus_kw), least_kw), most_kw)
                state.asked_kw[name] = aim_kw
                if abs(aim_kw - now_kw) <= TOLERANCE_KW:
                    break

    def _run_batteries(
        self, state: _Balance, energy_kwh: Mapping[str, float], step_h: float
    ) -> dict[str, BatteryOutcome]:
        return {
            name: battery.step(
                energy_kwh[name], max(state.asked_kw[name], 0.0), max(-state.asked_kw[name], 0.0), step_h
            )
            for name, (_, battery) in self.batteries.items()
        }

    def _settle(
        self,
        state: _Balance,
        outcomes: Mapping[str, BatteryOutcome],
        asked_kw: Mapping[str, float],
        caps: tuple[float, float],
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Let power flow to the grid; give the flows and, node by node, what no line or grid could take [kW]."""
        net = {
            node: state.pv_kw[node]
            - state.curtailed_kw[node]
            - state.load_kw[node]
            + state.unserved_kw[node]
            + state.fixed_kw[node]
            - state.dumped_kw[node]
            for node in self.nodes
        }
        for name, (node, _) in self.batteries.items():
            net[node] += outcomes[name].discharge_kw - outcomes[name].charge_kw
        flows: dict[str, float] = {}
        for line in self._free:
            for sender in (line.tail, line.head):
                sent = min(max(asked_kw.get(line.direction_from(sender), 0.0), 0.0), line.capacity_from(sender))
                flows[line.direction_from(sender)] = sent
                net[sender] -= sent
                net[line.other(sender)] += (1.0 - line.loss_frac) * sent
        stuck: dict[str, float] = {}
        for node, parent, kept, up, up_kw, down, down_kw in self._ways:
            sent = flows[up] = min(max(net[node], 0.0), up_kw)
            pulled = flows[down] = min(max(-net[node], 0.0) / kept, down_kw)
            left = net[node] - sent + kept * pulled
            net[parent] += kept * sent - pulled
            if abs(left) > TOLERANCE_KW:
                stuck[node] = left
        for node in self._islands:
            if abs(net[node]) > TOLERANCE_KW:
                stuck[node] = net[node]
        rest = net[self.grid.node]
        flows["grid_import"] = min(max(-rest, 0.0), caps[0])
        flows["grid_export"] = min(max(rest, 0.0), caps[1])
        left = rest + flows["grid_import"] - flows["grid_export"]
        if abs(left) > TOLERANCE_KW:
            stuck[self.grid.node] = left
        return flows, stuck

    def _relieve(
        self,
        state: _Balance,
        outcomes: Mapping[str, BatteryOutcome],
        energy_kwh: Mapping[str, float],
        step_h: float,
        node: str,
        excess_kw: float,
    ) -> None:
        """Take the next means against a surplus (> 0) or a shortage (< 0) at a node [kW]."""
        below = self._below[node]
        for name, (place, battery) in self.batteries.items():
            if place not in below:
                continue
            needed = self._at(place, node, excess_kw)
            now = outcomes[name].charge_kw - outcomes[name].discharge_kw
            aim = now + needed
            reach = battery.step(energy_kwh[name], max(aim, 0.0), max(-aim, 0.0), step_h)
            if abs(reach.charge_kw - reach.discharge_kw - now) > TOLERANCE_KW:
                state.asked_kw[name] = reach.charge_kw - reach.discharge_kw
                return
        for place in below:
            needed = self._at(place, node, excess_kw)
            if excess_kw > 0.0:
                room = state.pv_kw[place] - state.curtailed_kw[place]
                if room > TOLERANCE_KW:
                    state.curtailed_kw[place] += min(room, needed)
                    return
            else:
                room = state.load_kw[place] - state.unserved_kw[place]
                if room > TOLERANCE_KW:
                    state.unserved_kw[place] += min(room, -needed)
                    return
        self._take_up(state, {node: excess_kw})

    def _take_up(self, state: _Balance, stuck: Mapping[str, float]) -> None:
        """Close a node's balance when every means is spent: dump a surplus, leave a shortage unserved."""
        for node, excess_kw in stuck.items():
            if excess_kw > 0.0:
                state.dumped_kw[node] += excess_kw
            else:
                state.unserved_kw[node] -= excess_kw

    def _at(self, place: str, node: str, excess_kw: float) -> float:
        """Say how far a place below a node can change without more than undoing the node's excess [kW]."""
        kept = 1.0
        while place != node:
            parent, line = self._up[place]
            kept *= 1.0 - line.loss_frac
            place = parent
        return excess_kw * kept

    def _node_powers(self, state: _Balance, outcomes: Mapping[str, BatteryOutcome]) -> dict[str, float]:
        powers = {}
        for node in self.nodes:
            powers[f"pv.{node}"] = state.pv_kw[node] - state.curtailed_kw[node]
            powers[f"curtail.{node}"] = state.curtailed_kw[node]
            powers[f"unserved.{node}.E"] = state.unserved_kw[node]
            powers[f"dump.{node}"] = state.dumped_kw[node]
        for name, outcome in outcomes.items():
            powers[f"{name}.charge"], powers[f"{name}.discharge"] = outcome.charge_kw, outcome.discharge_kw
        return powers

    def _subtree(self, root: str) -> list[str]:
        """List a node and everything that reaches the grid through it, nearest first."""
        found = [root]
        for node in found:
            found.extend(child for child, (parent, _) in self._up.items() if parent == node)
        return found
