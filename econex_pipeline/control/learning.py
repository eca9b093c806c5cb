"""From one step's measurement to what the controller learns of its pumps, turbines and treatments."""

from __future__ import annotations

from collections.abc import Mapping

from econex_pipeline.control.correction import Corrections
from econex_pipeline.district import District
from econex_pipeline.twin import Measurement

LEAST_RUN_S = 60
"""A shorter run says little of a device [s]."""

_INLET = {"mains_import": "mains"}


def learn(
    corrections: Corrections, said: Mapping[tuple[str, str], float], measurement: Measurement, district: District
) -> Corrections:
    """Compare a step with what the uncorrected coefficients said of it.

    Parameters
    ----------
    corrections : Corrections
        What was known before.
    said : mapping of (str, str) to float
        Coefficients of the step before any correction, by element and quantity.
    measurement : Measurement
        What came.
    district : District
        Which device does what.
    """
    step_h = measurement.step_h
    for element, run_s in measurement.run_s.items():
        device, moved_m3 = _INLET.get(element, element), measurement.flows_m3_h[element] * step_h
        if run_s < LEAST_RUN_S or moved_m3 <= 0.0:
            continue
        ran_h = run_s / 3600.0
        predicted_m3 = said.get((device, "rated_flow_m3_h"), 0.0) * ran_h
        corrections = corrections.learn(device, "rated_flow_m3_h", moved_m3, predicted_m3)
        for quantity, powers in (
            ("energy_kwh_m3", measurement.consumed_kw),
            ("yield_kwh_m3", measurement.generated_kw),
            ("recovery_kwh_m3", measurement.generated_kw),
        ):
            if device in powers and (device, quantity) in said:
                predicted_kwh = said[device, quantity] * moved_m3
                corrections = corrections.learn(device, quantity, powers[device] * step_h, predicted_kwh)
    for name in district.treatments:
        predicted_kw = said.get((name, "energy_kwh_m3"), 0.0) * measurement.flows_m3_h[name]
        corrections = corrections.learn(name, "energy_kwh_m3", measurement.consumed_kw[name], predicted_kw)
    return corrections


def pump_energy(
    measurement: Measurement, said: Mapping[tuple[str, str], float], district: District
) -> tuple[float, float]:
    """Give the energy that pumps should have used for what they delivered, and what they used [kWh].

    Parameters
    ----------
    measurement : Measurement
        What came.
    said : mapping of (str, str) to float
        Coefficients the step was decided with.
    district : District
        Which arcs are pumped.
    """
    pumps = [name for name, arc in district.arcs.items() if arc.kind == "pumped"]
    predicted_kw = sum(said.get((name, "energy_kwh_m3"), 0.0) * measurement.flows_m3_h[name] for name in pumps)
    simulated_kw = sum(measurement.consumed_kw[name] for name in pumps)
    return predicted_kw * measurement.step_h, simulated_kw * measurement.step_h
