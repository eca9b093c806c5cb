"""What is expected at an instant: by the district's law, or from its feed of forecasts that were really made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.errors import ForecastMissing
from econex_pipeline.contracts.tables import DRIVER_VALUES
from econex_pipeline.contracts.windows import Windows

if TYPE_CHECKING:
    from econex_pipeline.orchestration.setting import Setting


def forecast_at(
    setting: Setting, trace: pd.DataFrame, issued_at_utc: pd.Timestamp, times: pd.DatetimeIndex
) -> pd.DataFrame:
    """Give the FORECAST of some steps as known at an instant.

    Parameters
    ----------
    setting : Setting
        The case.
    trace : pandas.DataFrame
        TRACE of the steps: what the law makes its forecast of; not looked at where there is a feed.
    issued_at_utc : pandas.Timestamp
        The instant.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).

    Raises
    ------
    ForecastMissing
        If the feed holds none that can be used.
    """
    from econex_pipeline.scenarios import forecast

    if setting.feed is not None:
        return setting.feed.at(issued_at_utc, times)
    return forecast(setting.district, setting.climatology, trace, issued_at_utc, times)


def profiles_at(setting: Setting, trace: pd.DataFrame, windows: Windows) -> list[Profiles | ForecastMissing]:
    """Give supply and demand of windows as known when each starts, from all that really came until then.

    All are made at once; each comes out as it would alone, to the last bit.

    Parameters
    ----------
    setting : Setting
        The case.
    trace : pandas.DataFrame
        TRACE from the start of the first window to the end of the last.
    windows : Windows
        The steps each looks at.

    Returns
    -------
    list of Profiles or ForecastMissing
        One a window; the error, not raised, where the feed has nothing for it.
    """
    from econex_pipeline.profiles import profiles_ahead
    from econex_pipeline.scenarios import forecasts

    district, memory = setting.district, setting.memory(windows.times[0])
    if setting.feed is None:
        values = forecasts(district, setting.climatology, trace, windows.starts, windows).values
        return [*profiles_ahead(district, windows, values, trace, memory)]
    found: list[pd.DataFrame | ForecastMissing] = []
    for window, start in enumerate(windows.starts):
        try:
            found.append(setting.feed.at(start, windows.of(window)))
        except ForecastMissing as missing:
            found.append(missing)
    tables = {window: table for window, table in enumerate(found) if isinstance(table, pd.DataFrame)}
    if not tables:
        return [each for each in found if isinstance(each, ForecastMissing)]
    held = replace(windows, first=windows.first[list(tables)])
    values = {name: np.stack([table[name].to_numpy() for table in tables.values()]) for name in DRIVER_VALUES}
    ahead = dict(zip(tables, profiles_ahead(district, held, values, trace, memory), strict=True))
    return [each if isinstance(each, ForecastMissing) else ahead[window] for window, each in enumerate(found)]
