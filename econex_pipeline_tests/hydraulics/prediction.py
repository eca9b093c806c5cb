"""Energy predicted from probes against energy simulated, over random days of the pilot, by device and hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from econex_pipeline.district import District
from econex_pipeline.hydraulics import (
    Device,
    WaterNetwork,
    coefficients_at,
    devices_of,
    operate,
    pump_segments,
    speed_for,
    turbine_segments,
)

SUBSTEP_S = 300
LEAST_M3_H = 0.02  # an hour's mean flow below which nothing is run
MARGIN_FRAC = 0.1  # of a tank's volume that stays free at both ends
LEAST_SHARE = 0.25  # of the rated flow, for flows that are held
Errors = dict[str, list[float]]
"""Absolute relative errors of predicted energy, by what predicted it."""


class Volumes:
    """Plain bookkeeping of tanks, so that no hour runs one dry or over."""

    def __init__(self, network: WaterNetwork, levels_m3: Mapping[str, float]) -> None:
        self.network, self.levels = network, dict(levels_m3)

    def room(self, actuator: str) -> float:
        """What an actuator can move in this hour [m3]."""
        ends, capacity = self.network.actuators[actuator], {n: t.capacity_m3 for n, t in self.network.tanks.items()}
        limits = [self.levels[n] - MARGIN_FRAC * capacity[n] for n in ends.sources if n in capacity]
        limits += [(1.0 - MARGIN_FRAC) * capacity[n] - self.levels[n] for n in ends.sinks if n in capacity]
        return max(0.0, min(limits))

    def move(self, actuator: str, volume_m3: float) -> None:
        """Move water on paper."""
        ends = self.network.actuators[actuator]
        for names, sign in ((ends.sources, -1.0), (ends.sinks, 1.0)):
            for name in names & self.levels.keys():
                self.levels[name] += sign * volume_m3


def draw(network: WaterNetwork, levels_m3: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Draw demand that brings tanks back towards the middle [m3/h], by tank."""
    demands = {}
    for name, tank in network.tanks.items():
        above = levels_m3[name] / tank.capacity_m3 - 0.5
        demands[name] = float(np.clip(above + rng.uniform(-0.1, 0.1), -0.15, 0.15)) * tank.capacity_m3
    return demands


def middle(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Give the levels expected half-way [m3]."""
    return {name: 0.5 * (before[name] + after[name]) for name in before}


def duty_day(district: District, network: WaterNetwork, rng: np.random.Generator) -> Errors:
    """Run fixed-speed pumps for a part of each hour; k is probed at the start and where the middle is expected."""
    devices = devices_of(district)
    levels, errors = _half(network), defaultdict(list)
    static = coefficients_at(district, network, levels)
    for _ in range(24):
        known = coefficients_at(district, network, levels)
        books, run_s = Volumes(network, levels), {}
        demands = draw(network, levels, rng)
        for name in rng.permutation(sorted(devices)).tolist():
            rated = known[name, "rated_flow_m3_h"]
            volume = min(rated * float(rng.choice([0.0, rng.random(), 1.0])), books.room(devices[name].actuator))
            if volume > LEAST_M3_H:
                run_s[devices[name].actuator] = round(3600 * volume / rated)
                books.move(devices[name].actuator, volume)
        expected = {name: books.levels[name] - demands[name] for name in levels}
        half_way = coefficients_at(district, network, middle(levels, _inside(network, expected)))
        result = network.run_step(levels, run_s, {network.boundary[n]: q for n, q in demands.items()})
        for name, device in devices.items():
            simulated = result.pump_energy_kwh.get(device.actuator, 0.0)
            if device.kind == "pumped" and result.ran_s[device.actuator]:
                duty_h = result.ran_s[device.actuator] / 3600
                for label, at in (("static k", static), ("k at the start", known), ("k at mid-step", half_way)):
                    predicted = at[name, "energy_kwh_m3"] * at[name, "rated_flow_m3_h"] * duty_h
                    errors[f"duty cycle, {label}"].append(abs(predicted / simulated - 1.0))
        levels = result.levels_m3
    return errors


def held_day(
    district: District, network: WaterNetwork, rng: np.random.Generator, counts: tuple[int, ...] = (2, 4, 8)
) -> Errors:
    """Hold flows for whole hours: pumps by their speed, sub-step by sub-step, the inlet's turbine by its valve."""
    devices = {name: device for name, device in devices_of(district).items() if device.quantity is not None}
    levels, errors = _half(network), defaultdict(list)
    for _ in range(24):
        books, flows = Volumes(network, levels), {}
        demands = draw(network, levels, rng)
        for name in rng.permutation(sorted(devices)).tolist():
            device = devices[name]
            rated, _ = operate(network, device, levels)
            if rng.random() < 0.5:
                flow = rated * float(rng.uniform(LEAST_SHARE, 0.98))
                if device.kind == "pumped":
                    flow = max(flow, 1.05 * operate(network, device, levels, 0.3)[0])
                if flow < min(books.room(device.actuator), 0.98 * rated):
                    flows[name] = flow
                    books.move(device.actuator, flow)
        expected = {name: books.levels[name] - demands[name] for name in levels}
        half_way = middle(levels, _inside(network, expected))
        simulated, levels = _hold(network, {devices[n]: q for n, q in flows.items()}, levels, demands)
        for name, flow in flows.items():
            device, truth = devices[name], simulated[name]
            if device.kind == "pumped":
                for count in counts:
                    predicted = pump_segments(network, device, half_way, count).power_at(flow)
                    errors[f"variable speed, {count} segments"].append(abs(predicted / truth - 1.0))
                power = operate(network, device, half_way)
                errors["variable speed, k at nominal speed"].append(abs(power[1] / power[0] * flow / truth - 1.0))
            else:
                kind = "PRS" if device.kind == "mains" else "PHS turbine"
                predicted = turbine_segments(network, device, half_way, 3).power_at(flow)
                errors[f"{kind}, 3 chords"].append(abs(predicted / truth - 1.0))
                power = operate(network, device, half_way)
                errors[f"{kind}, static at rated flow"].append(abs(power[1] / power[0] * flow / truth - 1.0))
    return errors


def _hold(
    network: WaterNetwork, flows: Mapping[Device, float], levels: Mapping[str, float], demands: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Simulate an hour of held flows; energy by element [kWh], volumes at the end [m3]."""
    energy: dict[str, float] = defaultdict(float)
    taken = {network.boundary[name]: flow for name, flow in demands.items()}
    speeds: dict[Device, float] = {}
    volumes = dict(levels)
    for _ in range(3600 // SUBSTEP_S):
        for device, flow in flows.items():
            held = flow if device.kind != "pumped" else speed_for(
                network, device, volumes, flow, near=speeds.get(device)
            )  # fmt: skip
            speeds[device] = held
        settings = {device.actuator: held for device, held in speeds.items()}
        result = network.run_step(volumes, dict.fromkeys(settings, SUBSTEP_S), taken, SUBSTEP_S, settings)
        volumes = result.levels_m3
        for device in flows:
            if device.kind == "pumped":
                energy[device.element] += result.pump_energy_kwh[device.actuator]
            else:
                energy[device.element] += result.head_energy_kwh[str(device.turbine)] * device.efficiency_frac
    return energy, volumes


def predicted_days(
    district: District, network: WaterNetwork, days: int, seed: int = 0
) -> Iterator[tuple[str, float, int]]:
    """Give label, mean absolute relative error and number of device-hours over random days."""
    errors: Errors = defaultdict(list)
    for child in np.random.SeedSequence(seed).spawn(days):
        rng = np.random.default_rng(child)
        for found in (duty_day(district, network, rng), held_day(district, network, rng)):
            for label, values in found.items():
                errors[label] += values
    for label, values in errors.items():
        yield label, float(np.mean(values)), len(values)


def _half(network: WaterNetwork) -> dict[str, float]:
    return {name: tank.capacity_m3 / 2 for name, tank in network.tanks.items()}


def _inside(network: WaterNetwork, volumes: Mapping[str, float]) -> dict[str, float]:
    return {name: min(max(volume, 0.0), network.tanks[name].capacity_m3) for name, volume in volumes.items()}
