"""The clear sky over a site: the yardstick for splitting steps and for making a day darker or brighter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pvlib

from econex_pipeline.district import Site


def clear_sky(middles: pd.DatetimeIndex, site: Site) -> dict[str, np.ndarray]:
    """Give zenith and clear-sky irradiance at the middles of steps.

    Only its course over the hour and its order of magnitude are used, so that a sky of fixed turbidity will do.

    Parameters
    ----------
    middles : pandas.DatetimeIndex
        Middles of steps, UTC, shape (T,).
    site : Site
        Latitude, longitude, altitude.

    Returns
    -------
    dict of str to numpy.ndarray
        ``zenith_deg`` (true, without refraction), ``ghi_w_m2``, ``dni_w_m2``; each shape (T,).

    References
    ----------
    .. [1] Ineichen, P. (2008). A broadband simplified version of the Solis clear sky model. Solar Energy 82,
       758-762. :doi:`10.1016/j.solener.2008.02.009`
    """
    sun = pvlib.solarposition.get_solarposition(middles, site.latitude_deg, site.longitude_deg, site.altitude_m)
    up = sun["apparent_elevation"].to_numpy() > 0
    pressure_pa = pvlib.atmosphere.alt2pres(site.altitude_m)
    sky = pvlib.clearsky.simplified_solis(np.where(up, sun["apparent_elevation"], 90.0), pressure=pressure_pa)
    return {
        "zenith_deg": sun["zenith"].to_numpy(),
        "ghi_w_m2": np.where(up, np.asarray(sky["ghi"]), 0.0),
        "dni_w_m2": np.where(up, np.asarray(sky["dni"]), 0.0),
    }
