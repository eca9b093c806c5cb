"""COEFFICIENTS rows of the treatments: recovery, energy and capacity for every scenario and step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from econex_pipeline.contracts import TABLES, InputError, tidy
from econex_pipeline.contracts.arrays import NS_PER_H, Profiles
from econex_pipeline.contracts.tables import PROFILE_VALUES
from econex_pipeline.district import District, Treatment
from econex_pipeline.treatment.membrane import Membrane, MembraneState

Array = np.ndarray[Any, np.dtype[Any]]

DETERMINISTIC = 0
_WATER = [PROFILE_VALUES.index(name) for name in ("turbidity_ntu", "water_temperature_c")]


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
    `fit_error_frac` is 0: product and energy are proportional to feed within a step.

    Recovery and energy are those of a new membrane whatever its state; the capacity is that of its state. What fouling
    costs is owed by the water that has passed: waiting does not lessen it, and a cleaning comes with the next m3, not
    with time. Priced as it happens to be, a fouled membrane would be left alone for as long as it is fouled, and so
    never be cleaned, while the raw water runs over.
    """
    blocks = []
    for name, treatment in district.treatments.items():
        rows = profiles[profiles["node"] == treatment.node]
        if rows.empty:
            raise InputError("PROFILES", "node", sorted(profiles["node"].unique()), f"rows of node '{treatment.node}'")
        state = (states or {}).get(name, MembraneState())
        recovery_frac, energy_kwh_m3, capacity_m3_h = _owed_and_possible(
            treatment, state, rows["turbidity_ntu"].to_numpy(), rows["water_temperature_c"].to_numpy()
        )
        elapsed_h = ((rows["time_utc"] - profiles["time_utc"].min()) / pd.Timedelta(hours=1)).to_numpy()
        keys = pd.DataFrame(
            {
                "scenario": rows["scenario"].to_numpy() if "scenario" in rows else DETERMINISTIC,
                "time_utc": rows["time_utc"].to_numpy(),
                "element": name,
            }
        )
        capacity_m3_h = capacity_m3_h * _open_frac(district, state, elapsed_h)
        keys = keys.assign(fit_error_frac=0.0, valid_from_m3_h=0.0, valid_to_m3_h=capacity_m3_h, age_h=elapsed_h)
        for quantity, values in (
            ("recovery_frac", recovery_frac),
            ("energy_kwh_m3", energy_kwh_m3),
            ("capacity_m3_h", capacity_m3_h),
        ):
            blocks.append(keys.assign(quantity=quantity, value=values))
    if not blocks:
        return _empty()
    table = pd.concat(blocks, ignore_index=True)
    return tidy(table.assign(time_utc=pd.to_datetime(table["time_utc"], utc=True)), "COEFFICIENTS")


def coefficients_ahead(
    district: District, profiles: Profiles, states: Mapping[str, MembraneState]
) -> dict[tuple[str, str], Array]:
    """Give the same numbers as `coefficients`, as arrays over the steps of one certain horizon.

    Parameters
    ----------
    district : District
        With its treatments.
    profiles : Profiles
        Expected from the time of the states on.
    states : mapping of str to MembraneState
        By treatment name.

    Returns
    -------
    dict of (str, str) to numpy.ndarray
        By treatment and quantity, shape (T,).

    Raises
    ------
    InputError
        If the profiles have no node of a treatment.
    """
    found: dict[tuple[str, str], Array] = {}
    elapsed_h = (profiles.stamps - profiles.stamps[0]) / NS_PER_H
    for name, treatment in district.treatments.items():
        if treatment.node not in profiles.nodes:
            raise InputError("PROFILES", "node", sorted(profiles.nodes), f"rows of node '{treatment.node}'")
        turbidity_ntu, temperature_c = profiles.values[:, profiles.nodes.index(treatment.node), _WATER].T
        recovery_frac, energy_kwh_m3, capacity_m3_h = _owed_and_possible(
            treatment, states[name], turbidity_ntu, temperature_c
        )
        found[name, "recovery_frac"] = recovery_frac
        found[name, "energy_kwh_m3"] = energy_kwh_m3
        found[name, "capacity_m3_h"] = capacity_m3_h * _open_frac(district, states[name], elapsed_h)
    return found


def _owed_and_possible(
    treatment: Treatment, state: MembraneState, turbidity_ntu: Array, temperature_c: Array
) -> tuple[Array, Array, Array]:
    """Give recovery and energy of a new membrane, and the capacity of this one."""
    now = np.array([[0.0], [state.irreversible_1_m]])
    performance = Membrane(treatment).performance(now, turbidity_ntu, temperature_c)
    return performance.recovery_frac[0], performance.energy_kwh_m3[0], performance.capacity_m3_h[1]


def _open_frac(district: District, state: MembraneState, elapsed_h: Array) -> Array:
    """Share of each step in which no cleaning is under way."""
    share: Array = (elapsed_h + district.step_h - state.cleaning_left_h) / district.step_h
    return np.minimum(np.maximum(share, 0.0), 1.0)


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
