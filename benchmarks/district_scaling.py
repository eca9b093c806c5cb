"""Build a deterministic day of districts from 4 to 1000 homes: time per column.

Each district is the pilot with its two homes repeated around one hub. Building is reading the district into a network,
compiling the template and stamping it until HiGHS holds the program. The largest time per column of all sizes stands
against the smallest.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.comparison import Comparison, best_time_s
from benchmarks.planning.pilot import handed_over
from econex_pipeline.district import Arc, District, load_case
from econex_pipeline.planning import PlanOptions, build_network
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.instance import make_instance
from econex_pipeline.planning.monolith import assemble
from econex_pipeline.planning.tables import read_tables
from econex_pipeline_tests.planning.days import days

DATA = Path(__file__).parents[1] / "data"
HOMES = (4, 40, 400, 1000)
TARGET = 2.0
HOURS = 24
COPIED = ("1", "2")


def district_of(homes: int) -> District:
    """Repeat the pilot's homes, with all that stands in them and leads to them."""
    pilot = load_case(DATA, "base")
    nodes = {name: node for name, node in pilot.nodes.items() if not name.startswith("home_")}
    fixed = {name: arc for name, arc in pilot.arcs.items() if not _homes_of(arc)}
    storages = {name: s for name, s in pilot.storages.items() if not s.node.startswith("home_")}
    ends = {name: tranches for name, tranches in pilot.end_values.items() if name in storages}
    arcs = dict(fixed)
    for k in range(homes):
        own = f"home_{COPIED[k % len(COPIED)]}"
        new = f"home_{k + 1}"
        nodes[new] = pilot.nodes[own]
        for name, storage in pilot.storages.items():
            if storage.node == own:
                storages[f"{name}_of_{new}"] = storage.model_copy(update={"node": new})
                if name in pilot.end_values:
                    ends[f"{name}_of_{new}"] = pilot.end_values[name]
        for name, arc in pilot.arcs.items():
            if _homes_of(arc) == {own}:
                moved = {f: new for f in ("tail", "head", "energy_node") if getattr(arc, f) == own}
                arcs[f"{name}_of_{new}"] = arc.model_copy(update=moved)
    grid = pilot.utilities.grid.model_copy(update={"import_kw": 25.0 * homes, "export_kw": 25.0 * homes})
    utilities = pilot.utilities.model_copy(update={"grid": grid})
    changes = {"nodes": nodes, "arcs": arcs, "storages": storages, "end_values": ends, "utilities": utilities}
    return pilot.model_copy(update=changes)


def _homes_of(arc: Arc) -> set[str]:
    return {end for end in (arc.tail, arc.head) if end.startswith("home_")}


def build_s(homes: int) -> tuple[float, float, int]:
    """Give the time of reading and compiling, the time of stamping and handing over [s], and the columns."""
    district = district_of(homes)
    begun = time.perf_counter()
    network = build_network(district)
    read_s = time.perf_counter() - begun
    day = days(network, hours=HOURS, seed=1)
    tables = read_tables(network, day.scenarios, day.coefficients, day.prices)
    ends = district_end_values(network, tables)
    begun = time.perf_counter()
    make_instance(network, tables, day.start, ends, HOURS)  # compiles the template
    compiled_s = time.perf_counter() - begun
    stamp_s, columns = best_time_s(
        lambda: handed_over(assemble(make_instance(network, tables, day.start, ends, HOURS), PlanOptions()).program),
        5,
    )
    return read_s + compiled_s - stamp_s, stamp_s, columns


def run() -> Comparison:
    """Build every size."""
    build_s(HOMES[0] - 1)  # what is loaded and made once per process
    per_column, said = [], []
    for homes in HOMES:
        compile_s, stamp_s, columns = build_s(homes)
        per_column.append((compile_s + stamp_s) / columns)
        said.append(
            f"{homes} homes: {columns} columns, {1e6 * per_column[-1]:.1f} us a column: compiled {compile_s:.2f} s, "
            f"stamped and handed over {1e3 * stamp_s:.1f} ms"
        )
    note = "\n".join(said)
    return Comparison("district_scaling", max(per_column), "floor", min(per_column), TARGET, of_floor=True, note=note)
