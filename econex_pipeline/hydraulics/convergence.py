"""Solving one instant for sure: as usual, else once more with damping, else not at all.

Damping from the start would make other instants worse; an unconverged answer can be nonsense while its books close.
"""

from __future__ import annotations

from econex_pipeline.hydraulics.codes import UNCONVERGED, WARNINGS, Option
from econex_pipeline.hydraulics.toolkit import HydraulicsError, Project

DAMPED = {Option.TRIALS: 200.0, Option.CHECKFREQ: 2.0, Option.MAXCHECK: 10.0, Option.DAMPLIMIT: 0.01}


def converge(project: Project) -> tuple[int, bool]:
    """Solve the present instant; answer with EPANET's warning code and whether damping was needed.

    Raises
    ------
    HydraulicsError
        If it does not converge with damping either.
    """
    code = project.solve()
    if code not in UNCONVERGED:
        return code, False
    usual = {option: project.option(option) for option in DAMPED}
    for option, value in DAMPED.items():
        project.set_option(option, value)
    code = project.solve()
    for option, value in usual.items():
        project.set_option(option, value)
    if code in UNCONVERGED:
        raise HydraulicsError(f"{project.path}: EPANET does not converge: {WARNINGS[code]}")
    return code, True
