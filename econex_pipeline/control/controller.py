"""The controller of a district: its own models of the plant, its solver, and the plant it stands in front of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pandas as pd

from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.coefficients import Coefficients, with_outages
from econex_pipeline.control.estimate import Estimate, estimate
from econex_pipeline.control.reasons import Explainer
from econex_pipeline.control.state import ControlState
from econex_pipeline.control.telemetry import Telemetry
from econex_pipeline.district import District
from econex_pipeline.hydraulics import WaterNetwork, coefficients_at
from econex_pipeline.planning import NextStep, build_network, solve_step
from econex_pipeline.treatment import coefficients_ahead
from econex_pipeline.twin import Observation, Twin

TIME_LIMIT_S = 30.0


class Controller:
    """The controller of a district, and the plant it stands in front of.

    Parameters
    ----------
    district : District
        What stands there.
    twin : Twin, optional
        The plant; by default one with the district's hidden mismatch.
    solve : callable, optional
        Solver of the horizon, with the signature of `planning.solve_step`.
    time_limit_s : float
        Time a solve may take [s].
    telemetry : Telemetry, optional
        Where readings come from; by default the twin.
    horizon_h : float
        How far a solve looks ahead [h].

    Notes
    -----
    The controller's own hydraulic network follows the drawing; the twin's does not.
    """

    def __init__(
        self,
        district: District,
        twin: Twin | None = None,
        solve: Callable[..., NextStep] = solve_step,
        time_limit_s: float = TIME_LIMIT_S,
        telemetry: Telemetry | None = None,
        horizon_h: float = HOURS_PER_DAY,
    ) -> None:
        self.district = district
        self.twin = Twin(district) if twin is None else twin
        self.solve, self.time_limit_s, self.horizon_h = solve, time_limit_s, horizon_h
        self.network = build_network(district)
        self.water = WaterNetwork(district.network_path, district.twin.substep_s)
        self.telemetry = self.twin if telemetry is None else telemetry
        self.explain = Explainer(self.network, district.site.civil_time_zone)

    def start(self, time_utc: pd.Timestamp, amounts: Mapping[str, float] | None = None) -> ControlState:
        """Give the state at which a first hour starts: the district's start levels, nothing learnt yet."""
        return ControlState(self.twin.initial_state(time_utc, amounts))

    def believe(self, state: ControlState, readings: Observation | None = None) -> Estimate:
        """Estimate the state of the plant from what was expected of it and what its sensors show.

        Parameters
        ----------
        state : ControlState
            Its belief is what was expected.
        readings : Observation, optional
            What the sensors show; they are read where it is not given.
        """
        shown = self.telemetry.observe(state.twin) if readings is None else readings
        return estimate(shown, self.district, state.belief)

    def coefficients(self, believed: Estimate, expected: Profiles, out: Collection[str] = ()) -> Coefficients:
        """Linearize the controller's own models at the believed state.

        Parameters
        ----------
        believed : Estimate
            Levels and membranes.
        expected : Profiles
            Raw water over the steps to cover, from the time of the state on.
        out : collection of str, optional
            Of ``grid`` and ``mains``, what the sensors show to be out.

        Returns
        -------
        Coefficients
            Before any correction.
        """
        water = coefficients_at(self.district, self.water, believed.levels_m3(self.district))
        found: Coefficients = {**water, **coefficients_ahead(self.district, expected, believed.membranes)}
        return with_outages(found, self.district, expected.stamps, out)
