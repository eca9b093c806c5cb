"""Whatever stands in a district, both engines find the same optimum and the worth of the plan keeps its order."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from econex_pipeline.planning import PlanOptions
from econex_pipeline.planning.engines import solve_two_stage
from econex_pipeline_tests.planning.test_random_districts import QUIET, UNSHRUNK, drawn


@given(data=st.data())
@settings(max_examples=25, deadline=None, derandomize=True, phases=UNSHRUNK, suppress_health_check=QUIET)
def test_engines_agree_on_any_district_with_binaries_relaxed(district, data):
    instance, _ = drawn(data, district)
    assume(instance.template.first_stage.stop > 0)
    relaxed = replace(instance.template, integer=np.zeros_like(instance.template.integer))
    instance = replace(instance, template=relaxed)
    whole = solve_two_stage(instance, PlanOptions(engine="monolith"))
    parts = solve_two_stage(instance, PlanOptions(engine="lshaped", relative_gap=1e-8))
    assert parts.engine == "lshaped"
    assert parts.result.objective == pytest.approx(whole.result.objective, rel=1e-6, abs=1e-6)
    for quality in (whole.quality, parts.quality):
        slack = 1e-6 * max(abs(quality.objective_usd), 1.0)
        assert quality.wait_and_see_usd - slack <= quality.objective_usd <= quality.expected_value_usd + slack
