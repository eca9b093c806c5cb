"""What a solve gives back, and what it may be asked: values, never a table from a failed solve."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Status = Literal["optimal", "infeasible", "unbounded", "time_limit", "error"]
Method = Literal["auto", "simplex", "ipm"]


@dataclass(frozen=True)
class Basis:
    """A simplex basis as text, so that it can stand in a saved state.

    Attributes
    ----------
    columns, rows : str
        One digit per column and row: 0 at lower bound, 1 basic, 2 at upper bound, 3 zero, 4 nonbasic.
    """

    columns: str
    rows: str


@dataclass(frozen=True)
class PlanOptions:
    """How a day is planned.

    Attributes
    ----------
    commit_steps : int or None
        Steps from the start on that the first stage commits; None commits 24 h.
    cvar_weight : float
        Weight of the conditional value at risk of a scenario's cost, 0 to 1; 0 plans for the expectation.
    cvar_level : float
        Level of the conditional value at risk.
    time_limit_s : float
        The solver stops there and says so.
    method : {"auto", "simplex", "ipm"}
        Algorithm.
    """

    commit_steps: int | None = None
    cvar_weight: float = 0.0
    cvar_level: float = 0.95
    time_limit_s: float = 120.0
    method: Method = "auto"


@dataclass(frozen=True)
class Answer:
    """The answer to a planning problem.

    Attributes
    ----------
    status : {"optimal", "infeasible", "unbounded", "time_limit", "error"}
        Only ``optimal`` carries a plan.
    gap : float
        Relative gap between the plan and the best bound; 0 for a linear program solved to optimality, infinite
        where there is no plan.
    seconds : float
        Wall-clock time of building and solving [s]; for the log, never for a table.
    objective : float or None
        Value of the objective [USD].
    parts : dict of str to float
        Lines of the objective [USD] as expectations over scenarios: each cost line (``grid_import_usd``, ...), the
        sums ``z_econ_usd``, ``z_res_usd``, ``operation_usd``, ``penalty_usd``, and ``deviation_usd`` and
        ``end_value_usd``. Objective = alpha z_econ + beta z_res + operation + penalty + deviation - end value.
    plan : pandas.DataFrame or None
        PLAN table.
    message : str
        One sentence for the operator.
    basis : Basis or None
        Where a next solve of the same topology may start from.
    iterations : int
        Simplex or interior-point iterations.
    """

    status: Status
    gap: float
    seconds: float
    objective: float | None
    parts: dict[str, float] = field(default_factory=dict)
    plan: pd.DataFrame | None = None
    message: str = ""
    basis: Basis | None = None
    iterations: int = 0
