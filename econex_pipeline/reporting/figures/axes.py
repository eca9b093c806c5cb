"""Axes that all figures over a day share: hours of the operating day with labels in the site's civil time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from econex_pipeline.contracts.time import civil

LABEL_EVERY_H = 3


def hours(times: pd.DatetimeIndex) -> npt.NDArray[np.float64]:
    """Give the hours since the first stamp [h], shape (T,)."""
    return ((times - times[0]) / pd.Timedelta(hours=1)).to_numpy(dtype=float)


def step_h(times: pd.DatetimeIndex) -> float:
    """Give the length of a step [h]; an hour where there is only one."""
    return float(hours(times[:2])[-1]) if len(times) > 1 else 1.0


def civil_hours(axes: Axes, times: pd.DatetimeIndex, zone: str) -> None:
    """Label the hours of the day in civil time and name the zone.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its x values are hours since ``times[0]`` [h].
    times : pandas.DatetimeIndex
        Starts of the steps, UTC, shape (T,).
    zone : str
        Civil time zone of the site, as in the IANA data base.
    """
    end_h = float(hours(times)[-1]) + step_h(times)
    ticks = np.arange(0.0, end_h + 1e-9, LABEL_EVERY_H if end_h <= 36 else 2 * LABEL_EVERY_H)
    stamps = civil(pd.DatetimeIndex([times[0] + pd.Timedelta(hours=float(tick)) for tick in ticks]), zone)
    axes.set_xlim(0.0, end_h)
    axes.set_xticks(ticks, [stamp.strftime("%H:%M") for stamp in stamps])
    axes.set_xlabel(f"civil time at the site [h:min, {zone_label(times, zone)}]")


def zone_label(times: pd.DatetimeIndex, zone: str) -> str:
    """Name the civil zone with its abbreviation on the day, for example ``EDT, America/New_York``."""
    abbreviations = dict.fromkeys(str(stamp.tzname()) for stamp in civil(times, zone))
    return f"{'/'.join(abbreviations)}, {zone}"


def clock(time: pd.Timestamp, zone: str) -> str:
    """Give the civil time of day of one stamp, for example ``16:00``."""
    return str(civil(pd.DatetimeIndex([time]), zone)[0].strftime("%H:%M"))
