import math

import pytest

from econex_pipeline.contracts.arrays import Profiles
from econex_pipeline.control import Controller, Estimate, estimate
from econex_pipeline.control.estimate import GATE, STALE_AFTER_H, predict
from econex_pipeline.control.telemetry import metered_change
from econex_pipeline.twin import Observation
from econex_pipeline_tests.twin.synthetic import START, hours, sunny_profiles


def amounts_of(district, **changes):
    return {name: storage.start for name, storage in district.storages.items()} | changes


def heard(amounts):
    return Observation(START, amounts, {}, dict.fromkeys(amounts, 0.0))


def believed(district, sd_frac=0.001, age_h=1.0, **changes):
    amounts = amounts_of(district, **changes)
    sds = {name: sd_frac * storage.capacity for name, storage in district.storages.items()}
    return Estimate(amounts, {}, sds, dict.fromkeys(amounts, age_h))


def test_an_impossible_reading_is_brought_back_to_its_limits(district):
    shown = heard(amounts_of(district, cistern=20.3, raw_tank=-0.01))
    first = estimate(shown, district)
    assert first.amounts["cistern"] == 20.0
    assert first.amounts["raw_tank"] == 0.0
    assert first.levels_m3(district)["CISTERN"] == 20.0


def test_two_equally_good_witnesses_are_averaged(district):
    """Meters and sensor of the same doubt: the truth is looked for halfway, with half the variance."""
    noise = district.twin.measurement_noise_frac
    shown = heard(amounts_of(district, cistern=5.1))
    found = estimate(shown, district, believed(district, noise, cistern=5.0))
    assert found.amounts["cistern"] == pytest.approx(5.05)
    assert found.sds["cistern"] == pytest.approx(noise * 20.0 / math.sqrt(2.0))
    assert found.ages_h["cistern"] == 0.0


def test_a_reading_that_meters_contradict_is_refused(district):
    expected = believed(district, cistern=5.0)
    doubt = math.hypot(0.001, district.twin.measurement_noise_frac) * 20.0
    for surprise, refused in ((0.99 * GATE * doubt, ()), (1.01 * GATE * doubt, ("cistern",))):
        found = estimate(heard(amounts_of(district, cistern=5.0 + surprise)), district, expected)
        assert found.refused == refused
        assert (found.amounts["cistern"] == 5.0) == bool(refused)
        assert found.ages_h["cistern"] == (1.0 if refused else 0.0)


def test_a_silent_sensor_leaves_the_meters_alone_and_doubt_grows(district, day):
    step = day[12].measurements[0]
    known = believed(district, age_h=0.0)
    doubts = []
    for _ in range(int(STALE_AFTER_H)):
        assert not known.stale
        expected = predict(known, step, district)
        change, _ = metered_change(step, district)["upper_basin"]
        assert expected.amounts["upper_basin"] == pytest.approx(known.amounts["upper_basin"] + change)
        known = estimate(heard({}), district, expected)
        doubts.append(known.sds["upper_basin"])
    assert doubts == sorted(doubts)
    assert set(known.stale) == set(district.storages)


def test_meters_account_for_what_is_stored(district, drawn_day):
    """On a plant that equals its drawing the change of every storage is what its meters say."""
    for record in drawn_day:
        for step in record.measurements:
            for name, (change, _) in metered_change(step, district).items():
                came = step.end_amounts[name] - step.start_amounts[name]
                assert change == pytest.approx(came, abs=1e-3 * district.storages[name].capacity)


def test_a_slow_fault_of_the_meters_does_not_shut_the_sensor_out_for_ever(district, day):
    """Meters lose 0.15 % of the tank each hour: the sensor is refused at times, and taken again as doubt grows."""
    step = day[12].measurements[0]
    known, true, longest = believed(district, age_h=0.0), district.storages["cistern"].start, 0.0
    for _ in range(100):
        true -= 0.0015 * 20.0
        shown = heard(amounts_of(district, cistern=true))
        expected = predict(known, step, district)
        drift = metered_change(step, district)["cistern"][0]
        expected.amounts["cistern"] -= drift  # nothing flows in this story
        known = estimate(shown, district, expected)
        longest = max(longest, known.ages_h["cistern"])
        assert abs(known.amounts["cistern"] - true) < 0.02 * 20.0
    assert longest < STALE_AFTER_H


def test_an_estimate_survives_being_saved(district, day):
    known = predict(believed(district, sd_frac=1.0 / 3.0), day[7].measurements[0], district)
    assert Estimate.from_dict(known.to_dict()) == known


def test_a_district_of_batteries_alone_has_no_coefficients(district):
    mains = district.utilities.model_copy(update={"mains": None})
    parts = {"storages": district.batteries, "arcs": {}, "treatments": {}, "end_values": {}, "utilities": mains}
    controller = Controller(district.model_copy(update=parts))
    first = controller.believe(controller.start(START))
    assert controller.coefficients(first, Profiles.from_table(sunny_profiles(district, hours(24)))) == {}
