"""One control cycle as rows of OPERATIONS: planned, forecast, asked, delivered, actual, and the controller's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from econex_pipeline.control.choose import Choice, Question
from econex_pipeline.control.coefficients import of_first_step
from econex_pipeline.control.estimate import Estimate
from econex_pipeline.control.fallback import Status
from econex_pipeline.control.learning import predicted_energy
from econex_pipeline.district import District
from econex_pipeline.twin import Measurement, Observation
from econex_pipeline.twin.records import Row, decision_rows, input_rows, measurement_rows

CONTROLLER = "controller"
"""Element under which the controller's own rows stand."""


@dataclass(frozen=True)
class Cycle:
    """One control cycle.

    Attributes
    ----------
    question : Question
        What was to be decided.
    choice : Choice
        What was.
    measurement : Measurement
        What came of it.
    uncorrected : mapping of (str, str) to float
        Coefficients of the step before any correction, by element and quantity.
    believed : Estimate
        What was believed of the state at its start.
    readings : Observation
        What the sensors showed then.
    """

    question: Question
    choice: Choice
    measurement: Measurement
    uncorrected: Mapping[tuple[str, str], float]
    believed: Estimate
    readings: Observation


def rows_of(cycle: Cycle, district: District) -> list[Row]:
    """Put a cycle into rows."""
    question, choice, measurement = cycle.question, cycle.choice, cycle.measurement
    now = measurement.time_utc
    rows: list[Row] = []
    if question.plan is not None:
        rows += [(now, *key, "planned", value) for key, value in question.plan.rates(now).items()]
    asked = {(element, quantity): value for _, element, quantity, _, value in decision_rows(choice.decision, now)}
    rows += [(now, *key, "asked", value) for key, value in {**choice.rates, **asked}.items()]
    if question.horizon is not None:
        rows += input_rows(question.expected, "forecast")
    predicted_kwh = predicted_energy(measurement, of_first_step(question.coefficients))
    uncorrected_kwh = predicted_energy(measurement, cycle.uncorrected)
    rows += measurement_rows(measurement)
    rows += [(now, device, "predicted_kwh", "forecast", energy) for device, energy in predicted_kwh.items()]
    rows += [(now, device, "uncorrected_kwh", "forecast", energy) for device, energy in uncorrected_kwh.items()]
    return rows + _telemetry(cycle, district) + _own(cycle, district, predicted_kwh)


def _telemetry(cycle: Cycle, district: District) -> list[Row]:
    """What was believed of each storage, and which of its sensors was not to be believed."""
    now, believed = cycle.measurement.time_utc, cycle.believed
    rows: list[Row] = [
        (now, name, "stored_kwh" if district.storages[name].layer == "E" else "level_m3", "estimated", amount)
        for name, amount in believed.amounts.items()
    ]
    rows += [(now, name, "contradicted_readings", "delivered", 1.0) for name in believed.surprises]
    missing = [name for name in district.storages if name not in cycle.readings.amounts]
    return rows + [(now, name, "missing_readings", "delivered", 1.0) for name in missing]


def _own(cycle: Cycle, district: District, predicted_kwh: Mapping[str, float]) -> list[Row]:
    choice, measurement = cycle.choice, cycle.measurement
    pumps = [name for name, arc in district.arcs.items() if arc.kind == "pumped"]
    own = {
        "fallback_count": float(choice.status is not Status.OPTIMUM),
        "solve_status": float(choice.status),
        "fallback_cause": float(choice.cause),
        "predicted_pump_kwh": sum(predicted_kwh[name] for name in pumps),
        "simulated_pump_kwh": sum(measurement.consumed_kw[name] for name in pumps) * measurement.step_h,
        "estimate_error_frac": _error_frac(cycle.believed.amounts, measurement, district),
    }
    if choice.plan_age_h is not None:
        own["plan_age_h"] = choice.plan_age_h
    if cycle.readings.amounts:
        own["sensor_error_frac"] = _error_frac(cycle.readings.amounts, measurement, district)
    return [(measurement.time_utc, CONTROLLER, quantity, "delivered", value) for quantity, value in own.items()]


def _error_frac(amounts: Mapping[str, float], measurement: Measurement, district: District) -> float:
    """Root mean square error of stored amounts, each as a share of its capacity."""
    # in the order of the district, not of the readings: a sum must not depend on how a state was saved
    shares = [
        (amounts[name] - measurement.start_amounts[name]) / storage.capacity
        for name, storage in district.storages.items()
        if name in amounts
    ]
    return math.sqrt(sum(share * share for share in shares) / len(shares)) if shares else 0.0
