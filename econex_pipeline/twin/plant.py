"""The twin: one step of the whole district, as a pure function of state, decision and what the world does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from econex_pipeline.contracts import InputError, nearest
from econex_pipeline.district import District
from econex_pipeline.hydraulics import HydraulicsError
from econex_pipeline.treatment import MembraneState, TreatmentResult
from econex_pipeline.twin.balances import device_nodes
from econex_pipeline.twin.building import build_membranes, build_micro_grid, build_network, wear
from econex_pipeline.twin.clips import clips_of
from econex_pipeline.twin.events import HYDRAULIC_FAILURE, Events
from econex_pipeline.twin.exchange import Decision, Exogenous, Measurement, NodeInputs
from econex_pipeline.twin.meter import LEAST_SURPLUS_KW, surplus
from econex_pipeline.twin.mismatch import Mismatch, draw_mismatch
from econex_pipeline.twin.power import PowerOutcome
from econex_pipeline.twin.sensing import Observation, observe
from econex_pipeline.twin.state import TwinState
from econex_pipeline.twin.water import NO_ANSWER, WaterOutcome, WaterWorks

NO_POWER = "there is no power for it"


@dataclass(frozen=True)
class _Ran:
    """What a step came to: water, its devices' powers by element [kW], treatments, the micro-grid."""

    water: WaterOutcome
    treated: dict[str, tuple[MembraneState, TreatmentResult]]
    consumed_kw: dict[str, float]
    generated_kw: dict[str, float]
    power: PowerOutcome
    engine_failed: bool

    @property
    def is_short(self) -> bool:
        """Whether some use of electricity was not served."""
        return any(power > 0.0 for name, power in self.power.powers_kw.items() if name.startswith("unserved."))


class Twin:
    """The reality of a district.

    Parameters
    ----------
    district : District
        What stands there.
    mismatch : bool
        True draws the hidden differences of the real plant from its drawing: pipes, pumps, turbines, demand, membrane,
        the battery's power-dependent and standing losses, sensor noise. False makes plant and drawing agree.
    """

    def __init__(self, district: District, mismatch: bool = True) -> None:
        self.district = district
        self.hidden = draw_mismatch(district) if mismatch else Mismatch()
        self.noise_frac = district.twin.measurement_noise_frac if mismatch else 0.0
        self.water = WaterWorks(district, build_network(district, self.hidden))
        self.membranes = build_membranes(district, self.hidden)
        self.grid = build_micro_grid(district, mismatch)
        self.events = Events(district)
        self._worn: Mapping[str, float] = {}
        self._step = pd.Timedelta(hours=district.step_h)
        self._places = device_nodes(district)
        pumped = (name for name, arc in district.arcs.items() if arc.kind == "pumped")
        self._machines = (*pumped, *district.treatments)
        self._no_device = _no_device(district)

    def initial_state(self, time_utc: pd.Timestamp, amounts: Mapping[str, float] | None = None) -> TwinState:
        """Give the state at the district's start levels, with clean membranes.

        Parameters
        ----------
        time_utc : pandas.Timestamp
            The instant.
        amounts : mapping of str to float, optional
            Stored amounts that replace the district's, by storage [m3 or kWh].

        Raises
        ------
        InputError
            If an amount names no storage or lies outside its limits.
        """
        start = {name: storage.start for name, storage in self.district.storages.items()}
        for name, amount in (amounts or {}).items():
            if name not in start:
                raise InputError("start amounts", name, amount, f"a storage of the district{nearest(name, start)}")
            capacity = self.district.storages[name].capacity
            if not 0.0 <= amount <= capacity:
                raise InputError("start amounts", name, amount, f"an amount from 0 to {capacity:g}")
            start[name] = float(amount)
        return TwinState(
            time_utc=time_utc,
            volumes_m3={name: start[name] for name in self.district.tanks},
            batteries_kwh={name: start[name] for name in self.district.batteries},
            membranes={name: MembraneState() for name in self.district.treatments},
        )

    def observe(self, state: TwinState) -> Observation:
        """Read the sensors."""
        return observe(state, self.district, self.events, self.noise_frac)

    def step(self, state: TwinState, decision: Decision, exogenous: Exogenous) -> tuple[TwinState, Measurement]:
        """Run one step of the district.

        Parameters
        ----------
        state : TwinState
            At the start of the step.
        decision : Decision
            What is asked.
        exogenous : Exogenous
            What the world does.

        Returns
        -------
        TwinState
            At the end of the step.
        Measurement
            What was delivered, and every term of the balances.

        Raises
        ------
        InputError
            If the state and the inputs are of different times.
        HydraulicsError
            If the hydraulic engine finds no answer, with all actuators shut neither.

        Notes
        -----
        The district's events of the step are under way. Where the grid is out and power is short, pumps and treatments
        stop before any demand goes unserved.
        """
        if state.time_utc != exogenous.time_utc:
            raise InputError("PROFILES", "time_utc", str(exogenous.time_utc), f"the state's time, {state.time_utc}")
        step_h = self.district.step_h
        real = self.events.on(self.hidden.on(exogenous))
        ran, reasons = self._run(state, decision, real), {}
        if real.grid_available and (answered := self._answered(decision, ran)) is not decision:
            again = self._run(state, answered, real)
            ran = ran if again.engine_failed else again
        if ran.is_short and not real.grid_available:
            ran = self._run(state, decision.without(self._machines), real)
            reasons = dict.fromkeys(self._machines, NO_POWER)
        water, treated, power = ran.water, ran.treated, ran.power
        end = TwinState(
            time_utc=state.time_utc + self._step,
            volumes_m3={name: water.result.levels_m3[tank] for name, tank in self.water.tanks.items()},
            batteries_kwh={name: outcome.end_kwh for name, outcome in power.batteries.items()},
            membranes={name: membrane for name, (membrane, _) in treated.items()},
        )
        stated = _by_storage(self.water, water.result.step_error_bound_m3)
        crept = _by_storage(self.water, self.water.unmetered_m3(water.result))
        return end, Measurement(
            time_utc=state.time_utc,
            step_h=step_h,
            flows_m3_h=water.flows_m3_h,
            powers_kw=self._of_devices(power.powers_kw),
            consumed_kw=ran.consumed_kw,
            generated_kw=ran.generated_kw,
            product_m3_h={name: result.product_m3 / step_h for name, (_, result) in treated.items()},
            reject_m3_h={name: result.reject_m3 / step_h for name, (_, result) in treated.items()},
            battery_loss_kw={name: outcome.loss_kw for name, outcome in power.batteries.items()},
            inputs=self._inputs(real),
            start_amounts=state.amounts(),
            end_amounts=end.amounts(),
            backflow_m3_h=self.water.backflow_m3_h(water.result),
            water_step_error_m3=_by_storage(self.water, water.result.step_error_m3),
            water_step_error_bound_m3={name: stated[name] + crept[name] for name in stated},
            run_s=water.run_s,
            clips=clips_of(decision, water, power.powers_kw, step_h, water.reasons | reasons),
            warnings=tuple(water.result.warnings),
            events=self.events.labels(state.time_utc) + ((HYDRAULIC_FAILURE,) if ran.engine_failed else ()),
        )

    def _run(self, state: TwinState, decision: Decision, real: Exogenous) -> _Ran:
        """Run water, treatment and power. Water moves first: what it uses and gives is what the micro-grid balances."""
        water, failed = self._run_water(state, decision, real)
        treated = self._treat(state, real, {name: water.flows_m3_h[name] for name in self.membranes})
        consumed, generated = self._device_powers(water, {name: result for name, (_, result) in treated.items()})
        inputs = self._inputs(real)
        power = self.grid.step(
            {node: values.pv_kw for node, values in inputs.items()},
            {node: values.load_kw for node, values in inputs.items()},
            self._by_node(consumed),
            self._by_node(generated),
            decision.powers_kw,
            state.batteries_kwh,
            self.district.step_h,
            real.grid_available,
            decision.bands_kw,
        )
        return _Ran(water, treated, consumed, generated, power, failed)

    def _answered(self, decision: Decision, ran: _Ran) -> Decision:
        """Let pumps answer the meter, each as far as it may: a surplus is lifted, for a shortage less is."""
        left_kw = surplus(decision, ran.power.powers_kw)
        if abs(left_kw) < LEAST_SURPLUS_KW:
            return decision
        flows_m3_h = {}
        for pump, lift in decision.lifts.items():
            asked_m3_h = decision.flows_m3_h.get(pump, 0.0)
            aim_m3_h = min(max(asked_m3_h + left_kw / lift.kwh_m3, lift.least_m3_h), lift.most_m3_h)
            if aim_m3_h != asked_m3_h:
                flows_m3_h[pump] = aim_m3_h
                left_kw -= (aim_m3_h - asked_m3_h) * lift.kwh_m3
        return decision.with_flows(**flows_m3_h) if flows_m3_h else decision

    def _run_water(self, state: TwinState, decision: Decision, real: Exogenous) -> tuple[WaterOutcome, bool]:
        """Run the water; where the engine finds no answer, again with all actuators shut. Says whether that was so.

        Where it finds none even then, tanks are followed without it: the plant is never left without an answer.
        """
        faults = self.events.faults(state.time_utc)
        if faults.pump_efficiency != self._worn:
            wear(self.water.network, self.district, self.hidden, faults.pump_efficiency)
            self._worn = faults.pump_efficiency
        offered = self._treat(state, real, {name: decision.flows_m3_h.get(name, 0.0) for name in self.membranes})
        feeds_m3_h = {name: result.feed_m3 / self.district.step_h for name, (_, result) in offered.items()}
        recoveries = {n: r.product_m3 / r.feed_m3 if r.feed_m3 else 0.0 for n, (_, r) in offered.items()}
        try:
            return self.water.step(state.volumes_m3, decision, real, feeds_m3_h, recoveries, faults), False
        except HydraulicsError:
            still = decision.without(self.water.links)
            given = state.volumes_m3, still, real, feeds_m3_h, recoveries, faults
            try:
                water = self.water.step(*given)
            except HydraulicsError:
                water = self.water.step(*given, engine=False)
            stopped = dict.fromkeys(self.water.links, NO_ANSWER)
            return replace(water, reasons=water.reasons | stopped), True

    def _inputs(self, real: Exogenous) -> dict[str, NodeInputs]:
        return {node: real.nodes.get(node, NodeInputs()) for node in self.district.nodes}

    def _treat(
        self, state: TwinState, real: Exogenous, feeds_m3_h: Mapping[str, float]
    ) -> dict[str, tuple[MembraneState, TreatmentResult]]:
        return {
            name: membrane.operate(
                state.membranes[name],
                max(0.0, feeds_m3_h[name]) * self.district.step_h,
                real.turbidity_ntu,
                real.water_temperature_c,
                self.district.step_h,
            )
            for name, membrane in self.membranes.items()
        }

    def _device_powers(
        self, water: WaterOutcome, treated: Mapping[str, TreatmentResult]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Give the mean power of pumps and treatments, and of turbines, by element [kW]."""
        step_h, district = self.district.step_h, self.district
        consumed = {name: result.energy_kwh / step_h for name, result in treated.items()}
        generated = {}
        for name, arc in district.arcs.items():
            if arc.kind == "pumped":
                consumed[name] = water.result.pump_energy_kwh[str(arc.actuator)] / step_h
            elif arc.kind == "turbined":
                efficiency = float(arc.turbine_efficiency_frac or 0.0) * self.hidden.turbine_efficiency.get(name, 1.0)
                generated[name] = efficiency * water.result.head_energy_kwh[str(arc.actuator)] / step_h
        mains = district.utilities.mains
        if mains is not None and mains.turbine is not None:
            efficiency = float(mains.turbine_efficiency_frac or 0.0) * self.hidden.turbine_efficiency.get("mains", 1.0)
            generated["mains"] = efficiency * water.result.head_energy_kwh[mains.turbine] / step_h
        return consumed, generated

    def _of_devices(self, powers_kw: Mapping[str, float]) -> dict[str, float]:
        """Leave out zeros of what a node has no device for."""
        return {name: power for name, power in powers_kw.items() if power != 0.0 or name not in self._no_device}

    def _by_node(self, powers_kw: Mapping[str, float]) -> dict[str, float]:
        sums: dict[str, float] = defaultdict(float)
        for element, power in powers_kw.items():
            sums[self._places[element]] += power
        return dict(sums)


def _no_device(district: District) -> set[str]:
    """Name the powers that a node has no device for; dumping has none anywhere."""
    nodes = district.nodes
    without = {f"{kind}.{name}" for name, node in nodes.items() for kind in ("pv", "curtail") if node.pv is None}
    without |= {f"unserved.{name}.E" for name, node in nodes.items() if node.electricity is None}
    return without | {f"dump.{name}" for name in nodes}


def _by_storage(works: WaterWorks, by_tank: Mapping[str, float]) -> dict[str, float]:
    return {name: by_tank[tank] for name, tank in works.tanks.items()}
