"""Photovoltaic power of many weather members at once: pvlib's PVWatts chain on arrays (scenario, time).

The chain is that of `pvlib.modelchain.ModelChain` with Hay-Davies transposition, physical incidence-angle modifier,
Faiman cell temperature, PVWatts array, losses and inverter; a test holds the two together. What does not depend on
the member (the sun, the array's geometry) is computed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from econex_pipeline.district import Photovoltaics, Site

Floats = NDArray[np.float64]

GLASS_INDEX = 1.526
GLASS_EXTINCTION_1_M = 4.0
GLASS_THICKNESS_M = 0.002
"""Cover glass of the physical modifier; pvlib's defaults, from De Soto et al. 2006."""

REFRACTION_PRESSURE_PA = 101_000.0
REFRACTION_TEMPERATURE_K = 283.0
REFRACTION_ZERO_C_IN_K = 273.0
REFRACTION_AT_HORIZON_DEG = 0.5667
SUN_RADIUS_DEG = 0.26667
"""Constants of the refraction in NREL's solar position algorithm (Reda and Andreas 2004)."""

LEAST_COS_ZENITH = 0.01745
"""pvlib's floor under Rb: the sun one degree above the horizon."""

STC_CELL_C = 25.0
INVERTER_REFERENCE_FRAC = 0.9637
"""Efficiency of PVWatts' reference inverter (Dobos 2014)."""


@dataclass(frozen=True)
class Sun:
    """The sun over a site at the middles of steps; the same for all members.

    Attributes
    ----------
    zenith_rad : array, shape (T,)
        True zenith, without refraction.
    azimuth_rad : array, shape (T,)
        Clockwise from north.
    refraction_rad : array, shape (T,)
        Refraction per unit of pressure over absolute temperature [rad K / Pa]; zero below the horizon.
    extra_w_m2 : array, shape (T,)
        Extraterrestrial normal irradiance.
    """

    zenith_rad: Floats
    azimuth_rad: Floats
    refraction_rad: Floats
    extra_w_m2: Floats

    @classmethod
    def over(cls, site: Site, middles: pd.DatetimeIndex) -> Sun:
        """Look the sun up.

        Parameters
        ----------
        site : Site
            Latitude, longitude, altitude.
        middles : pandas.DatetimeIndex
            Middles of steps, UTC, shape (T,).

        References
        ----------
        .. [1] Reda, I. and Andreas, A. (2004). Solar position algorithm for solar radiation applications. Solar
           Energy 76, 577-589. :doi:`10.1016/j.solener.2003.12.003`
        """
        sun = pvlib.solarposition.spa_python(middles, site.latitude_deg, site.longitude_deg, site.altitude_m)
        elevation_deg = sun["elevation"].to_numpy()
        up = elevation_deg >= -(SUN_RADIUS_DEG + REFRACTION_AT_HORIZON_DEG)
        bent_deg = 1.02 / (60.0 * np.tan(np.radians(elevation_deg + 10.3 / (elevation_deg + 5.11)))) * up
        return cls(
            zenith_rad=np.radians(sun["zenith"].to_numpy()),
            azimuth_rad=np.radians(sun["azimuth"].to_numpy()),
            refraction_rad=np.radians(bent_deg) * (REFRACTION_TEMPERATURE_K / REFRACTION_PRESSURE_PA),
            extra_w_m2=np.asarray(pvlib.irradiance.get_extra_radiation(middles.dayofyear.to_numpy())),
        )

    def seen(self, places: NDArray[np.int64]) -> Sun:
        """Give the sun of the steps at some positions."""
        return Sun(
            self.zenith_rad[places], self.azimuth_rad[places], self.refraction_rad[places], self.extra_w_m2[places]
        )


def pv_power_kw(
    pv: Photovoltaics,
    sun: Sun,
    ghi_w_m2: Floats,
    dni_w_m2: Floats,
    dhi_w_m2: Floats,
    temperature_air_c: Floats,
    wind_speed_m_s: Floats,
    pressure_pa: Floats,
) -> Floats:
    """Give the alternating-current power of an array for every member and step.

    Parameters
    ----------
    pv : Photovoltaics
        The array and its inverter.
    sun : Sun
        At the middles of the steps.
    ghi_w_m2, dni_w_m2, dhi_w_m2 : array, shape (S, T)
        Irradiance, means over the step [W/m2].
    temperature_air_c : array, shape (S, T)
        Air temperature [degC]; it bends the light as well as warming the cells.
    wind_speed_m_s : array, shape (S, T)
        Wind speed [m/s].
    pressure_pa : array, shape (S, T)
        Air pressure [Pa] (not mbar: a hundredth of the refraction would be left).

    Returns
    -------
    array, shape (S, T)
        Power before curtailment [kW]; NaN where an input is NaN, never a silent zero.

    References
    ----------
    .. [1] Dobos, A. P. (2014). PVWatts version 5 manual. NREL/TP-6A20-62641. :doi:`10.2172/1158421`
    .. [2] De Soto, W., Klein, S. A. and Beckman, W. A. (2006). Improvement and validation of a model for photovoltaic
       array performance. Solar Energy 80, 78-88. :doi:`10.1016/j.solener.2005.06.010`
    .. [3] Faiman, D. (2008). Assessing the outdoor operating temperature of photovoltaic modules. Progress in
       Photovoltaics 16, 307-315. :doi:`10.1002/pip.813`
    """
    power_kw = np.zeros(ghi_w_m2.shape)
    lit = np.flatnonzero(ghi_w_m2.any(axis=0) | dni_w_m2.any(axis=0) | dhi_w_m2.any(axis=0))
    # Time down, members across: what depends on time only is then one factor a row.
    ghi, dni, dhi, air_c, wind, pressure = (
        np.ascontiguousarray(values[:, lit].T)
        for values in (ghi_w_m2, dni_w_m2, dhi_w_m2, temperature_air_c, wind_speed_m_s, pressure_pa)
    )
    cos_zenith, cos_incidence = _angles(pv, sun, lit, air_c, pressure)
    projection = cos_incidence / np.maximum(cos_zenith, LEAST_COS_ZENITH)
    sky = pvlib.irradiance.haydavies(
        pv.tilt_deg, pv.azimuth_deg, dhi, dni, sun.extra_w_m2[lit, None], projection_ratio=projection
    )
    diffuse = sky + pvlib.irradiance.get_ground_diffuse(pv.tilt_deg, ghi, pv.albedo_frac)
    beam = dni * cos_incidence
    cell_c = pvlib.temperature.faiman(beam + diffuse, air_c, wind, pv.faiman_u0_w_m2_c, pv.faiman_u1_w_s_m3_c)
    beam *= _glass_modifier(cos_incidence)
    array_kw = pvlib.pvsystem.pvwatts_dc(
        beam + diffuse, cell_c, pv.capacity_kw * (1.0 - pv.losses_frac), pv.temperature_coefficient_per_c, STC_CELL_C
    )
    power_kw[:, lit] = _inverter_kw(pv, array_kw).T
    return power_kw


def _angles(
    pv: Photovoltaics, sun: Sun, lit: NDArray[np.intp], air_c: Floats, pressure: Floats
) -> tuple[Floats, Floats]:
    """Give the cosines of the apparent zenith and of the angle of incidence (not below 0), each (T, S).

    Refraction lifts the sun by at most 0.01 rad, so that its sine and cosine are short series, exact to rounding, and
    no trigonometric function is called for a member.
    """
    zenith, azimuth = sun.zenith_rad[lit], sun.azimuth_rad[lit] - np.radians(pv.azimuth_deg)
    tilt = np.radians(pv.tilt_deg)
    upright, aslant = np.cos(tilt), np.sin(tilt) * np.cos(azimuth)
    cos_0, sin_0 = np.cos(zenith), np.sin(zenith)
    lift = pressure / (air_c + REFRACTION_ZERO_C_IN_K)
    lift *= sun.refraction_rad[lit, None]
    square = lift * lift
    cos_lift = 1.0 - square * (1.0 / 2 - square * (1.0 / 24))
    sin_lift = lift * (1.0 - square * (1.0 / 6 - square * (1.0 / 120)))
    cos_zenith = cos_0[:, None] * cos_lift + sin_0[:, None] * sin_lift
    in_plane = (upright * cos_0 + aslant * sin_0)[:, None] * cos_lift
    in_plane += (upright * sin_0 - aslant * cos_0)[:, None] * sin_lift
    return cos_zenith, np.clip(in_plane, 0.0, 1.0, out=in_plane)


def _glass_modifier(cos_incidence: Floats) -> Floats:
    """Give the physical incidence-angle modifier from the cosine of the angle; the same as `pvlib.iam.physical`."""
    n = GLASS_INDEX
    cos_in_glass = np.sqrt((1.0 - 1.0 / n**2) + cos_incidence * cos_incidence * (1.0 / n**2))
    across = ((cos_incidence - n * cos_in_glass) / (cos_incidence + n * cos_in_glass)) ** 2
    along = ((cos_in_glass - n * cos_incidence) / (cos_in_glass + n * cos_incidence)) ** 2
    absorbed = np.exp(GLASS_EXTINCTION_1_M * GLASS_THICKNESS_M * (1.0 - 1.0 / cos_in_glass))
    head_on = 1.0 - ((1.0 - n) / (1.0 + n)) ** 2
    return (1.0 - 0.5 * (across + along)) * absorbed / head_on


def _inverter_kw(pv: Photovoltaics, array_kw: Floats) -> Floats:
    """P_ac = eta_nom / eta_ref (-0.0162 z - 0.0059 / z + 0.9858) P_dc, with z = P_dc / P_dc0, within 0 and P_ac0  [kW].

    Written as a polynomial in P_dc, it needs no division at night.
    """
    output_kw = pv.capacity_kw / pv.dc_ac_ratio
    input_kw = output_kw / pv.inverter_efficiency_frac
    power_kw = array_kw * (0.9858 - (0.0162 / input_kw) * array_kw)
    power_kw -= 0.0059 * input_kw
    power_kw *= pv.inverter_efficiency_frac / INVERTER_REFERENCE_FRAC
    return np.clip(power_kw, 0.0, output_kw, out=power_kw)
