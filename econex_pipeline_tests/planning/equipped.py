"""The pilot with every limit a device may have: leaks, ramps, least flows, curves, commitments, exclusive flows."""

from econex_pipeline.district import District


def parts(**changes) -> dict:
    return {**changes, "source": "assumption"}


def arcs() -> dict:
    """What is laid over the arcs of the pilot."""
    return {
        "phs_pump": parts(
            commit="day_ahead",
            deviation_usd_m3=0.02,
            minimum_m3_h=2.0,
            ramp_m3_h_per_h=6.0,
            energy_chords=[{"up_to_frac": 0.5, "energy_factor": 1.2}, {"up_to_frac": 1.0, "energy_factor": 0.9}],
        ),
        "phs_turbine": parts(
            turbine_efficiency_frac=0.73,
            commit="day_ahead",
            deviation_usd_m3=0.02,
            ramp_m3_h_per_h=6.0,
            energy_chords=[{"up_to_frac": 0.4, "energy_factor": 1.05}, {"up_to_frac": 1.0, "energy_factor": 0.95}],
        ),
        "raw_2_hub": parts(leak_frac=0.05),
        "potable_hub_1": parts(leak_frac=0.10),
        "line_1_2": parts(capacity_kw=10.0, loss_frac=0.01, commit="day_ahead", deviation_usd_kwh=0.01),
    }


EXCLUSIVE = (
    ("phs_pump", "phs_turbine"),
    ("grid_import", "grid_export"),
    ("battery_1.charge", "battery_1.discharge"),
)


def changed(district: District, **changes) -> District:
    """Validate a district again with some of its fields replaced."""
    return District.model_validate({**district.model_dump(exclude_unset=True), **changes})


def equipped(district: District) -> District:
    data = district.model_dump(exclude_unset=True)
    for name, extra in arcs().items():
        data["arcs"][name] |= extra
    data["treatments"]["treatment"] |= {"minimum_m3_h": 0.05, "ramp_m3_h_per_h": 0.1}
    return changed(district, **{**data, "exclusive": EXCLUSIVE})
