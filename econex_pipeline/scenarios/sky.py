"""The clear sky over a site as means over steps, and the split of global irradiance into beam and diffuse.

The clear sky is the yardstick of the clear-sky index; only its course matters, so one of fixed turbidity will do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from econex_pipeline.district import Site

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

SAMPLE_MINUTES = 15  # near sunrise the middle of an hour says little about its mean
DAYLIGHT_W_M2 = 20.0  # below it the index is the ratio of two small numbers


@dataclass(frozen=True)
class Sky:
    """The sky over a site in each of T steps.

    Attributes
    ----------
    clear_w_m2 : numpy.ndarray
        Clear-sky global irradiance, mean over the step, shape (T,) [W/m2].
    zenith_deg : numpy.ndarray
        True zenith in the middle of the step, shape (T,) [deg].
    day_of_year : numpy.ndarray
        Shape (T,) [-].
    """

    clear_w_m2: Array
    zenith_deg: Array
    day_of_year: Whole

    @property
    def daylight(self) -> NDArray[np.bool_]:
        """Steps in which the clear-sky index means something, shape (T,)."""
        return np.asarray(self.clear_w_m2 > DAYLIGHT_W_M2)

    def seen(self, places: Whole) -> Sky:
        """Give the sky of the steps at positions of any shape."""
        return Sky(self.clear_w_m2[places], self.zenith_deg[places], self.day_of_year[places])

    def index(self, ghi_w_m2: Array, windows: Whole | None = None) -> Array:
        """Give the clear-sky index; where there is no daylight, that of the nearest step of the window that has some.

        Parameters
        ----------
        ghi_w_m2 : numpy.ndarray
            Global horizontal irradiance, shape (T,) [W/m2].
        windows : numpy.ndarray of int, optional
            Positions of the consecutive steps of each window, shape (I, W); the whole is one window without them.

        Returns
        -------
        numpy.ndarray
            Shape (T,), or (I, W); 1 throughout a window without daylight.
        """
        at = np.arange(len(self.clear_w_m2)) if windows is None else windows
        lit = np.flatnonzero(self.daylight)
        if not len(lit):
            return np.ones(at.shape)
        following = np.searchsorted(lit, at)
        after = lit[np.minimum(following, len(lit) - 1)]
        before = lit[np.maximum(following - 1, 0)]
        first, last = at[..., :1], at[..., -1:]
        to_after = np.where((after >= at) & (after <= last), after - at, len(self.clear_w_m2))
        to_before = np.where((before <= at) & (before >= first), at - before, len(self.clear_w_m2))
        nearest = np.where(to_before <= to_after, before, after)
        dark = np.minimum(to_before, to_after) == len(self.clear_w_m2)
        return np.where(dark, 1.0, ghi_w_m2[nearest] / self.clear_w_m2[nearest])

    def irradiance(self, index: Array) -> dict[str, Array]:
        """Give the three irradiances that belong to a clear-sky index.

        Parameters
        ----------
        index : numpy.ndarray
            Clear-sky index, shape (..., T) [-].

        Returns
        -------
        dict of str to numpy.ndarray
            ``ghi_w_m2``, ``dni_w_m2``, ``dhi_w_m2``, each shape (..., T), with GHI = DNI cos(zenith) + DHI.

        References
        ----------
        .. [1] D. G. Erbs, S. A. Klein, J. A. Duffie, "Estimation of the diffuse radiation fraction for hourly, daily
           and monthly-average global radiation", Solar Energy 28 (1982) 293-302,
           :doi:`10.1016/0038-092X(82)90302-4`
        """
        ghi = index * self.clear_w_m2
        split = pvlib.irradiance.erbs(ghi, self.zenith_deg, self.day_of_year)
        return {"ghi_w_m2": ghi, "dni_w_m2": np.asarray(split["dni"]), "dhi_w_m2": np.asarray(split["dhi"])}


def sky_over(site: Site, times: pd.DatetimeIndex, step_minutes: int) -> Sky:
    """Look at the clear sky in the steps that start at `times`.

    Parameters
    ----------
    site : Site
        Latitude, longitude, altitude.
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    step_minutes : int
        Length of a step [min].

    Returns
    -------
    Sky

    References
    ----------
    .. [1] P. Ineichen, "A broadband simplified version of the Solis clear sky model", Solar Energy 82 (2008) 758-762,
       :doi:`10.1016/j.solener.2008.02.009`
    """
    step = pd.Timedelta(minutes=step_minutes)
    per_step = max(1, step_minutes // SAMPLE_MINUTES)
    offsets = (np.arange(per_step) + 0.5) / per_step * step.value
    starts = times.as_unit("ns").asi8[:, None]
    instants = np.concatenate([(starts + offsets.astype(np.int64)).ravel(), starts.ravel() + step.value // 2])
    stamps = pd.DatetimeIndex(instants, tz="UTC")
    sun = pvlib.solarposition.get_solarposition(stamps, site.latitude_deg, site.longitude_deg, site.altitude_m)
    elevation = sun["apparent_elevation"].to_numpy()[: -len(times)]
    up = elevation > 0.0
    pressure_pa = pvlib.atmosphere.alt2pres(site.altitude_m)
    clear = pvlib.clearsky.simplified_solis(np.where(up, elevation, 90.0), pressure=pressure_pa)
    clear_w_m2 = np.where(up, np.asarray(clear["ghi"]), 0.0)
    return Sky(
        clear_w_m2=clear_w_m2.reshape(-1, per_step).mean(axis=1),
        zenith_deg=sun["zenith"].to_numpy()[-len(times) :],
        day_of_year=stamps[-len(times) :].dayofyear.to_numpy().astype(np.int64),
    )
