"""What households draw: electricity by the BDEW household shape, potable water by a day shape, greywater from it.

Shapes are looked up by civil time: people live by the clock on the wall. Weather does not enter here but through the
demand factors that come with the drivers.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from demandlib import bdew
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError
from econex_pipeline.district import District
from econex_pipeline.profiles.clock import QUARTER_MINUTES, civil_parts, read_day_shape, step_means

Floats = NDArray[np.float64]

QUARTERS_PER_DAY = 96


@lru_cache(maxsize=32)
def _bdew_year(profile: str, year: int) -> Floats:
    """Give a BDEW shape for each civil quarter hour of a year, relative to the year's mean, shape (35040 or 35136,)."""
    with warnings.catch_warnings():  # demandlib turns all warnings into errors, and leaves it so
        shape = bdew.ElecSlp(year).get_profiles(profile)[profile].to_numpy(dtype=float)
    shape = shape / shape.mean()
    shape.flags.writeable = False
    return shape


def electricity_shape(district: District, times: pd.DatetimeIndex, profile: str) -> Floats:
    """Give a standard load profile over steps, relative to its yearly mean.

    Parameters
    ----------
    district : District
        Gives the length of step and the civil time zone.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    profile : str
        A BDEW profile, ``h0`` for households.

    Returns
    -------
    array, shape (T,)
        Mean over the step [-]; weekdays, Saturdays, Sundays and seasons differ, the year's mean is 1.

    References
    ----------
    .. [1] Meier, H., Fuenfgeld, C., Adam, T. and Schieferdecker, B. (1999). Repraesentative VDEW-Lastprofile.
       VDEW, Frankfurt (Main).
    """
    stamps, parts = civil_parts(district, times)
    years = stamps.year.to_numpy()
    quarter = (stamps.dayofyear.to_numpy() - 1) * QUARTERS_PER_DAY
    quarter = quarter + stamps.hour.to_numpy() * 4 + stamps.minute.to_numpy() // QUARTER_MINUTES
    values = np.empty(len(stamps))
    for year in np.unique(years):
        values[years == year] = _bdew_year(profile, int(year))[quarter[years == year]]
    return step_means(values, parts)


def potable_shape(district: District, times: pd.DatetimeIndex, profile: str) -> Floats:
    """Give the potable demand over steps, relative to its daily mean.

    Parameters
    ----------
    district : District
        Gives data folder, length of step and civil time zone.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    profile : str
        Name of a file in ``data/demand/``, without its ending.

    Returns
    -------
    array, shape (T,)
        Mean over the step [-].

    Raises
    ------
    InputError
        If the shape cannot be read or is zero throughout.
    """
    path = district.data_dir / "demand" / f"{profile}.csv"
    shape = _day_shape(path, path.stat().st_mtime_ns if path.is_file() else 0)
    stamps, parts = civil_parts(district, times)
    return step_means(shape[stamps.hour.to_numpy()], parts)


@lru_cache(maxsize=32)
def _day_shape(path: Path, changed_ns: int) -> Floats:
    """Give a day shape relative to its mean, shape (24,); read anew when the file has changed."""
    shape = read_day_shape(path, "multiplier")
    if not shape.mean() > 0:
        raise InputError(path, "multiplier", "zero at every hour", "a shape with demand in it")
    shape = shape / shape.mean()
    shape.flags.writeable = False
    return shape
