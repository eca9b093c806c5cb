"""The oracle of photovoltaic power: pvlib's own ModelChain, one member at a time."""

import numpy as np
import pandas as pd
from pvlib.location import Location
from pvlib.modelchain import ModelChain
from pvlib.pvsystem import Array, FixedMount, PVSystem

from econex_pipeline.district import Photovoltaics, Site

NO_LOSS = dict.fromkeys(
    ("shading", "snow", "mismatch", "wiring", "connections", "lid", "nameplate_rating", "age", "availability"), 0.0
)
PVLIB_NAMES = {
    "ghi_w_m2": "ghi",
    "dni_w_m2": "dni",
    "dhi_w_m2": "dhi",
    "temperature_air_c": "temp_air",
    "wind_speed_m_s": "wind_speed",
    "pressure_pa": "pressure",
}


def model_chain(pv: Photovoltaics, site: Site) -> ModelChain:
    """The same array and inverter, in pvlib's words."""
    array = Array(
        FixedMount(pv.tilt_deg, pv.azimuth_deg),
        albedo=pv.albedo_frac,
        module_parameters={"pdc0": pv.capacity_kw, "gamma_pdc": pv.temperature_coefficient_per_c},
        temperature_model_parameters={"u0": pv.faiman_u0_w_m2_c, "u1": pv.faiman_u1_w_s_m3_c},
    )
    inverter = {
        "pdc0": pv.capacity_kw / pv.dc_ac_ratio / pv.inverter_efficiency_frac,
        "eta_inv_nom": pv.inverter_efficiency_frac,
    }
    system = PVSystem(
        arrays=[array],
        inverter_parameters=inverter,
        losses_parameters={"soiling": pv.losses_frac * 100, **NO_LOSS},
    )
    return ModelChain(
        system,
        Location(site.latitude_deg, site.longitude_deg, tz="UTC", altitude=site.altitude_m),
        transposition_model="haydavies",
        dc_model="pvwatts",
        ac_model="pvwatts",
        aoi_model="physical",
        spectral_model="no_loss",
        temperature_model="faiman",
        losses_model="pvwatts",
    )


def inputs(weather: pd.DataFrame, step_h: float = 1.0) -> pd.DataFrame:
    """A member's weather as ModelChain wants it: stamped at the middles of the steps."""
    middles = pd.DatetimeIndex(weather["time_utc"]) + pd.Timedelta(hours=step_h) / 2
    return weather[list(PVLIB_NAMES)].rename(columns=PVLIB_NAMES).set_axis(middles)


def model_chain_kw(chain: ModelChain, weather: pd.DataFrame) -> np.ndarray:
    """Power of one member, shape (T,) [kW]."""
    return np.asarray(chain.run_model(weather).results.ac)
