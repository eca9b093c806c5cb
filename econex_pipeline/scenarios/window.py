"""What is known of the steps of a window before any weather is: calendar, clear sky, climatology."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econex_pipeline.contracts import InputError
from econex_pipeline.district import District
from econex_pipeline.scenarios import law
from econex_pipeline.scenarios.climatology import Climatology, Slots
from econex_pipeline.scenarios.scores import NormalScores, mean_of_broken_line
from econex_pipeline.scenarios.sky import Sky, sky_over
from econex_pipeline.scenarios.trace import temperature_response

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

COLDEST_C = -60.0
RESPONSE_SCORES = np.linspace(-4.0, 4.0, 81)  # at which the response to temperature is looked up


@dataclass(frozen=True)
class Window:
    """Steps and what is usual in them.

    Attributes
    ----------
    times : pandas.DatetimeIndex
        Step starts, UTC, shape (T,).
    slots : Slots
        Their places in the local calendar.
    sky : Sky
        The clear sky over them.
    index, temperature : NormalScores
        Maps between clear-sky index, temperature [degC] and their scores.
    """

    times: pd.DatetimeIndex
    slots: Slots
    sky: Sky
    index: NormalScores
    temperature: NormalScores

    @classmethod
    def over(cls, district: District, climatology: Climatology, times: pd.DatetimeIndex) -> Window:
        """Look at a window of a district.

        Raises
        ------
        InputError
            If the climatology was fitted on another step.
        """
        if climatology.step_minutes != district.step_minutes:
            raise InputError("climatology", "step_minutes", climatology.step_minutes, f"{district.step_minutes} min")
        slots = climatology.slots(times, district.site.utc_offset_h)
        return cls(
            times=times,
            slots=slots,
            sky=sky_over(district.site, times, district.step_minutes),
            index=climatology.normal_scores(slots, "clear_sky_index", 0.0, bounded_above=True),
            temperature=climatology.normal_scores(slots, "temperature_c", COLDEST_C, bounded_above=False),
        )

    def expected_response(
        self, temperature_scores: Array, rho: Array, frac_per_c: float, places: Whole | None = None
    ) -> Array:
        """Give the mean temperature response of demand given temperature's conditional mean score.

        Parameters
        ----------
        temperature_scores, rho : numpy.ndarray
            Shape (T,), or that of `places`.
        frac_per_c : float
            Growth of demand per degree [1/degC].
        places : numpy.ndarray of int, optional
            Positions of the steps meant, shape (I, W); all of them without.

        Returns
        -------
        numpy.ndarray
            Shape of the scores.
        """
        knots = np.broadcast_to(RESPONSE_SCORES[:, None], (len(RESPONSE_SCORES), len(self.times)))
        response = temperature_response(self.temperature.value(knots), frac_per_c).T
        if places is not None:
            response = response[places]
        level = np.zeros(response.shape[:-1])
        return mean_of_broken_line(
            np.broadcast_to(RESPONSE_SCORES, response.shape), response, level, temperature_scores, law.residual_sd(rho)
        )
