"""The pilot's rainy summer day with as many scenarios as wanted, as tables and as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from econex_pipeline.district import District, load_case
from econex_pipeline.planning import Network, PlanOptions, build_network
from econex_pipeline.planning.compiling import compile_template
from econex_pipeline.planning.elements import EndValues
from econex_pipeline.planning.end_values import district_end_values
from econex_pipeline.planning.highs import LinearProgram, new_solver, pass_model
from econex_pipeline.planning.instance import Instance, make_instance
from econex_pipeline.planning.monolith import assemble
from econex_pipeline.planning.tables import Tables, read_tables
from econex_pipeline_tests.planning.days import Days, days

DATA = Path(__file__).parents[2] / "data"
HOURS = 24


@dataclass(frozen=True)
class Pilot:
    """Everything a formulation may start from."""

    district: District
    network: Network
    day: Days
    tables: Tables
    end_values: EndValues

    def instance(self) -> Instance:
        """Fill the data vector; the template is compiled the first time."""
        return make_instance(self.network, self.tables, self.day.start, self.end_values, HOURS)

    def program(self) -> LinearProgram:
        """Stamp all scenarios into one program."""
        return assemble(self.instance(), PlanOptions()).program


def pilot(scenarios: int, hours: int = HOURS) -> Pilot:
    """Make the day and read its tables."""
    district = load_case(DATA, "base")
    network = build_network(district)
    day = days(network, hours=hours, scenarios=scenarios, rainy=True, seed=3)
    tables = read_tables(network, day.scenarios, day.coefficients, day.prices)
    return Pilot(district, network, day, tables, district_end_values(network, tables))


def handed_over(program: LinearProgram) -> int:
    """Hand a program to HiGHS without solving it; columns it has then."""
    solver = new_solver()
    pass_model(solver, program)
    return int(solver.getNumCol())


def compile_again(instance: Instance) -> None:
    """Compile the template as if for the first time."""
    compile_template(instance.network, instance.template.shape)
