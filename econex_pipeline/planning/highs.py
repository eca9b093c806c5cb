"""HiGHS, called with arrays: options whose refusal is an error, a status that is a value, duals and a basis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from econex_pipeline.planning.answer import Basis, Status
from econex_pipeline.planning.bases import final_basis, start_from

Array = np.ndarray[Any, np.dtype[Any]]

STATUS: dict[Any, Status] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kModelEmpty: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kIterationLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "cancelled",
}


QUIET = {"output_flag": False, "log_to_console": False, "threads": 1, "random_seed": 0}
"""One thread and a fixed seed: the same input gives the same plan."""


class SolverError(RuntimeError):
    """HiGHS refused an option, a model or a basis."""


@dataclass(frozen=True)
class LinearProgram:
    """``min cost @ x`` with ``row_lower <= A x <= row_upper``, ``lower <= x <= upper``; A by rows; some x whole."""

    cost: Array
    lower: Array
    upper: Array
    indptr: Array
    indices: Array
    values: Array
    row_lower: Array
    row_upper: Array
    integer: Array | None = None

    @property
    def mixed(self) -> bool:
        """Whether any column must be a whole number."""
        return self.integer is not None and bool(np.any(self.integer))


@dataclass(frozen=True)
class Solution:
    """What HiGHS found.

    Attributes
    ----------
    status : str
        As in `Answer`.
    objective : float
        Value of the objective; not a number without columns.
    columns : numpy.ndarray or None
        Values of the columns; of a run that stopped early, the best feasible point it left.
    row_duals : numpy.ndarray or None
        d objective / d right-hand side, at an optimum.
    basis : Basis or None
        The final basis.
    seconds : float
        Wall-clock time of the solve [s].
    iterations : int
        Iterations of the method that ended it.
    message : str
        HiGHS's own word for the status.
    log : str
        What HiGHS said on the way, where it was asked for.
    gap : float
        Relative gap to the best bound, where columns are whole numbers.
    """

    status: Status
    objective: float
    columns: Array | None
    row_duals: Array | None
    basis: Basis | None
    seconds: float
    iterations: int
    message: str
    log: str = ""
    gap: float = 0.0


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


def new_solver(
    options: dict[str, Any] | None = None,
    log: list[str] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> highspy.Highs:
    """Make a silent HiGHS that gives the same answer to the same input.

    Parameters
    ----------
    options : dict, optional
        HiGHS options by name.
    log : list of str, optional
        Receives what HiGHS has to say.
    cancelled : callable, optional
        Asked during the solve; true stops it.

    Raises
    ------
    SolverError
        If HiGHS refuses an option.
    """
    solver = highspy.Highs()
    set_options(solver, {**QUIET, "output_flag": log is not None, **(options or {})})
    if log is not None:
        solver.cbLogging += lambda event: log.append(event.message)
    if cancelled is not None:

        def interrupt(event: Any) -> None:
            event.data_in.user_interrupt = cancelled()

        for callback in (solver.cbSimplexInterrupt, solver.cbIpmInterrupt, solver.cbMipInterrupt):
            callback.subscribe(interrupt)
    return solver


class _Kept(threading.local):
    """The solver of a thread's warm runs, one after the other: to make and free one takes an eighth of such a run."""

    solver: highspy.Highs | None = None


_kept = _Kept()


def _emptied(options: dict[str, Any]) -> highspy.Highs:
    """Give the thread's solver without a program, as good as a new one."""
    if _kept.solver is None:
        _kept.solver = new_solver()
    solver = _kept.solver
    solver.clearModel()
    solver.resetOptions()
    set_options(solver, {**QUIET, **options})
    if "time_limit" in options:  # counted on a clock that goes on from run to run
        set_options(solver, {"time_limit": solver.getRunTime() + options["time_limit"]})
    return solver


def solve(
    program: LinearProgram,
    options: dict[str, Any] | None = None,
    basis: Basis | None = None,
    logged: bool = False,
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Solve a linear program.

    Parameters
    ----------
    program : LinearProgram
        The program.
    options : dict, optional
        HiGHS options by name.
    basis : Basis, optional
        Where to start from; left aside where it does not fit the program.
    logged : bool
        Whether to keep what HiGHS says.
    cancelled : callable, optional
        Asked during the solve; true stops it.
    progress : callable, optional
        Receives each line of what HiGHS says.

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
    log: list[str] = []
    heard = logged or progress is not None
    if basis is None or heard or cancelled is not None:
        solver = new_solver(options, log if heard else None, cancelled)
    else:
        solver = _emptied(options or {})
    if progress is not None:
        solver.cbLogging.subscribe(lambda event: progress(event.message.rstrip()))
    pass_model(solver, program)
    if basis is not None and len(basis.columns) == len(program.cost) and len(basis.rows) == len(program.row_lower):
        start_from(solver, basis)
    solver.run()
    status = STATUS.get(solver.getModelStatus(), "error")
    information = solver.getInfo()
    seconds = time.perf_counter() - begun
    iterations = max(information.simplex_iteration_count, information.ipm_iteration_count, 0)
    message = solver.modelStatusToString(solver.getModelStatus())
    if status != "optimal":
        objective, left = incumbent(solver, status)
        return Solution(status, objective, left, None, None, seconds, iterations, message, "".join(log))
    found = solver.getSolution()
    columns, rows, duals = (
        np.asarray(values, dtype=float) for values in (found.col_value, found.row_value, found.row_dual)
    )
    at_columns = columns, program.lower, program.upper
    at_rows = rows, program.row_lower, program.row_upper
    return Solution(
        status,
        float(information.objective_function_value),
        columns,
        duals,
        final_basis(solver, at_columns, at_rows),
        seconds,
        iterations,
        message,
        "".join(log),
    )


def incumbent(solver: highspy.Highs, status: Status) -> tuple[float, Array | None]:
    """Give what a run that was stopped has found so far: objective and columns; none where it is not feasible."""
    information = solver.getInfo()
    feasible = information.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    if status not in ("time_limit", "cancelled") or not feasible:
        return float("nan"), None
    return float(information.objective_function_value), np.asarray(solver.getSolution().col_value)


def pass_model(solver: highspy.Highs, program: LinearProgram) -> None:
    """Hand a program over.

    Raises
    ------
    SolverError
        If HiGHS refuses it.
    """
    # calls with arrays: a HighsLp would be filled number by number
    count, none = len(program.cost), np.empty(0, dtype=np.int32)
    added = solver.addCols(
        count, program.cost, program.lower, program.upper, 0, np.zeros(count, dtype=np.int32), none, np.empty(0)
    )
    # a warning means that entries below 1e-9 were dropped, which is what they are for
    status = solver.addRows(
        len(program.row_lower),
        program.row_lower,
        program.row_upper,
        len(program.values),
        program.indptr[:-1],
        program.indices,
        program.values,
    )
    if highspy.HighsStatus.kError in (added, status):
        raise SolverError("HiGHS refuses the model: a number in it is not finite, or bounds cross")
    if program.integer is not None and program.mixed:
        whole = np.flatnonzero(program.integer).astype(np.int32)
        kinds = np.full(len(whole), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(len(whole), whole, kinds)
