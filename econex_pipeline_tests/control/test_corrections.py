import pytest

from econex_pipeline.control import Corrections


def test_a_steady_ratio_is_learnt_at_once_and_kept():
    corrections = Corrections()
    for _ in range(5):
        corrections = corrections.learn("pump", "energy_kwh_m3", 1.1, 1.0)
    assert corrections.factor("pump", "energy_kwh_m3") == pytest.approx(1.1)


def test_a_change_is_followed_slowly():
    corrections = Corrections().learn("pump", "energy_kwh_m3", 1.0, 1.0)
    corrections = corrections.learn("pump", "energy_kwh_m3", 1.2, 1.0)
    assert 1.0 < corrections.factor("pump", "energy_kwh_m3") < 1.1


@pytest.mark.parametrize(("measured", "predicted"), [(10.0, 1.0), (0.1, 1.0), (1.0, 0.0)])
def test_nonsense_is_not_learnt(measured, predicted):
    assert Corrections().learn("pump", "energy_kwh_m3", measured, predicted) == Corrections()


def test_only_what_was_seen_is_corrected():
    said = {("pump", "energy_kwh_m3"): 0.2, ("pump", "rated_flow_m3_h"): 2.0, ("other", "energy_kwh_m3"): 0.3}
    corrected = Corrections({"pump:energy_kwh_m3": 1.5}).apply(said)
    assert corrected == pytest.approx({**said, ("pump", "energy_kwh_m3"): 0.3})
    assert said["pump", "energy_kwh_m3"] == 0.2
