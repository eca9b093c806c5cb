from econex_pipeline.control import estimate
from econex_pipeline.twin import Observation
from econex_pipeline_tests.twin.synthetic import START


def amounts_of(district, **changes):
    return {name: storage.start for name, storage in district.storages.items()} | changes


def test_an_impossible_reading_is_brought_back_to_its_limits(district):
    shown = Observation(START, amounts_of(district, cistern=20.3, raw_tank=-0.01), {})
    believed = estimate(shown, district)
    assert believed.amounts["cistern"] == 20.0
    assert believed.amounts["raw_tank"] == 0.0
    assert believed.levels_m3(district)["CISTERN"] == 20.0
