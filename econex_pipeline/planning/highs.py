"""HiGHS, called with arrays: options whose refusal is an error, a status that is a value, duals and a basis."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from econex_pipeline.planning.answer import Basis, Status

Array = np.ndarray[Any, np.dtype[Any]]

_BASIS_STATUS = [
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
    highspy.HighsBasisStatus.kZero,
    highspy.HighsBasisStatus.kNonbasic,
]
_DIGIT = {status: str(digit) for digit, status in enumerate(_BASIS_STATUS)}
_STATUS: dict[Any, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kModelEmpty: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
}


class SolverError(RuntimeError):
    """HiGHS refused an option, a model or a basis."""


@dataclass(frozen=True)
class LinearProgram:
    """``min cost @ x`` with ``row_lower <= A x <= row_upper`` and ``lower <= x <= upper``; A row by row."""

    cost: Array
    lower: Array
    upper: Array
    indptr: Array
    indices: Array
    values: Array
    row_lower: Array
    row_upper: Array


@dataclass(frozen=True)
class Solution:
    """What HiGHS found.

    Attributes
    ----------
    status : str
        As in `Answer`.
    objective : float
        Value of the objective; not a number without an optimum.
    columns, row_duals : numpy.ndarray or None
        Values of the columns, and d objective / d right-hand side.
    basis : Basis or None
        The final basis.
    seconds : float
        Wall-clock time of the solve [s].
    iterations : int
        Iterations of the method that ended it.
    message : str
        HiGHS's own word for the status.
    """

    status: Status
    objective: float
    columns: Array | None
    row_duals: Array | None
    basis: Basis | None
    seconds: float
    iterations: int
    message: str


def set_options(solver: highspy.Highs, options: dict[str, Any]) -> None:
    """Set options one by one.

    Raises
    ------
    SolverError
        If HiGHS refuses one: it would go on with its default in silence.
    """
    for name, value in options.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses option {name} = {value!r}")


def solve(program: LinearProgram, options: dict[str, Any] | None = None, basis: Basis | None = None) -> Solution:
    """Solve a linear program.

    Parameters
    ----------
    program : LinearProgram
        The program.
    options : dict, optional
        HiGHS options by name.
    basis : Basis, optional
        Where to start from; left aside where it does not fit the program.

    Returns
    -------
    Solution
        Whatever came of it.

    Raises
    ------
    SolverError
        If HiGHS refuses an option or the model itself.
    """
    begun = time.perf_counter()
    solver = highspy.Highs()
    # one thread and a fixed seed: the same input gives the same plan
    set_options(solver, {"output_flag": False, "threads": 1, "random_seed": 0, **(options or {})})
    _pass(solver, program)
    if basis is not None and len(basis.columns) == len(program.cost) and len(basis.rows) == len(program.row_lower):
        _start_from(solver, basis)
    solver.run()
    status = _STATUS.get(solver.getModelStatus(), "error")
    information = solver.getInfo()
    seconds = time.perf_counter() - begun
    iterations = max(information.simplex_iteration_count, information.ipm_iteration_count, 0)
    message = solver.modelStatusToString(solver.getModelStatus())
    if status != "optimal":
        return Solution(status, float("nan"), None, None, None, seconds, iterations, message)
    found = solver.getSolution()
    return Solution(
        status,
        float(information.objective_function_value),
        np.asarray(found.col_value),
        np.asarray(found.row_dual),
        _final(solver),
        seconds,
        iterations,
        message,
    )


def _pass(solver: highspy.Highs, program: LinearProgram) -> None:
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.cost), len(program.row_lower)
    model.col_cost_ = program.cost
    model.col_lower_, model.col_upper_ = program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = program.indptr
    model.a_matrix_.index_ = program.indices
    model.a_matrix_.value_ = program.values
    # a warning means that entries below 1e-9 were dropped, which is what they are for
    if solver.passModel(model) == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refuses the model: a number in it is not finite, or bounds cross")


def _start_from(solver: highspy.Highs, basis: Basis) -> None:
    start = highspy.HighsBasis()
    start.col_status = [_BASIS_STATUS[int(digit)] for digit in basis.columns]
    start.row_status = [_BASIS_STATUS[int(digit)] for digit in basis.rows]
    start.valid = True
    solver.setBasis(start)


def _final(solver: highspy.Highs) -> Basis | None:
    found = solver.getBasis()
    if not found.valid:
        return None
    return Basis("".join(map(_DIGIT.__getitem__, found.col_status)), "".join(map(_DIGIT.__getitem__, found.row_status)))
