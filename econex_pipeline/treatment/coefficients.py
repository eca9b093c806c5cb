"""COEFFICIENTS rows of the treatments: recovery, energy and capacity for every scenario and step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from econex_pipeline.contracts import TABLES, InputError, tidy
from econex_pipeline.district import District
from econex_pipeline.treatment.membrane import Membrane, MembraneState

DETERMINISTIC = 0


def coefficients(
    district: District, profiles: pd.DataFrame, states: Mapping[str, MembraneState] | None = None
) -> pd.DataFrame:
    """Linearize every treatment of the district at its state and at each step's raw water.

    Parameters
    ----------
    district : District
        With its treatments.
    profiles : pandas.DataFrame
        PROFILES, MEMBER_PROFILES or SCENARIOS; its first time stamp is the time of the states.
    states : mapping of str to MembraneState, optional
        By treatment name; a new membrane where one is missing.

    Returns
    -------
    pandas.DataFrame
        COEFFICIENTS: ``recovery_frac``, ``energy_kwh_m3`` (per m3 of feed), ``capacity_m3_h`` (feed). Scenario 0
        where the profiles have no scenario.

    Raises
    ------
    InputError
        If the profiles have no row at the node of a treatment.

    Notes
    -----
    `fit_error_frac` is 0: product and energy are proportional to feed within a step. Over days the coefficients drift
    with fouling, which is why they are made anew at each issue.
    """
    blocks = []
    for name, treatment in district.treatments.items():
        rows = profiles[profiles["node"] == treatment.node]
        if rows.empty:
            raise InputError("PROFILES", "node", sorted(profiles["node"].unique()), f"rows of node '{treatment.node}'")
        state = (states or {}).get(name, MembraneState())
        performance = Membrane(treatment).performance(
            state.irreversible_1_m, rows["turbidity_ntu"].to_numpy(), rows["water_temperature_c"].to_numpy()
        )
        elapsed_h = ((rows["time_utc"] - profiles["time_utc"].min()) / pd.Timedelta(hours=1)).to_numpy()
        open_frac = np.clip((elapsed_h + district.step_h - state.cleaning_left_h) / district.step_h, 0.0, 1.0)
        keys = pd.DataFrame(
            {
                "scenario": rows["scenario"].to_numpy() if "scenario" in rows else DETERMINISTIC,
                "time_utc": rows["time_utc"].to_numpy(),
                "element": name,
            }
        )
        capacity_m3_h = performance.capacity_m3_h * open_frac
        keys = keys.assign(fit_error_frac=0.0, valid_from_m3_h=0.0, valid_to_m3_h=capacity_m3_h, age_h=elapsed_h)
        for quantity, values in (
            ("recovery_frac", performance.recovery_frac),
            ("energy_kwh_m3", performance.energy_kwh_m3),
            ("capacity_m3_h", capacity_m3_h),
        ):
            blocks.append(keys.assign(quantity=quantity, value=values))
    if not blocks:
        return _empty()
    table = pd.concat(blocks, ignore_index=True)
    return tidy(table.assign(time_utc=pd.to_datetime(table["time_utc"], utc=True)), "COEFFICIENTS")


def _empty() -> pd.DataFrame:
    """A district without a treatment has no rows to add."""
    return tidy(
        pd.DataFrame(
            {
                "scenario": pd.Series(dtype="int64"),
                "time_utc": pd.Series(dtype="datetime64[ns, UTC]"),
                "element": pd.Series(dtype="object"),
                "quantity": pd.Series(dtype="object"),
                **{name: pd.Series(dtype="float64") for name in TABLES["COEFFICIENTS"].values},
            }
        ),
        "COEFFICIENTS",
    )
