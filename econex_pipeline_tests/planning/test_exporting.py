"""The same problem in files other solvers read, as text that is kept, and as scenarios for mpi-sppy."""

import subprocess
import sys
import types
from pathlib import Path

import highspy
import pyomo.environ as pyo
import pytest

from econex_pipeline.contracts import InputError
from econex_pipeline.planning import PlanOptions
from econex_pipeline.planning.exporting import program_names, scenario_creator, scenario_names, write_model
from econex_pipeline.planning.monolith import assemble, solve_monolith
from econex_pipeline_tests.planning.small import CASES
from econex_pipeline_tests.planning.test_agreement import instance_of

GOLDEN = Path(__file__).parent / "golden"
RENEW = "`python -m econex_pipeline_tests.planning.golden` renews it"


def optimum(instance, **options):
    options = PlanOptions(**{"mip_gap_frac": 0.0, **options})
    return solve_monolith(assemble(instance, options), options).objective


@pytest.mark.parametrize("name", CASES)
def test_the_text_of_a_small_problem_is_the_one_that_was_read(name, tmp_path):
    text = write_model(CASES[name](), tmp_path / "now.lp").read_text(encoding="utf-8")
    assert text == (GOLDEN / f"{name}.lp").read_text(encoding="utf-8"), RENEW


def test_there_is_no_text_without_its_problem():
    assert {path.stem for path in GOLDEN.glob("*.lp")} == set(CASES)


@pytest.mark.parametrize("ending", [".mps", ".lp"])
@pytest.mark.parametrize("name", CASES)
def test_a_file_read_back_has_the_same_optimum(name, ending, tmp_path):
    instance = CASES[name]()
    path = write_model(instance, tmp_path / f"problem{ending}")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(path))
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(optimum(instance), rel=1e-9)


def test_names_tell_layer_node_device_and_step(network, uncertain):
    assembled = assemble(instance_of(network, uncertain), PlanOptions(cvar_weight=0.1))
    columns, rows = program_names(assembled)
    assert len(columns) == len(assembled.program.cost) == len(set(columns))
    assert len(rows) == len(assembled.program.row_lower) == len(set(rows))
    assert {"schedule.grid.t5", "flow.W.basin.phs_pump.t13.s0", "stored.E.home_1.battery_1.t48.s2"} <= set(columns)
    assert {"mass_balance.E.hub.t13.s1", "end_of_storage.W.home_2.cistern.s0", "risk.s2"} <= set(rows)
    assert not any(set(" [](),'") & set(name) for name in columns + rows)


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a path that ends with \.mps or \.lp"):
        write_model(CASES["two_scenarios"](), tmp_path / "model.txt")


@pytest.mark.services
@pytest.mark.parametrize("name", [*CASES, "pilot"])
def test_another_solver_finds_the_same_value(name, tmp_path, request):
    """GLPK, from Debian's package glpk-utils, reads the MPS file and shares no code with HiGHS."""
    if name == "pilot":
        instance = instance_of(request.getfixturevalue("network"), request.getfixturevalue("uncertain"))
    else:
        instance = CASES[name]()
    path = write_model(instance, tmp_path / "problem.mps")
    report = tmp_path / "report.txt"
    subprocess.run(["glpsol", "--freemps", path, "-o", report, "--mipgap", "0"], check=True, capture_output=True)
    line = next(line for line in report.read_text().splitlines() if line.startswith("Objective:"))
    assert float(line.split("=")[1].split()[0]) == pytest.approx(optimum(instance), rel=1e-6)


@pytest.fixture
def sppy(monkeypatch):
    """What scenario_creator needs of mpi-sppy 0.14: `attach_root_node` with its signature."""
    module = types.ModuleType("mpisppy.utils.sputils")

    def attach_root_node(model, firstobj, varlist, nonant_ef_suppl_list=None):
        node = types.SimpleNamespace(name="ROOT", cond_prob=1.0, stage=1, cost_expression=firstobj)
        node.nonant_vardata_list = list(varlist)
        model._mpisppy_node_list = [node]

    module.attach_root_node = attach_root_node
    for name in ("mpisppy", "mpisppy.utils"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "mpisppy.utils.sputils", module)


def test_scenarios_for_mpi_sppy_joined_by_their_schedules_are_the_two_stage_problem(sppy):
    instance = CASES["two_scenarios"]()
    whole = pyo.ConcreteModel()
    whole.scenario = pyo.Block(range(2))
    models = [scenario_creator(name, instance=instance) for name in scenario_names(instance)]
    assert sum(model._mpisppy_probability for model in models) == pytest.approx(1.0)
    (first,), (second,) = (model._mpisppy_node_list for model in models)
    assert [var.name for var in first.nonant_vardata_list] == ["schedule[grid,0]", "schedule[grid,1]"]
    total = sum(model._mpisppy_probability * model.total.expr for model in models)
    for s, model in enumerate(models):
        model.total.deactivate()
        whole.scenario[s].transfer_attributes_from(model.clone())
    del total
    pairs = zip(first.nonant_vardata_list, second.nonant_vardata_list, strict=True)
    assert [one.bounds for one, _ in pairs] == [(-10.0, 10.0)] * 2
    joined = [[whole.scenario[s].schedule["grid", t] for t in range(2)] for s in range(2)]
    whole.one = pyo.ConstraintList()
    for one, other in zip(*joined, strict=True):
        whole.one.add(one == other)
    whole.value = pyo.Objective(expr=sum(0.5 * whole.scenario[s].total.expr for s in range(2)))
    pyo.SolverFactory("highs").solve(whole)
    assert pyo.value(whole.value) == pytest.approx(optimum(instance), rel=1e-9)


def test_a_scenario_that_is_not_there_is_refused(sppy):
    with pytest.raises(InputError, match="one of scenario_0 to scenario_1"):
        scenario_creator("scenario_2", instance=CASES["two_scenarios"]())


def test_without_mpi_sppy_the_creator_says_what_is_missing():
    with pytest.raises(ImportError, match="mpisppy"):
        scenario_creator("scenario_0", instance=CASES["two_scenarios"]())
