"""From a dataset to an EPANET input file in CMH, each number with all its digits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from econex_pipeline.hydraulics.dataset.attributes import Curve
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.entity import Entity
from econex_pipeline.hydraulics.dataset.links import Link, Pipe, Pump, Valve
from econex_pipeline.hydraulics.dataset.nodes import Junction, Reservoir, Tank
from econex_pipeline.hydraulics.dataset.options import RunOptions
from econex_pipeline.hydraulics.dataset.tape import Tape

S_PER_H = 3600.0
MM_PER_M = 1000.0
LONGEST_NAME = 31  # of an id in EPANET
FLAT = "flat"
PER_LINE = 6


def write_inp(dataset: Dataset, path: Path, tape: Tape | None = None, options: RunOptions | None = None) -> None:
    """Write a dataset as an EPANET input file.

    Parameters
    ----------
    dataset : Dataset
        A complete dataset. Nodes and links are named by their references where all have one that EPANET takes for a
        name, else by their ids.
    path : Path
        File to write.
    tape : Tape, optional
        Becomes [PATTERNS].
    options : RunOptions, optional
        Become [OPTIONS] and [TIMES].

    Raises
    ------
    NotReady
        If the dataset is not complete.
    """
    dataset.require_complete()
    Path(path).write_text(inp_text(dataset, tape or Tape(), options or RunOptions()), "utf-8")


@dataclass
class Naming:
    """Names of nodes and links in a file."""

    nodes: dict[int, str]
    links: dict[int, str]

    @classmethod
    def by_id(cls, dataset: Dataset) -> Naming:
        """Name everything by its id."""
        return cls({e.id: str(e.id) for e in dataset.nodes}, {e.id: str(e.id) for e in dataset.links})

    @classmethod
    def by_reference(cls, dataset: Dataset) -> Naming:
        """Name nodes and links by their references, or by their ids where a reference will not do."""
        return cls(_names(dataset.nodes), _names(dataset.links))


def _names(entities: Sequence[Entity]) -> dict[int, str]:
    references = {entity.id: entity.reference or "" for entity in entities}
    fit = all(0 < len(r.encode()) <= LONGEST_NAME and not set(r) & set(' \t";[') for r in references.values())
    return references if fit else {entity.id: str(entity.id) for entity in entities}


def inp_text(
    dataset: Dataset,
    tape: Tape,
    options: RunOptions,
    naming: Naming | None = None,
    cmh_per_m3_s: float = S_PER_H,
    for_engine: bool = False,
) -> str:
    """Give the text of an EPANET input file.

    Parameters
    ----------
    dataset, tape, options
        As of `write_inp`.
    naming : Naming, optional
        Names to use; by reference where not given.
    cmh_per_m3_s : float, optional
        Factor on flows; an engine that knows EPANET's rounding of the cubic metre gives its own.
    for_engine : bool, optional
        Give each junction and reservoir a pattern of its own with its present factor, to be moved by an engine, which
        judges convergence itself.
    """
    return _Writer(dataset, tape, options, naming or Naming.by_reference(dataset), cmh_per_m3_s, for_engine).text()


def own_pattern(entity_id: int) -> str:
    """Name of the pattern that is an entity's own."""
    return f"f{entity_id}"


@dataclass
class _Writer:
    dataset: Dataset
    tape: Tape
    options: RunOptions
    naming: Naming
    flow: float
    for_engine: bool
    curves: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    energy: list[str] = field(default_factory=list)
    patterns: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def text(self) -> str:
        """Write all sections."""
        data = self.dataset
        factors = [item.demand_factor for item in data.junctions] + [item.head_factor for item in data.reservoirs]
        self.is_flat = not self.tape.series and not self.for_engine and set(factors) <= {1.0}
        self.patterns = {} if self.is_flat else {FLAT: (1.0,)}
        self.followed = {(item.group, item.id): item.pattern for item in self.tape.series}
        sections: dict[str, Iterable[str]] = {
            "TITLE": [data.name.replace("\n", " ").replace("[", "(")],
            "JUNCTIONS": [self._junction(item) for item in data.junctions],
            "RESERVOIRS": [
                _row(self.naming.nodes[r.id], r.base_head, self._pattern(Reservoir.GROUP, r.id, r.head_factor))
                for r in data.reservoirs
            ],
            "TANKS": [self._tank(item) for item in data.tanks],
            "PIPES": [self._pipe(item) for item in data.pipes],
            "PUMPS": [self._pump(item) for item in data.pumps],
            "VALVES": [self._valve(item) for item in data.valves],
        }
        sections["STATUS"] = self.status
        sections["CURVES"] = self.curves
        sections["PATTERNS"] = [
            _row(name, *values[start : start + PER_LINE])
            for name, values in self.patterns.items()
            for start in range(0, len(values), PER_LINE)
        ]
        sections["ENERGY"] = [_row("GLOBAL", "EFFICIENCY", 100.0 * data.general.pump_efficiency), *self.energy]
        sections["TIMES"] = self._times()
        sections["REPORT"] = ["STATUS NO", "SUMMARY NO"]
        sections["OPTIONS"] = self._options()
        sections["COORDINATES"] = [_row(self.naming.nodes[n.id], n.x, n.y) for n in data.nodes if n.x is not None]
        sections["VERTICES"] = [
            _row(self.naming.links[p.id], *point[:2])
            for p in data.pipes
            for point in (p.linestring_3d or p.linestring_2d or ())[1:-1]
        ]
        body = "\n\n".join("\n".join((f"[{name}]", *rows)) for name, rows in sections.items())
        return f"{body}\n\n[END]\n"

    def _pattern(self, group: str, entity_id: int, factor: float) -> str:
        """Name the pattern of an entity, and see that it is written."""
        name = self.followed.get((group, entity_id))
        if name is not None:
            written = name if name != FLAT else f"{FLAT}_"
            self.patterns[written] = self.tape.patterns[name]
            return written
        if self.for_engine or factor != 1.0:
            self.patterns[own_pattern(entity_id)] = (factor,)
            return own_pattern(entity_id)
        return "" if self.is_flat else FLAT

    def _curve(self, name: str, points: Curve, x_factor: float, y_factor: float) -> str:
        self.curves += [_row(name, x * x_factor, y * y_factor) for x, y in points]
        return name

    def _junction(self, item: Junction) -> str:
        pattern = self._pattern(Junction.GROUP, item.id, item.demand_factor)
        return _row(self.naming.nodes[item.id], item.elevation, (item.base_demand or 0.0) * self.flow, pattern)

    def _tank(self, item: Tank) -> str:
        curve, diameter = "*", item.diameter
        if item.volume_curve:
            points = item.volume_curve
            (x0, y0), (x1, y1) = points[0], points[-1]
            slope = (y1 - points[-2][1]) / (x1 - points[-2][0])  # past the brim, as EPANET wants to look there
            curve = self._curve(f"V{item.id}", (*points, (x1 + 1.0, y1 + slope)), 1.0, 1.0)
            diameter = diameter or ((y1 - y0) / (x1 - x0) / 0.785398163397448309616) ** 0.5
        return _row(
            self.naming.nodes[item.id],
            item.elevation,
            item.level,
            item.lowest_level_m,
            item.max_level,
            diameter,
            0,
            curve,
            "YES" if item.overflow else "NO",
        )

    def _ends(self, item: Link) -> tuple[str, str, str]:
        nodes = self.naming.nodes
        return self.naming.links[item.id], nodes[item.from_node_id or 0], nodes[item.to_node_id or 0]

    def _pipe(self, item: Pipe) -> str:
        roughness = item.roughness or 0.0
        roughness = _mm(roughness) if self.dataset.general.headloss == "D-W" else roughness
        status = "CV" if item.check_valve else "OPEN" if item.status else "CLOSED"
        diameter = _mm(item.diameter or 0.0)
        return _row(*self._ends(item), item.length_m, diameter, roughness, item.minor_loss, status)

    def _pump(self, item: Pump) -> str:
        name = self.naming.links[item.id]
        if item.efficiency_curve:
            self.energy.append(
                _row("PUMP", name, "EFFIC", self._curve(f"E{item.id}", item.efficiency_curve, self.flow, 100.0))
            )
        if not item.status or item.speed == 0.0:
            self.status.append(_row(name, "CLOSED"))
        if item.type == "power":
            return _row(*self._ends(item), "POWER", (item.power or 0.0) / 1000.0)
        curve = self._curve(f"H{item.id}", item.head_curve or (), self.flow, 1.0)
        row = _row(*self._ends(item), "HEAD", curve, "SPEED", item.speed or 1.0)
        followed = (Pump.GROUP, item.id) in self.followed
        return _row(row, "PATTERN", self._pattern(Pump.GROUP, item.id, 1.0)) if followed else row

    def _valve(self, item: Valve) -> str:
        value = getattr(item, item.setting_field)
        if item.type == "GPV":
            value = self._curve(f"G{item.id}", value, self.flow, 1.0)
        elif item.type == "FCV":
            value *= self.flow
        if item.status != "active":
            self.status.append(_row(self.naming.links[item.id], item.status.upper()))
        return _row(*self._ends(item), _mm(item.diameter or 0.0), item.type, value, item.minor_loss)

    def _times(self) -> list[str]:
        step = int(self.options.hydraulic_timestep)
        rows = {
            "DURATION": 0,
            "HYDRAULIC TIMESTEP": step,
            "PATTERN TIMESTEP": self.tape.step_s,
            "PATTERN START": self.tape.start_s,
            "REPORT TIMESTEP": step,
        }
        return [f"{name} {s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}" for name, s in rows.items()]

    def _options(self) -> list[str]:
        data, solver = self.dataset.general, self.options.solver
        rows: dict[str, object] = {
            "UNITS": "CMH",
            "HEADLOSS": data.headloss,
            "VISCOSITY": data.viscosity,
            "SPECIFIC GRAVITY": data.specific_gravity,
            "DEMAND MULTIPLIER": data.demand_multiplier,
            "DEMAND MODEL": data.demand_model,
            "MINIMUM PRESSURE": data.minimum_pressure,
            "REQUIRED PRESSURE": data.required_pressure,
            "PRESSURE EXPONENT": data.pressure_exponent,
            "PATTERN": FLAT,
            "QUALITY": "NONE",
            "TRIALS": int(solver.trials),
            "ACCURACY": solver.accuracy,
            "HEADERROR": solver.headerror,
            "FLOWCHANGE": solver.flowchange * self.flow,
            "DAMPLIMIT": solver.damplimit,
            "CHECKFREQ": int(solver.checkfreq),
            "MAXCHECK": int(solver.maxcheck),
            "UNBALANCED": f"CONTINUE {int(solver.unbalanced_value)}" if solver.unbalanced == "CONTINUE" else "STOP",
        }
        if self.for_engine and solver.unbalanced == "STOP":
            rows["UNBALANCED"] = "CONTINUE 0"  # STOP ends the whole run in EPANET: convergence is judged outside
        if self.is_flat:
            del rows["PATTERN"]
        return [_row(name, value) for name, value in rows.items()]


def _mm(length_m: float) -> float:
    """Turn m into mm: 152.4, not 152.39999999999998; a network with two solutions can tip over on the difference."""
    return round(length_m * MM_PER_M, 9)


def _row(*values: object) -> str:
    return "  ".join(repr(value) if isinstance(value, float) else str(value) for value in values)
