"""What a solve gives back, and what it may be asked: values, never a table from a failed solve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from econex_pipeline.planning.quality import Quality
    from econex_pipeline.planning.simultaneous import Simultaneous

Array = np.ndarray[Any, np.dtype[Any]]
Status = Literal["optimal", "infeasible", "unbounded", "time_limit", "cancelled", "error"]
Method = Literal["auto", "simplex", "ipm"]
Engine = Literal["auto", "monolith", "lshaped"]


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
class Terminal:
    """What storages should hold when the horizon ends.

    Attributes
    ----------
    amounts : dict of str to float or None
        Target per storage [kWh or m3]; None is cyclic: as much as at the start, in every storage.
    price_usd_kwh, price_usd_m3 : float or None
        Price of each unit short of the target; None makes it a hard target.
    """

    amounts: Mapping[str, float] | None = None
    price_usd_kwh: float | None = None
    price_usd_m3: float | None = None


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
        Algorithm of the monolith.
    engine : {"auto", "monolith", "lshaped"}
        One program for all scenarios, or one for each and a master; auto takes what is faster for their number.
    relative_gap : float
        Where the L-shaped method is content.
    cancelled : callable or None
        Asked during the solve; true stops it.
    progress : callable or None
        Receives a line of text now and then.
    quality : bool
        Whether to find out what planning over scenarios is worth.
    """

    commit_steps: int | None = None
    cvar_weight: float = 0.0
    cvar_level: float = 0.95
    time_limit_s: float = 120.0
    method: Method = "auto"
    terminal: Terminal | None = None
    exclusive: Literal["asked", "found"] = "asked"
    mip_gap_frac: float = 1e-6
    engine: Engine = "auto"
    relative_gap: float = 1e-7
    cancelled: Callable[[], bool] | None = None
    progress: Callable[[str], None] | None = None
    quality: bool = True


@dataclass(frozen=True)
class Answer:
    """The answer to a planning problem.

    Attributes
    ----------
    status : {"optimal", "infeasible", "unbounded", "time_limit", "cancelled", "error"}
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
    conflict : tuple of str
        Why there is no plan: the smallest set of limits that cannot hold together.
    simultaneous : tuple of Simultaneous
        Where a plan uses opposite flows at once, or the dear end of a curve before the cheap one.
    basis : Basis or None
        Where a next solve of the same topology may start from.
    iterations : int
        Simplex or interior-point iterations; visits to all scenarios with the L-shaped method.
    engine : str
        ``monolith`` or ``lshaped``.
    quality : Quality or None
        What planning over scenarios was worth; None where it was not asked for or time was short.
    duals : dict of str to numpy.ndarray
        Per family of constraints d objective / d right-hand side, shape (scenario, row), weighted by probability.
    log : str
        What the solver said on the way.
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
    conflict: tuple[str, ...] = ()
    simultaneous: tuple[Simultaneous, ...] = ()
    engine: str = ""
    quality: Quality | None = None
    duals: dict[str, Array] = field(default_factory=dict)
    log: str = ""
