"""The same problem for other tools: MPS and LP files with readable names, and scenarios for mpi-sppy."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import highspy
import pyomo.environ as pyo

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.planning.answer import PlanOptions
from econex_pipeline.planning.block import data_index
from econex_pipeline.planning.highs import SolverError, new_solver, pass_model
from econex_pipeline.planning.instance import Instance
from econex_pipeline.planning.monolith import Assembled, assemble
from econex_pipeline.planning.naming import readable_names, with_scenario
from econex_pipeline.planning.oracle import concrete_model

SUFFIXES = (".mps", ".lp")


def write_model(problem: Instance | Assembled, path: Path, options: PlanOptions | None = None) -> Path:
    """Write a problem as an MPS or LP file.

    Parameters
    ----------
    problem : Instance or Assembled
        All scenarios together, as the monolith solves them.
    path : Path
        The ending, ``.mps`` or ``.lp``, chooses the format.
    options : PlanOptions, optional
        The measure of risk, where an Instance is given.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the ending is neither.
    SolverError
        If HiGHS cannot write there.
    """
    if path.suffix not in SUFFIXES:
        raise InputError("export", "file", str(path), f"a path that ends with {' or '.join(SUFFIXES)}")
    assembled = assemble(problem, options or PlanOptions()) if isinstance(problem, Instance) else problem
    solver = new_solver()
    pass_model(solver, assembled.program)
    columns, rows = program_names(assembled)
    for i, name in enumerate(columns):
        solver.passColName(i, name)
    for i, name in enumerate(rows):
        solver.passRowName(i, name)
    if solver.writeModel(str(path)) == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS cannot write {path}")
    return path


def program_names(assembled: Assembled) -> tuple[list[str], list[str]]:
    """Name the columns and rows of a deterministic equivalent; see `naming.readable_names`."""
    t, ids = assembled.instance.template, assembled.instance.tables.scenarios
    columns, rows = readable_names(t)
    shared = t.first_stage.stop
    every = [*columns[:shared], *(name for s in ids for name in with_scenario(columns[shared:], int(s)))]
    each = [name for s in ids for name in with_scenario(rows, int(s))]
    if len(every) < len(assembled.program.cost):
        every += ["value_at_risk", *(f"excess.s{s}" for s in ids)]
        each += [f"risk.s{s}" for s in ids]
    return every, each


def scenario_names(instance: Instance) -> list[str]:
    """List the names that `scenario_creator` knows: ``scenario_0`` and so on."""
    return [f"scenario_{int(s)}" for s in instance.tables.scenarios]


def scenario_creator(name: str, instance: Instance) -> pyo.ConcreteModel:
    """Make the model of one scenario, as mpi-sppy's algorithms ask for it.

    Parameters
    ----------
    name : str
        One of `scenario_names`.
    instance : Instance
        Given to mpi-sppy as ``scenario_creator_kwargs={"instance": instance}``.

    Returns
    -------
    pyomo.environ.ConcreteModel
        With ``_mpisppy_probability`` and a root node whose nonanticipative variables are the schedules.

    Raises
    ------
    InputError
        If the name is not one of the instance's.
    ImportError
        If mpi-sppy is not installed: it is no dependency of this package.
    """
    names = scenario_names(instance)
    if name not in names:
        raise InputError("scenario_creator", "name", name, f"one of {names[0]} to {names[-1]}")
    position = names.index(name)
    model: Any = concrete_model(instance, position)
    schedules = data_index(instance.network, instance.template.shape)["deviation_cost"]
    model.first_stage_cost = pyo.Expression(expr=0.0)
    attach = importlib.import_module("mpisppy.utils.sputils").attach_root_node
    attach(model, model.first_stage_cost, [model.schedule[key] for key in schedules])
    model._mpisppy_probability = float(instance.tables.probability[position])
    return model
