"""Programs with whole-number columns: solved by branch and bound, then once more as an LP for their shadow prices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from econex_pipeline.planning.highs import STATUS, LinearProgram, Solution, incumbent, new_solver, pass_model, solve


def solve_mixed(
    program: LinearProgram,
    time_limit_s: float,
    gap_frac: float,
    options: dict[str, Any] | None = None,
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Solve a mixed-integer program.

    Parameters
    ----------
    program : LinearProgram
        With whole-number columns.
    time_limit_s : float
        For both solves together [s].
    gap_frac : float
        The search ends when the best plan is this close to the bound.
    options : dict, optional
        Other HiGHS options, for both solves.
    cancelled : callable, optional
        Asked during the search; true stops it.
    progress : callable, optional
        Receives each line of what HiGHS says.

    Returns
    -------
    Solution
        Duals are those of the linear program in which every choice stands as the search has left it.
    """
    begun = time.perf_counter()
    settings = {"time_limit": time_limit_s, "mip_rel_gap": gap_frac, "mip_abs_gap": 0.0, **(options or {})}
    log: list[str] = []
    solver = new_solver(settings, log, cancelled)
    if progress is not None:
        solver.cbLogging.subscribe(lambda event: progress(event.message.rstrip()))
    pass_model(solver, program)
    solver.run()
    status = STATUS.get(solver.getModelStatus(), "error")
    information = solver.getInfo()
    message = solver.modelStatusToString(solver.getModelStatus())
    nodes = max(int(information.mip_node_count), 0)
    if status != "optimal":
        seconds = time.perf_counter() - begun
        objective, columns = incumbent(solver, status)
        return Solution(status, objective, columns, None, None, seconds, nodes, message, "".join(log))
    found = np.asarray(solver.getSolution().col_value)
    chosen = np.asarray(program.integer, dtype=bool)
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[chosen] = upper[chosen] = np.round(found[chosen])
    left = max(time_limit_s - (time.perf_counter() - begun), 1.0)
    priced = solve(replace(program, lower=lower, upper=upper, integer=None), {**(options or {}), "time_limit": left})
    return replace(
        priced,
        seconds=time.perf_counter() - begun,
        message=message,
        log="".join(log),
        gap=max(float(information.mip_gap), 0.0),
    )
