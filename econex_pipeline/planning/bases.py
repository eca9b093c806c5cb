"""A simplex basis as text: into HiGHS and out of it.

HiGHS gives each status as an object of its own, which is slow for thousands. Which columns and rows are basic it gives
as an array; on which side the others lie is seen from their values.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np

from econex_pipeline.planning.answer import Basis

Array = np.ndarray[Any, np.dtype[Any]]

_STATUS = np.array(
    [
        highspy.HighsBasisStatus.kLower,
        highspy.HighsBasisStatus.kBasic,
        highspy.HighsBasisStatus.kUpper,
        highspy.HighsBasisStatus.kZero,
        highspy.HighsBasisStatus.kNonbasic,
    ],
    dtype=object,
)
LOWER, BASIC, UPPER, FREE = np.arange(4, dtype=np.uint8)
_ZERO = np.uint8(ord("0"))


def start_from(solver: highspy.Highs, basis: Basis) -> None:
    """Let the next run start from a basis."""
    start = highspy.HighsBasis()
    start.col_status, start.row_status = _objects(basis.columns), _objects(basis.rows)
    start.valid = True
    solver.setBasis(start)


def final_basis(
    solver: highspy.Highs, columns: tuple[Array, Array, Array], rows: tuple[Array, Array, Array]
) -> Basis | None:
    """Read the basis a run ended with.

    Parameters
    ----------
    solver : highspy.Highs
        After its run.
    columns, rows : (numpy.ndarray, numpy.ndarray, numpy.ndarray)
        Values, lower and upper bounds.

    Returns
    -------
    Basis or None
        None where the run has none, as after an interior-point method without crossover.
    """
    outcome, basic = solver.getBasicVariables()
    if outcome != highspy.HighsStatus.kOk:
        return None
    of_columns, of_rows = _sides(*columns), _sides(*rows)
    of_columns[basic[basic >= 0]] = BASIC
    of_rows[-1 - basic[basic < 0]] = BASIC
    return Basis(_text(of_columns), _text(of_rows))


def _sides(values: Array, lower: Array, upper: Array) -> Array:
    """Say for each value which bound it lies on; with none it is free."""
    side = np.where(values - lower <= upper - values, LOWER, UPPER)
    side[np.isinf(lower) & np.isinf(upper)] = FREE
    return side


def _text(status: Array) -> str:
    return (status + _ZERO).tobytes().decode()


def _objects(text: str) -> list[Any]:
    found: list[Any] = _STATUS[np.frombuffer(text.encode(), dtype=np.uint8) - _ZERO].tolist()
    return found
