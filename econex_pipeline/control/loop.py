"""One hour of the closed loop: estimate, refresh the coefficients, solve the horizon, act, record what came.

The controller sees forecasts, prices and its plan as tables; what really happens reaches it through the twin only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from econex_pipeline.contracts import tidy
from econex_pipeline.contracts.time import HOURS_PER_DAY
from econex_pipeline.control.decide import Rates, decision_of, rated_flows, rates_at
from econex_pipeline.control.estimate import Estimate, estimate
from econex_pipeline.control.learning import learn, pump_energy
from econex_pipeline.control.rules import by_rules, situation_of
from econex_pipeline.control.state import ControlState, HourRecord
from econex_pipeline.district import District
from econex_pipeline.hydraulics import WaterNetwork, linearize
from econex_pipeline.planning import Answer, Basis, build_network, end_values_from_plan, solve_horizon
from econex_pipeline.treatment import coefficients as treatment_coefficients
from econex_pipeline.twin import Decision, Exogenous, Measurement, Twin, TwinState
from econex_pipeline.twin.records import Row, decision_rows, input_rows, measurement_rows, operations_table, state_table

OPTIMAL, LAST_GOOD_PLAN, RULES = 0, 1, 2
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
        parts = [part for part in (water, treatment) if not part.empty]
        return tidy(pd.concat(parts, ignore_index=True), "COEFFICIENTS")


@dataclass(frozen=True)
class _Choice:
    """A decision and where it comes from."""

    decision: Decision
    expected: Rates
    status: int
    basis: Basis | None
    message: str


def operate_hour(
    controller: Controller,
    state: ControlState,
    forecast: pd.DataFrame,
    actual: pd.DataFrame,
    prices: pd.DataFrame,
    plan: pd.DataFrame | None = None,
) -> HourRecord:
    """Operate one hour: as many control cycles as the district's step asks for.

    Parameters
    ----------
    controller : Controller
        Controller and plant.
    state : ControlState
        Where the hour starts.
    forecast : pandas.DataFrame
        PROFILES as expected at the issue of this hour, 24 h from its start on (or what is left of it).
    actual : pandas.DataFrame
        PROFILES as they come; only the twin reads them.
    prices : pandas.DataFrame
        PRICES over the horizon.
    plan : pandas.DataFrame, optional
        PLAN of the day: its schedule is what deviation is counted from, its marginal values end the horizon, its
        expectation is the first fallback.

    Returns
    -------
    HourRecord
        What was planned, asked, delivered, and the state at the end of the hour.

    Raises
    ------
    InputError
        If `actual` lacks a step of the hour, or `forecast` its first one.
    """
    district = controller.district
    cycles = round(1.0 / district.step_h)
    rows: list[Row] = []
    states: list[TwinState] = [state.twin]
    tables: list[pd.DataFrame] = []
    messages: list[str] = []
    for _ in range(cycles):
        now = state.time_utc
        horizon = _horizon(forecast, now)
        expected = Exogenous.from_profiles(horizon, now)
        believed = estimate(controller.twin.observe(state.twin), district)
        raw = controller.coefficients(believed, horizon)
        corrected = state.corrections.apply(raw)
        choice = _choose(controller, state, believed, horizon, corrected, prices, plan)
        after, measurement = controller.twin.step(state.twin, choice.decision, Exogenous.from_profiles(actual, now))
        rows += _record(choice, expected, measurement, plan, corrected, district)
        if choice.status != OPTIMAL:
            messages.append(choice.message)
        tables.append(corrected[corrected["time_utc"] == now])
        states.append(after)
        state = ControlState(after, learn(state.corrections, raw, measurement, district), choice.basis)
    return HourRecord(
        operations=operations_table(rows),
        states=state_table(states),
        coefficients=tidy(pd.concat(tables, ignore_index=True), "COEFFICIENTS"),
        state=state,
        fallbacks=len(messages),
        messages=tuple(messages),
    )


def _horizon(forecast: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """Take the next 24 h out of a forecast."""
    end = now + pd.Timedelta(hours=HOURS_PER_DAY)
    return forecast[(forecast["time_utc"] >= now) & (forecast["time_utc"] < end)].reset_index(drop=True)


def _choose(
    controller: Controller,
    state: ControlState,
    believed: Estimate,
    horizon: pd.DataFrame,
    coefficients: pd.DataFrame,
    prices: pd.DataFrame,
    plan: pd.DataFrame | None,
) -> _Choice:
    """Decide by the horizon's optimum; where there is none, by the day's plan; where that does not reach, by rules."""
    now = state.time_utc
    rated = rated_flows(coefficients, now)
    try:
        answer = controller.solve(
            controller.network,
            horizon,
            coefficients,
            prices,
            believed.amounts,
            plan,
            _end_values(controller, horizon, plan),
            basis=state.basis,
            time_limit_s=controller.time_limit_s,
        )
        found, message, basis = answer.plan, answer.message, answer.basis
    except Exception as problem:  # the loop goes on whatever a solve does; the record says what happened
        found, message, basis = None, f"{type(problem).__name__}: {problem}", None
    if found is not None:
        rates = rates_at(found, now)
        return _Choice(decision_of(rates, rated, Exogenous.from_profiles(horizon, now)), rates, OPTIMAL, basis, message)
    rates = rates_at(plan, now) if plan is not None else {}
    if rates:
        return _Choice(
            decision_of(rates, rated, Exogenous.from_profiles(horizon, now)),
            rates,
            LAST_GOOD_PLAN,
            state.basis,
            message,
        )
    situation = situation_of(believed.amounts, horizon, coefficients, prices, now)
    return _Choice(by_rules(controller.district, situation), {}, RULES, state.basis, message)


def _end_values(controller: Controller, horizon: pd.DataFrame, plan: pd.DataFrame | None) -> Mapping:
    """Take the value of what is left from the plan at the horizon's end; from the district where it does not reach."""
    end = horizon["time_utc"].max() + pd.Timedelta(hours=controller.district.step_h)
    if plan is not None and (plan["time_utc"] == end).any():
        return end_values_from_plan(controller.network, plan, end)
    return dict(controller.network.end_values)


def _record(
    choice: _Choice,
    expected: Exogenous,
    measurement: Measurement,
    plan: pd.DataFrame | None,
    coefficients: pd.DataFrame,
    district: District,
) -> list[Row]:
    """Put one cycle into rows: planned, asked, forecast, delivered, actual, and the controller's own."""
    now = measurement.time_utc
    rows: list[Row] = []
    if plan is not None:
        rows += [(now, *key, "planned", value) for key, value in rates_at(plan, now).items()]
    asked = {(element, quantity): value for _, element, quantity, _, value in decision_rows(choice.decision, now)}
    rows += [(now, *key, "asked", value) for key, value in {**choice.expected, **asked}.items()]
    rows += input_rows(expected, "forecast") + measurement_rows(measurement)
    predicted, simulated = pump_energy(measurement, coefficients, district)
    own = {
        "fallback_count": float(choice.status != OPTIMAL),
        "solve_status": float(choice.status),
        "predicted_pump_kwh": predicted,
        "simulated_pump_kwh": simulated,
    }
    return rows + [(now, "controller", quantity, "delivered", value) for quantity, value in own.items()]
