"""The controller of a district: its own models of the plant, its solver, and the plant it stands in front of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.control.estimate import Estimate, estimate
from econex_pipeline.control.state import ControlState
from econex_pipeline.district import District
from econex_pipeline.hydraulics import WaterNetwork, linearize
from econex_pipeline.planning import Answer, build_network, solve_horizon
from econex_pipeline.treatment import coefficients as treatment_coefficients
from econex_pipeline.twin import Twin

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
        Solver of the horizon, with the signature of `planning.solve_horizon`.
    time_limit_s : float
        Time a solve may take [s].

    Notes
    -----
    The controller's own hydraulic network follows the drawing; the twin's does not.
    """

    def __init__(
        self,
        district: District,
        twin: Twin | None = None,
        solve: Callable[..., Answer] = solve_horizon,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        self.district = district
        self.twin = Twin(district) if twin is None else twin
        self.solve, self.time_limit_s = solve, time_limit_s
        self.network = build_network(district)
        self.water = WaterNetwork(district.network_path, district.twin.substep_s)

    def start(self, time_utc: pd.Timestamp, amounts: Mapping[str, float] | None = None) -> ControlState:
        """Give the state at which a first hour starts: the district's start levels, nothing learnt yet."""
        return ControlState(self.twin.initial_state(time_utc, amounts))

    def believe(self, state: ControlState) -> Estimate:
        """Estimate the state of the plant from what its sensors show."""
        return estimate(self.twin.observe(state.twin), self.district)

    def coefficients(self, believed: Estimate, profiles: pd.DataFrame) -> pd.DataFrame:
        """Linearize the controller's own models at the believed state, for the steps of the profiles.

        Parameters
        ----------
        believed : Estimate
            Levels and membranes.
        profiles : pandas.DataFrame
            PROFILES.

        Returns
        -------
        pandas.DataFrame
            COEFFICIENTS of scenario 0, before any correction.
        """
        times = pd.DatetimeIndex(profiles["time_utc"].unique())
        water = linearize(self.district, self.water, believed.levels_m3(self.district), times)
        treatment = treatment_coefficients(self.district, profiles, believed.membranes)
        return tidy(pd.concat([water, treatment], ignore_index=True), "COEFFICIENTS")
