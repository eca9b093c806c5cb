"""From an EPANET input file to a dataset, its companion tape and its run options, in SI units.

EPANET judges the file; WNTR reads it and converts units. What a dataset has no place for is refused (emitters) or, on
request, left out (controls and rules); water quality, prices and drawing are none of hydraulics and are not read.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import wntr

from econex_pipeline.contracts.errors import EconexError, InputError
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.judging import refuse_what_epanet_refuses
from econex_pipeline.hydraulics.dataset.links import SETTINGS, Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Reservoir, Tank
from econex_pipeline.hydraulics.dataset.options import DataOptions, RunOptions, SolverOptions
from econex_pipeline.hydraulics.dataset.tape import Series, Tape

ABSOLUTE_VISCOSITY = 1e-3  # EPANET takes a smaller number for a viscosity, a larger one for a multiple of water's
WATER_VISCOSITY_FT2_S = 1.1e-5  # EPANET's own, at 20 degrees C
US_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD")
MAX_PERIODS = 10_000
Controls = Literal["refuse", "strip"]


@dataclass(frozen=True)
class Imported:
    """What an EPANET input file holds.

    Attributes
    ----------
    dataset : Dataset
        Entities and data options; references are the file's names.
    tape : Tape
        The file's patterns, and who follows them.
    options : RunOptions
        The file's solver options and hydraulic time step.
    stripped : int
        Controls and rules left out on request.
    """

    dataset: Dataset
    tape: Tape
    options: RunOptions
    stripped: int = 0


def read_inp(path: Path, controls: Controls = "refuse") -> Imported:
    """Read an EPANET input file.

    Parameters
    ----------
    path : Path
        The file, in any of EPANET's units.
    controls : {"refuse", "strip"}, optional
        What to do with [CONTROLS] and [RULES], which have no place in a dataset.

    Raises
    ------
    InputError
        If the file is missing or cannot be read, holds emitters, or holds controls or rules that are not to be
        stripped, or describes what a dataset refuses.
    """
    path = Path(path)
    if controls not in ("refuse", "strip"):
        raise InputError("read_inp", "controls", controls, "'refuse' or 'strip'")
    if not path.is_file():
        raise InputError.saying(path, "network file", "there is no such file; expected an EPANET input file")
    refuse_what_epanet_refuses(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = wntr.network.WaterNetworkModel(str(path))
    except EconexError:
        raise
    except Exception as error:  # the reader lets through whatever its own code stumbles over
        cause = error.__cause__ or error
        raise InputError.saying(path, "network file", f"cannot be read: {type(cause).__name__}: {cause}") from None
    count = len(model.control_name_list)
    if count and controls == "refuse":
        raise InputError.saying(
            path,
            "[CONTROLS] and [RULES]",
            f"{count} found; a dataset has no place for them: remove them, or have them stripped (controls='strip')",
        )
    try:
        return _Reader(path, model).read(count)
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
        raise InputError.saying(path, "network file", f"cannot be read: {type(error).__name__}: {error}") from None


class _Reader:
    """Turns one WNTR model into a dataset; collects series on the way."""

    def __init__(self, path: Path, model: Any) -> None:
        self.path, self.model = path, model
        names = [*model.node_name_list]
        self.node_ids = {name: number for number, name in enumerate(names, start=1)}
        self.link_ids = {name: number for number, name in enumerate(model.link_name_list, start=len(names) + 1)}
        self.patterns = {
            name: tuple(map(float, model.get_pattern(name).multipliers)) for name in model.pattern_name_list
        }
        self.default = model.options.hydraulic.pattern if model.options.hydraulic.pattern in self.patterns else None
        self.series: list[Series] = []

    def read(self, stripped: int) -> Imported:
        """Read everything."""
        model = self.model
        entities: list[Entity] = [self._junction(name, item) for name, item in model.junctions()]
        entities += [self._tank(name, item) for name, item in model.tanks()]
        entities += [self._reservoir(name, item) for name, item in model.reservoirs()]
        entities += [self._pipe(name, item) for name, item in model.pipes()]
        entities += [self._pump(name, item) for name, item in model.pumps()]
        entities += [self._valve(name, item) for name, item in model.valves()]
        time = model.options.time
        used = {item.pattern for item in self.series}
        patterns = {name: values for name, values in self.patterns.items() if name in used}
        return Imported(
            Dataset(self.path.stem, tuple(entities), self._data_options()),
            Tape(patterns, tuple(self.series), int(time.pattern_timestep), int(time.pattern_start)),
            RunOptions(hydraulic_timestep=float(int(time.hydraulic_timestep)), solver=self._solver_options()),
            stripped,
        )

    def _at(self, name: str, item: Any) -> dict[str, Any]:
        x, y = item.coordinates or (0.0, 0.0)
        return {"id": self.node_ids[name], "reference": name, "x": x, "y": y}

    def _between(self, name: str, item: Any) -> dict[str, Any]:
        ends = self.node_ids[item.start_node_name], self.node_ids[item.end_node_name]
        return {"id": self.link_ids[name], "reference": name, "from_node_id": ends[0], "to_node_id": ends[1]}

    def _junction(self, name: str, item: Any) -> Junction:
        if item.emitter_coefficient:
            raise InputError.saying(self.path, f"[EMITTERS] {name}", "a dataset has no place for emitters: remove it")
        demands = [(float(d.base_value), d.pattern_name or self.default) for d in item.demand_timeseries_list]
        demands = [(base, pattern) for base, pattern in demands if base != 0.0]
        base = sum(base for base, _ in demands)
        pattern: str | None
        if len({pattern for _, pattern in demands}) > 1:
            base, pattern = self._mixed(name, demands)
        else:
            pattern = demands[0][1] if demands else None
        if pattern is not None:
            self.series.append(Series(Junction.GROUP, self.node_ids[name], pattern))
        return Junction(**self._at(name, item), elevation=item.elevation, base_demand=base)

    def _mixed(self, name: str, demands: Sequence[tuple[float, str | None]]) -> tuple[float, str]:
        """Make one demand with a pattern of its own out of several categories."""
        rows = [(base, self.patterns[pattern] if pattern else (1.0,)) for base, pattern in demands]
        periods = math.lcm(*(len(values) for _, values in rows))
        if periods > MAX_PERIODS:
            raise InputError(self.path, f"[DEMANDS] {name}", f"{periods} periods together", f"at most {MAX_PERIODS}")
        base = sum(base for base, _ in rows) or rows[0][0]
        own = f"demand_{name}"[:31]
        while own in self.patterns:
            own = f"_{own}"[:31]
        self.patterns[own] = tuple(
            sum(share * values[period % len(values)] for share, values in rows) / base for period in range(periods)
        )
        return base, own

    def _tank(self, name: str, item: Any) -> Tank:
        curve = item.vol_curve
        return Tank(
            **self._at(name, item),
            elevation=item.elevation,
            level=item.init_level,
            min_level=item.min_level,
            max_level=item.max_level,
            diameter=item.diameter or None,
            volume_curve=None if curve is None else tuple(curve.points),
            overflow=bool(item.overflow),
        )

    def _reservoir(self, name: str, item: Any) -> Reservoir:
        series = item.head_timeseries
        if series.pattern_name:
            self.series.append(Series(Reservoir.GROUP, self.node_ids[name], series.pattern_name))
        return Reservoir(**self._at(name, item), base_head=float(series.base_value))

    def _pipe(self, name: str, item: Any) -> Pipe:
        ends = item.start_node.coordinates, item.end_node.coordinates
        line = (ends[0], *item.vertices, ends[1]) if item.vertices and all(ends) else None
        return Pipe(
            **self._between(name, item),
            diameter=item.diameter,
            roughness=item.roughness,
            length=item.length,
            linestring_2d=line,
            minor_loss=item.minor_loss,
            check_valve=bool(item.check_valve),
            status=item.initial_status.name != "Closed",
        )

    def _pump(self, name: str, item: Any) -> Pump:
        series, curve = item.speed_timeseries, item.efficiency_curve
        is_power = item.pump_type == "POWER"
        status, speed = item.initial_status.name != "Closed", float(series.base_value)
        if item.initial_setting is not None and item.initial_setting != 1.0:
            speed = float(item.initial_setting)
        if series.pattern_name and not is_power:
            self.series.append(Series(Pump.GROUP, self.link_ids[name], series.pattern_name))
        return Pump(
            **self._between(name, item),
            type="power" if is_power else "head",
            power=float(item.power) if is_power else None,
            head_curve=None if is_power else tuple(item.get_pump_curve().points),
            speed=1.0 if is_power else speed,
            efficiency_curve=None if curve is None else tuple((x, y / 100.0) for x, y in curve.points),
            status=status,
        )

    def _valve(self, name: str, item: Any) -> Valve:
        kind = item.valve_type
        value = tuple(item.headloss_curve.points) if kind == "GPV" else float(item.initial_setting)
        settings: dict[str, Any] = {SETTINGS[kind]: value}
        status = {"Open": "open", "Closed": "closed"}.get(item.initial_status.name, "active")
        return Valve(
            **self._between(name, item),
            type=kind,
            diameter=item.diameter,
            minor_loss=item.minor_loss,
            status="active" if kind == "GPV" and status == "open" else status,
            **settings,
        )

    def _data_options(self) -> DataOptions:
        hydraulic, energy = self.model.options.hydraulic, self.model.options.energy
        viscosity = float(hydraulic.viscosity)
        if viscosity < ABSOLUTE_VISCOSITY:
            foot = 1.0 if hydraulic.inpfile_units in US_UNITS else 0.3048
            viscosity /= WATER_VISCOSITY_FT2_S * foot**2
        is_pda = hydraulic.demand_model in ("PDA", "PDD")
        pressures = {"minimum_pressure": hydraulic.minimum_pressure, "required_pressure": hydraulic.required_pressure}
        return DataOptions(
            headloss=hydraulic.headloss,
            viscosity=viscosity,
            specific_gravity=hydraulic.specific_gravity,
            demand_model="PDA" if is_pda else "DDA",
            demand_multiplier=hydraulic.demand_multiplier,
            pressure_exponent=hydraulic.pressure_exponent,
            pump_efficiency=0.75 if energy.global_efficiency is None else energy.global_efficiency / 100.0,
            **(pressures if is_pda else {}),
        )

    def _solver_options(self) -> SolverOptions:
        hydraulic = self.model.options.hydraulic
        us = hydraulic.inpfile_units in US_UNITS
        return SolverOptions(
            trials=hydraulic.trials,
            accuracy=hydraulic.accuracy,
            headerror=hydraulic.headerror * (0.3048 if us else 1.0),
            flowchange=wntr.epanet.util.to_si(
                wntr.epanet.util.FlowUnits[hydraulic.inpfile_units],
                hydraulic.flowchange,
                wntr.epanet.util.HydParam.Flow,
            ),
            damplimit=hydraulic.damplimit,
            checkfreq=hydraulic.checkfreq,
            maxcheck=hydraulic.maxcheck,
            unbalanced=hydraulic.unbalanced,
            unbalanced_value=hydraulic.unbalanced_value,
        )
