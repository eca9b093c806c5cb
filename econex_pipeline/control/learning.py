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


def predicted_energy(measurement: Measurement, said: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """Give the energy that each device should have used or made for what it moved [kWh].

    Parameters
    ----------
    measurement : Measurement
        What it moved.
    said : mapping of (str, str) to float
        Coefficients of the step, by element and quantity.
    """
    flows = measurement.flows_m3_h | {device: measurement.flows_m3_h.get(flow, 0.0) for flow, device in _INLET.items()}
    rates = {name: said.get((name, "energy_kwh_m3"), 0.0) for name in measurement.consumed_kw}
    for name in measurement.generated_kw:
        rates[name] = said.get((name, "yield_kwh_m3"), said.get((name, "recovery_kwh_m3"), 0.0))
    return {name: rate * flows[name] * measurement.step_h for name, rate in rates.items()}
