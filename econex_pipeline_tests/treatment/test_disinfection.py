"""Disinfection against tabled values that were not computed with these formulas."""

import pytest

from econex_pipeline.treatment import Membrane, giardia_ct_mg_min_l, hypochlorous_frac, largest_flow_m3_h

# US EPA guidance manual, tables C: CT for 3-log inactivation of Giardia by free chlorine
EPA_TABLE = [
    (0.5, 7.0, 1.0, 210),
    (5.0, 7.5, 1.0, 179),
    (10.0, 7.0, 1.0, 112),
    (15.0, 7.5, 1.2, 92),
    (20.0, 7.0, 1.0, 56),
]


@pytest.mark.parametrize(("temperature_c", "ph", "chlorine", "tabled"), EPA_TABLE)
def test_contact_time_agrees_with_the_tables_of_the_regulator(temperature_c, ph, chlorine, tabled):
    """The regression is on the safe side of the tables by up to 12 %."""
    assert 0.97 * tabled < float(giardia_ct_mg_min_l(temperature_c, ph, chlorine)) < 1.12 * tabled


def test_half_the_chlorine_is_hypochlorous_acid_at_its_pka():
    """pKa 7.54 at 25 degC is the textbook value."""
    assert float(hypochlorous_frac(7.54, 25.0)) == pytest.approx(0.5, abs=0.01)
    assert float(hypochlorous_frac(6.0, 25.0)) > 0.96
    assert float(hypochlorous_frac(9.0, 25.0)) < 0.05


def test_safe_flow_keeps_the_water_in_the_basin_for_its_contact_time():
    flow_m3_h = float(largest_flow_m3_h(0.6, 0.5, 20.0, 7.5, 1.0))
    minutes = 0.6 * 0.5 / flow_m3_h * 60.0
    assert minutes * 1.0 == pytest.approx(float(giardia_ct_mg_min_l(20.0, 7.5, 1.0)))


def test_cold_or_alkaline_water_slows_the_plant(district):
    treatment = district.treatments["treatment"]
    mild = Membrane(treatment).performance(0.0, 15.0, 22.0).capacity_m3_h
    cold = Membrane(treatment).performance(0.0, 15.0, 6.0).capacity_m3_h
    alkaline = Membrane(treatment.model_copy(update={"water_ph": 8.5})).performance(0.0, 15.0, 22.0).capacity_m3_h
    assert cold < 0.5 * mild
    assert alkaline < 0.9 * mild
