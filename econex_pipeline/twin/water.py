"""Water during one step: what is asked becomes run times and boundary demands, EPANET answers, meters are read.

Tanks that run empty and level switches cut the request first (`moves`). EPANET's own rates then replace the rated ones,
and where that changes what can be followed, the step is run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from econex_pipeline.district import District
from econex_pipeline.hydraulics import StepResult, WaterNetwork
from econex_pipeline.twin.buckets import run_without_engine
from econex_pipeline.twin.events import Faults
from econex_pipeline.twin.exchange import Decision, Exogenous
from econex_pipeline.twin.moves import (
    EMPTY,
    RANKS,
    TOLERANCE_M3,
    Move,
    differ,
    further_cut,
    trim,
    whole_seconds,
    without,
)
from econex_pipeline.twin.runoff import RunOff

DUTY_KINDS = ("pumped", "gravity", "turbined")
MAINS = ("mains_import", "mains_export")
OUTAGE = "the mains are out"
NO_ANSWER = "the hydraulic engine found no answer with it; it stood still"
_ATTEMPTS = 4
ROUNDING_M3_H = 1e-12


@dataclass(frozen=True)
class WaterOutcome:
    """What the water did during one step.

    Attributes
    ----------
    flows_m3_h : dict of str to float
        Delivered mean flow by element [m3/h].
    result : StepResult
        What EPANET measured.
    run_s : dict of str to int
        Seconds each duty-cycled element ran.
    reasons : dict of str to str
        Why an element gave less than was asked.
    """

    flows_m3_h: dict[str, float]
    result: StepResult
    run_s: dict[str, int]
    reasons: dict[str, str]


class WaterWorks:
    """The water side of a district, on one EPANET network.

    Parameters
    ----------
    district : District
        Which element is which link.
    network : WaterNetwork
        The network to step.
    """

    def __init__(self, district: District, network: WaterNetwork) -> None:
        self.district, self.network = district, network
        self.step_s = round(district.step_h * 3600)
        self.tanks = {name: str(storage.tank) for name, storage in district.tanks.items()}
        self.capacities_m3 = {name: storage.capacity for name, storage in district.tanks.items()}
        self.links = {
            name: (str(arc.actuator), str(arc.meter)) for name, arc in district.arcs.items() if arc.kind in DUTY_KINDS
        }
        mains = district.utilities.mains
        if mains is not None:
            self.links["mains_import"] = (mains.actuator, mains.meter)
        used = {actuator for actuator, _ in self.links.values()}
        self._strangers = [mate for name, mate in network.mates.items() if name not in used]
        self.run_off = RunOff(district)
        self._tank_of = {(storage.node, storage.layer): name for name, storage in district.tanks.items()}

    def step(
        self,
        volumes_m3: Mapping[str, float],
        decision: Decision,
        exogenous: Exogenous,
        feeds_m3_h: Mapping[str, float],
        recoveries_frac: Mapping[str, float],
        faults: Faults,
        engine: bool = True,
    ) -> WaterOutcome:
        """Run one step.

        Parameters
        ----------
        volumes_m3 : mapping of str to float
            Volume at the start, by storage [m3].
        decision : Decision
            What was asked.
        exogenous : Exogenous
            What the world does.
        feeds_m3_h, recoveries_frac : mapping of str to float
            Feed each treatment can take [m3/h], and product over feed.
        faults : Faults
            What leaks, and how fast worn pumps turn.
        engine : bool
            False follows the tanks without the hydraulic engine; nothing that runs may be asked then.

        Raises
        ------
        HydraulicsError
            If the hydraulic engine finds no answer.
        """
        given = decision if exogenous.mains_available else decision.without(MAINS)
        passing = self.run_off.step(given, exogenous)
        asked = [
            *self._transfers(volumes_m3, given),
            *self._demands(exogenous, faults),
            *self._uniform(given),
            *self._treatments(feeds_m3_h, recoveries_frac),
            *self._supplies(exogenous, passing),
        ]
        moves, reasons = trim(asked, volumes_m3, self.capacities_m3, self.step_s)
        if not exogenous.mains_available:
            reasons.update(dict.fromkeys(MAINS, OUTAGE))
        for attempt in count(1):
            whole = [whole_seconds(move, floor=move.element in reasons) for move in moves.values()]
            result = self._run(volumes_m3, whole, self._settings(faults), engine)
            measured = [self._as_measured(move, result) for move in whole]
            short = self._shortages(measured, result)
            moves = {move.element: without(move, short.get(move.element, 0.0)) for move in measured}
            reasons.update(dict.fromkeys(short, EMPTY))
            settled, cuts = trim(moves.values(), volumes_m3, self.capacities_m3, self.step_s)
            again = {name for name in cuts if differ(settled[name], moves[name], self.step_s)}
            # what its source did not give has entered its sink all the same: such a run is no record
            untrue = {name for name in short if moves[name].source is not None and moves[name].sink is not None}
            if not untrue and (not again or attempt >= _ATTEMPTS):
                break
            moves = settled | {name: further_cut(settled[name], attempt, last=attempt >= _ATTEMPTS) for name in untrue}
            reasons.update({name: cuts.get(name, EMPTY) for name in again | untrue})
        return WaterOutcome(self._flows(moves, asked, passing, result), result, self._run_s(result), reasons)

    def _tank_at(self, node: str, layer: str) -> str | None:
        return self._tank_of.get((node, layer))

    def _settings(self, faults: Faults) -> dict[str, float]:
        """Give the relative speed of worn pumps, by actuator."""
        worn = {self.links[name][0]: factor for name, factor in faults.pump_speed.items()}
        return {pump: factor * self.network.actuators[pump].rated_setting for pump, factor in worn.items()}

    def _transfers(self, volumes_m3: Mapping[str, float], decision: Decision) -> Iterator[Move]:
        """What actuators move, each at its rated flow for a part of the step."""
        for element in self.links:
            arc, mains = self.district.arcs.get(element), self.district.utilities.mains
            inlet = mains.node if mains is not None else ""
            source = self._tank_at(arc.tail, arc.layer) if arc is not None else None
            sink = self._tank_at(arc.head, arc.layer) if arc is not None else self._tank_at(inlet, "P")
            asked = decision.flows_m3_h.get(element, 0.0)
            rated = decision.rated_flows_m3_h.get(element, 0.0)
            if rated <= 0.0 and asked > 0.0:
                rated = self._rated_m3_h(element, volumes_m3)
            run_s = min(self.step_s, self.step_s * asked / rated) if rated > 0.0 else 0.0
            yield Move(element, source, sink, rated, max(0.0, run_s), duty=True, rank=RANKS["transfer"], stops=True)

    def _rated_m3_h(self, element: str, volumes_m3: Mapping[str, float]) -> float:
        """Find the flow of an actuator whose rated flow the decision does not name [m3/h]."""
        actuator, meter = self.links[element]
        levels = {tank: volumes_m3[name] for name, tank in self.tanks.items()}
        return self.network.probe(levels, [actuator]).flow_m3_h[meter]

    def _demands(self, exogenous: Exogenous, faults: Faults) -> Iterator[Move]:
        """What people and gardens take, and what leaks away."""
        for name, rate in faults.leaks_m3_h.items():
            yield Move(f"leak.{name}", name, None, rate, self.step_s, rank=RANKS["leak"])
        for node, inputs in exogenous.nodes.items():
            for layer, rate in (("P", inputs.potable_m3_h), ("W", inputs.irrigation_m3_h)):
                tank = self._tank_at(node, layer)
                if tank is not None:
                    yield Move(f"{node}.{layer}", tank, None, rate, self.step_s, rank=RANKS["demand"])

    def _uniform(self, decision: Decision) -> Iterator[Move]:
        """What runs evenly over the step: backups, drains of tanks, sewers, export."""
        district, asked = self.district, decision.flows_m3_h
        for name, arc in district.arcs.items():
            source = self._tank_at(arc.tail, arc.layer)
            if arc.kind not in ("backup", "drain") or source is None:
                continue
            rate = min(asked.get(name, 0.0), float(arc.capacity_m3_h or 0.0))
            rank = RANKS["backup" if arc.kind == "backup" else "transfer"]
            sink = self._tank_at(arc.head, arc.head_layer or arc.layer)
            yield Move(name, source, sink, rate, self.step_s, rank=rank, stops=True)
        for node in district.nodes:
            tank, there = self._tank_at(node, "W"), district.nodes[node]
            collects = there.potable is not None or there.roof is not None
            if tank is not None and (collects or f"sewer.{node}" in asked):
                rate = min(asked.get(f"sewer.{node}", 0.0), district.utilities.sewer.capacity_m3_h)
                yield Move(f"sewer.{node}", tank, None, rate, self.step_s, rank=RANKS["sewer"])
        mains = district.utilities.mains
        if mains is not None:
            rate = min(asked.get("mains_export", 0.0), mains.export_m3_h)
            tank = self._tank_at(mains.node, "P")
            yield Move("mains_export", tank, None, rate, self.step_s, rank=RANKS["export"])

    def _treatments(self, feeds_m3_h: Mapping[str, float], recoveries_frac: Mapping[str, float]) -> Iterator[Move]:
        for name, treatment in self.district.treatments.items():
            yield Move(
                name,
                self._tank_at(treatment.node, "W"),
                self._tank_at(treatment.node, "P"),
                feeds_m3_h[name],
                self.step_s,
                gain=recoveries_frac[name],
                rank=RANKS["treatment"],
                stops=True,
            )

    def _supplies(self, exogenous: Exogenous, passing: Mapping[str, float]) -> Iterator[Move]:
        """What comes in by itself and cannot be stopped: rain, greywater, drains of nodes without a tank."""
        for node, inputs in exogenous.nodes.items():
            tank = self._tank_at(node, "W")
            if tank is not None:
                rate = inputs.rain_harvest_m3_h + inputs.greywater_m3_h
                yield Move(f"supply.{node}", None, tank, rate, self.step_s)
        for name, rate in passing.items():
            arc = self.district.arcs.get(name)
            tank = self._tank_at(arc.head, arc.layer) if arc is not None else None
            if tank is not None:
                yield Move(name, None, tank, rate, self.step_s)

    def _run(
        self, volumes_m3: Mapping[str, float], moves: list[Move], settings: Mapping[str, float], engine: bool
    ) -> StepResult:
        demands = dict.fromkeys(self.tanks, 0.0)
        run_s = {}
        for move in moves:
            if move.duty:
                run_s[self.links[move.element][0]] = int(move.run_s)
                continue
            if move.source is not None:
                demands[move.source] += move.rate_m3_h
            if move.sink is not None:
                demands[move.sink] -= move.gain * move.rate_m3_h
        levels = {tank: volumes_m3[name] for name, tank in self.tanks.items()}
        drawn = {self.network.boundary[self.tanks[name]]: rate for name, rate in demands.items()}
        if not engine:
            return run_without_engine(self.network, levels, drawn, self.step_s)
        return self.network.run_step(levels, run_s, drawn, self.step_s, settings)

    def _as_measured(self, move: Move, result: StepResult) -> Move:
        """Put the measured rate and run time into a duty-cycled move."""
        if not move.duty:
            return move
        actuator, meter = self.links[move.element]
        ran_s = result.ran_s.get(actuator, 0)
        if ran_s == 0:
            return move._replace(run_s=0.0)
        return move._replace(run_s=float(ran_s), rate_m3_h=3600.0 * max(0.0, result.volume_m3[meter]) / ran_s)

    def _shortages(self, moves: list[Move], result: StepResult) -> dict[str, float]:
        """Share what a boundary could not give among those that asked there, lowest rank first [m3]."""
        short: dict[str, float] = {}
        for name, tank in self.tanks.items():
            junction = self.network.boundary[tank]
            left_m3 = result.asked_m3.get(junction, 0.0) - result.taken_m3.get(junction, 0.0)
            takers = sorted((m for m in moves if m.source == name and not m.duty), key=lambda move: move.rank)
            for move in takers:
                if left_m3 <= TOLERANCE_M3:
                    break
                cut_m3 = min(left_m3, move.moved_m3(self.step_s))
                if cut_m3 > 0.0:
                    short[move.element] = cut_m3
                    left_m3 -= cut_m3
        return short

    def _flows(
        self, moves: Mapping[str, Move], asked: list[Move], passing: Mapping[str, float], result: StepResult
    ) -> dict[str, float]:
        """Read all meters [m3/h]."""
        step_h = self.district.step_h
        flows = dict(passing)
        for before in asked:
            if before.duty:
                flows[before.element] = max(0.0, result.volume_m3[self.links[before.element][1]]) / step_h
                continue
            delivered = moves[before.element].moved_m3(self.step_s) / step_h
            if before.rank == RANKS["demand"]:
                missing = before.rate_m3_h - delivered
                flows[f"unserved.{before.element}"] = missing if missing > ROUNDING_M3_H else 0.0
            elif not before.element.startswith("supply."):
                flows[before.element] = delivered
        for name, tank in self.tanks.items():
            flows[f"overflow.{name}"] = result.spill_m3[tank] / step_h
        return flows

    def backflow_m3_h(self, result: StepResult) -> dict[str, float]:
        """Give what went the wrong way through each duty-cycled element: EPANET's shut links are not quite tight."""
        volumes = {element: result.volume_m3[meter] for element, (_, meter) in self.links.items()}
        return {element: max(0.0, -volume) / self.district.step_h for element, volume in volumes.items()}

    def unmetered_m3(self, result: StepResult) -> dict[str, float]:
        """Give, by tank, what crept through shut actuators of the file that the district does not name [m3]."""
        crept = dict.fromkeys(result.levels_m3, 0.0)
        for mate in self._strangers:
            for tank in {mate.source, mate.sink} & crept.keys():
                crept[tank] += abs(result.volume_m3[mate.link])
        return crept

    def _run_s(self, result: StepResult) -> dict[str, int]:
        return {element: result.ran_s.get(actuator, 0) for element, (actuator, _) in self.links.items()}
