"""The plant as the brain draws it: what is decided happens, exactly as the coefficients say.

A solved program already says what each step comes to. Here that is put into the twin's own words, a state and a
measurement, so that money, balances and tables of a linear plant come from the same code as those of the real one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econex_pipeline.contracts import InputError
from econex_pipeline.district import District
from econex_pipeline.planning import Solved
from econex_pipeline.twin import Exogenous, Measurement, TwinState


def happened(
    district: District, solved: Solved, step: int, state: TwinState, inputs: Exogenous
) -> tuple[TwinState, Measurement]:
    """Let a step of a solved program happen.

    Parameters
    ----------
    district : District
        What stands there.
    solved : Solved
        The program.
    step : int
        Which of its steps.
    state : TwinState
        At the start of the step; membranes stay as they are.
    inputs : Exogenous
        What the program was told of the step.

    Returns
    -------
    TwinState
        At the end of the step.
    Measurement
        Every term of the balances, as the coefficients say.

    Raises
    ------
    InputError
        If a device has a curve: its energy is in pieces, which this plant does not follow.
    """
    network = solved.network
    if network.chorded:
        raise InputError("district", "energy_chords", network.chorded[0].arc, "one energy per m3 on a linear plant")
    flow = dict(zip((arc.name for arc in network.arcs), solved.flow[:, step].tolist(), strict=True))
    limit = dict(zip((arc.name for arc in network.arcs), solved.capacity[:, step].tolist(), strict=True))
    recovered = {recovery.power: recovery.element for recovery in network.recoveries}
    powers = {a.name: flow[a.name] for a in network.arcs if a.layer == "E" and a.name not in recovered}
    for arc in network.arcs:
        if arc.kind == "pv":
            powers[arc.name.replace("pv.", "curtail.", 1)] = limit[arc.name] - flow[arc.name]
    energy = {name: (float(rate[step]), flow[name]) for name, (_, rate) in solved.energy.items()}
    generated = {element: flow[power] for power, element in recovered.items()}
    generated |= {name: rate * moved for name, (rate, moved) in energy.items() if name in _turbines(district)}
    consumed = {name: -rate * moved for name, (rate, moved) in energy.items() if name not in generated}
    products = {name: _gain(solved, name, step) * flow[name] for name in district.treatments}
    amounts = dict(zip((s.name for s in network.storages), solved.stored[:, step + 1].tolist(), strict=True))
    end = _after(district, state, amounts)
    return end, Measurement(
        time_utc=state.time_utc,
        step_h=network.step_h,
        flows_m3_h={"mains_export": 0.0} | {a.name: flow[a.name] for a in network.arcs if a.layer != "E"},
        powers_kw=powers,
        consumed_kw=consumed,
        generated_kw=generated,
        product_m3_h=products,
        reject_m3_h={name: flow[name] - product for name, product in products.items()},
        battery_loss_kw=_battery_losses(solved, flow, state.amounts()),
        inputs={node: inputs.nodes[node] for node in district.nodes},
        start_amounts=state.amounts(),
        end_amounts=end.amounts(),
        backflow_m3_h={"mains_import": 0.0},
        water_step_error_m3={},
        water_step_error_bound_m3={},
        run_s={},
    )


def _turbines(district: District) -> set[str]:
    return {name for name, arc in district.arcs.items() if arc.kind == "turbined"}


def _gain(solved: Solved, name: str, step: int) -> float:
    varying = solved.gain.get(name)
    return float(solved.network.arc[name].gain) if varying is None else float(varying[step])  # type: ignore[arg-type]


def _battery_losses(solved: Solved, flow: Mapping[str, float], amounts: Mapping[str, float]) -> dict[str, float]:
    """Heat is what does not arrive in charging, what is drawn beyond what is given, and the standing loss  [kW]."""
    arc = solved.network.arc
    return {
        storage.name: flow[f"{storage.name}.charge"] * (1.0 - float(arc[f"{storage.name}.charge"].gain))  # type: ignore[arg-type]
        + flow[f"{storage.name}.discharge"] * (arc[f"{storage.name}.discharge"].draw - 1.0)
        + storage.standing_loss_frac_h * amounts[storage.name]
        for storage in solved.network.storages
        if storage.layer == "E"
    }


def _after(district: District, state: TwinState, amounts: Mapping[str, float]) -> TwinState:
    # a simplex vertex may overshoot a bound by the feasibility tolerance
    kept = {name: float(np.clip(amount, 0.0, district.storages[name].capacity)) for name, amount in amounts.items()}
    return TwinState(
        time_utc=state.time_utc + pd.Timedelta(hours=district.step_h),
        volumes_m3={name: kept[name] for name in district.tanks},
        batteries_kwh={name: kept[name] for name in district.batteries},
        membranes=dict(state.membranes),
    )
