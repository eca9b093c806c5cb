from econex_pipeline.control import Controller, estimate
from econex_pipeline.twin import Observation
from econex_pipeline_tests.twin.synthetic import START, hours, sunny_profiles


def amounts_of(district, **changes):
    return {name: storage.start for name, storage in district.storages.items()} | changes


def test_an_impossible_reading_is_brought_back_to_its_limits(district):
    shown = Observation(START, amounts_of(district, cistern=20.3, raw_tank=-0.01), {})
    believed = estimate(shown, district)
    assert believed.amounts["cistern"] == 20.0
    assert believed.amounts["raw_tank"] == 0.0
    assert believed.levels_m3(district)["CISTERN"] == 20.0


def test_a_district_of_batteries_alone_has_no_coefficients(district):
    mains = district.utilities.model_copy(update={"mains": None})
    parts = {"storages": district.batteries, "arcs": {}, "treatments": {}, "end_values": {}, "utilities": mains}
    controller = Controller(district.model_copy(update=parts))
    believed = controller.believe(controller.start(START))
    assert controller.coefficients(believed, sunny_profiles(district, hours(24))).empty
