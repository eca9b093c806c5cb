"""Chlorine disinfection: how acid and temperature bound the flow that a contact basin can make safe. Nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GIARDIA_LOG_REMOVAL = 3.0
KELVIN_AT_0_C = 273.15


def hypochlorous_frac(ph: ArrayLike, temperature_c: ArrayLike) -> Array:
    """Give the share of free chlorine that is hypochlorous acid, the strong disinfectant.

    ``1 / (1 + 10^(pH - pKa))`` with ``pKa = 3000 / T - 10.0686 + 0.0253 T`` [1]_.

    Parameters
    ----------
    ph : array_like
        Acidity [-].
    temperature_c : array_like
        Water temperature [degC].

    Returns
    -------
    numpy.ndarray
        Share [-].

    References
    ----------
    .. [1] J. C. Morris, "The acid ionization constant of HOCl from 5 to 35 degrees", Journal of Physical Chemistry 70
       (1966) 3798-3805, :doi:`10.1021/j100884a007`
    """
    kelvin = np.asarray(temperature_c, float) + KELVIN_AT_0_C
    pka = 3000.0 / kelvin - 10.0686 + 0.0253 * kelvin
    return np.asarray(1.0 / (1.0 + 10.0 ** (np.asarray(ph, float) - pka)))


def giardia_ct_mg_min_l(temperature_c: ArrayLike, ph: ArrayLike, chlorine_mg_l: ArrayLike) -> Array:
    """Give the concentration times contact time that inactivates 99.9 % of *Giardia* cysts.

    ``CT = 0.353 * 3 * (12.006 + exp(2.46 - 0.073 T + 0.125 C + 0.389 pH))`` [1]_; the loss of hypochlorous acid with
    rising pH is part of this regression.

    Parameters
    ----------
    temperature_c : array_like
        Water temperature [degC]; the regression was fitted from 0.5 to 25 degC.
    ph : array_like
        Acidity [-].
    chlorine_mg_l : array_like
        Free chlorine [mg/L].

    Returns
    -------
    numpy.ndarray
        [mg min/L]

    References
    ----------
    .. [1] D. B. Smith, R. M. Clark, B. K. Pierce, S. Regli, "An empirical model for interpolating C*t values for
       chlorine inactivation of Giardia lamblia", Journal of Water Supply: Research and Technology - Aqua 44 (1995)
       203-211
    """
    temperature, acidity, chlorine = (np.asarray(value, float) for value in (temperature_c, ph, chlorine_mg_l))
    growth = np.exp(2.46 - 0.073 * temperature + 0.125 * chlorine + 0.389 * acidity)
    return np.asarray(0.353 * GIARDIA_LOG_REMOVAL * (12.006 + growth))


def largest_flow_m3_h(
    contact_volume_m3: float, baffling_frac: float, temperature_c: ArrayLike, ph: ArrayLike, chlorine_mg_l: ArrayLike
) -> Array:
    """Give the largest flow that stays in the contact basin long enough.

    ``Q = V BF C / CT * 60``.

    Parameters
    ----------
    contact_volume_m3 : float
        Volume of the basin [m3].
    baffling_frac : float
        Share of the mean residence time that 90 % of the water reaches [-].
    temperature_c, ph, chlorine_mg_l : array_like
        Water temperature [degC], acidity [-], free chlorine [mg/L].

    Returns
    -------
    numpy.ndarray
        [m3/h]
    """
    needed = giardia_ct_mg_min_l(temperature_c, ph, chlorine_mg_l)
    return np.asarray(contact_volume_m3 * baffling_frac * np.asarray(chlorine_mg_l, float) / needed * 60.0)
