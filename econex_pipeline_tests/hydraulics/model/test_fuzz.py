"""Whatever comes in: a clear error or a correct run, never a crash, a hang, a NaN or a silent zero."""

import copy
import random
import warnings
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from econex_pipeline.contracts.errors import EconexError
from econex_pipeline.hydraulics.dataset import dataset_from_json, read_inp
from econex_pipeline.hydraulics.model import Model, play
from econex_pipeline_tests.hydraulics.libraries import EXAMPLES, NETWORKS
from econex_pipeline_tests.hydraulics.street import HEAD_CURVE, HOUR, JUNCTION, PIPE, PUMP, TANK, VALVE, street

CALM = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
TIMES = (0, 700, HOUR, 2 * HOUR)


def assert_sound(update):
    """Hold an update against what physics asks of any."""
    for columns in update.published.values():
        for values in columns.values():
            assert np.isfinite(values).all()
    published = update.published
    came = sum(c["drinking_water.flow"].sum() for g, c in published.items() if g == "water_reservoir_entities")
    stored = sum(c["drinking_water.flow"].sum() for g, c in published.items() if g == TANK)
    balance = came - stored - published[JUNCTION]["drinking_water.delivered"].sum()
    largest = max(np.abs(c["drinking_water.flow"]).max() for c in published.values() if "drinking_water.flow" in c)
    assert abs(balance) <= 1e-3 * largest + 1e-5


def run(dataset, options=None, tape=None):
    """Run two hours; answer with the number of updates that came, or the error."""
    model = Model.initialize(dataset, options)
    try:
        for update in play(model, tape, TIMES) if tape else (model.update(time_s) for time_s in TIMES):
            assert_sound(update)
    finally:
        model.close()


size = st.floats(0.05, 1.5)
links = st.one_of(
    st.tuples(
        st.just(PIPE),
        st.fixed_dictionaries(
            {
                "shape.length": st.floats(0.1, 5000),
                "shape.diameter": size,
                "drinking_water.roughness": st.floats(40, 150),
                "drinking_water.check_valve": st.booleans(),
                "drinking_water.minor_loss": st.floats(0, 50),
            }
        ),
    ),
    st.tuples(
        st.just(PUMP),
        st.fixed_dictionaries(
            {
                "type": st.just("head"),
                "drinking_water.head_curve": st.just(HEAD_CURVE),
                "drinking_water.speed": st.floats(0, 1.5),
                "operational.status": st.booleans(),
            }
        ),
    ),
    st.tuples(
        st.just(PUMP), st.fixed_dictionaries({"type": st.just("power"), "drinking_water.power": st.floats(10, 1e5)})
    ),
    *(
        st.tuples(
            st.just(VALVE),
            st.fixed_dictionaries(
                {
                    "type": st.just(kind),
                    "shape.diameter": size,
                    f"drinking_water.{name}": value,
                    "operational.status": st.sampled_from(["active", "open", "closed"]),
                }
            ),
        )
        for kind, name, value in (
            ("PRV", "valve_pressure", st.floats(0, 90)),
            ("PSV", "valve_pressure", st.floats(0, 90)),
            ("PBV", "valve_pressure", st.floats(0, 30)),
            ("FCV", "valve_flow", st.floats(0, 0.5)),
            ("TCV", "valve_loss_coefficient", st.floats(0, 1e5)),
            ("GPV", "valve_curve", st.just([[0, 0], [1, 9]])),
        )
    ),
)


@settings(CALM, max_examples=150)
@given(
    link=links,
    demands=st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)),
    heights=st.tuples(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100), st.floats(0, 120)),
    tank=st.fixed_dictionaries(
        {
            "drinking_water.level": st.floats(1, 6),
            "drinking_water.overflow": st.booleans(),
            "shape.diameter": st.floats(0.5, 40),
        }
    ),
    general=st.fixed_dictionaries(
        {
            "demand_model": st.sampled_from(["DDA", "PDA"]),
            "required_pressure": st.floats(0.5, 40),
            "demand_multiplier": st.floats(0, 3),
            "specific_gravity": st.floats(0.7, 1.3),
        }
    ),
)
def test_any_street_runs_soundly_or_says_why_not(link, demands, heights, tank, general):
    group, columns = link
    content = street(None if group == PIPE else columns, group, general)
    if group == PIPE:
        pipes = content["data"][PIPE]
        for name, value in columns.items():
            first, _, last = pipes.get(name, [0, 0, 0])
            pipes[name] = [first, value, last]
    content["data"][JUNCTION].update({"drinking_water.base_demand": list(demands), "geometry.z": list(heights[:2])})
    content["data"][TANK].update({**{name: [value] for name, value in tank.items()}, "geometry.z": [heights[2]]})
    content["data"]["water_reservoir_entities"]["drinking_water.base_head"] = [heights[3]]
    with suppress(EconexError):
        run(dataset_from_json(content))


RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(), max_size=3),
    st.lists(st.lists(st.floats(), max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(CALM, max_examples=250)
@given(data=st.data())
def test_rubbish_in_a_dataset_is_an_error_or_harmless(data):
    content = copy.deepcopy(street({"type": "head", "drinking_water.head_curve": HEAD_CURVE}, PUMP))
    for _ in range(data.draw(st.integers(1, 3))):
        holder = content
        while True:
            key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
            deeper = isinstance(holder[key], (dict, list)) and len(holder[key]) > 0
            if not deeper or data.draw(st.integers(0, 5)) == 0:
                break
            holder = holder[key]
        holder[key] = data.draw(RUBBISH)
    with suppress(EconexError):
        run(dataset_from_json(content))


TOKENS = (
    "",
    "-1",
    "0",
    "1e30",
    "-1e30",
    "nan",
    "inf",
    "1e-30",
    "abc",
    "CLOSED",
    "[",
    ";",
    '"',
    "é",
    "GPM",
    "12:99",
    "0:00:01",
)


def mutated(text, dice):
    lines = text.splitlines()
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(lines))
        tokens = lines[place].split()
        kind = dice.random()
        if kind < 0.6 and tokens:
            tokens[dice.randrange(len(tokens))] = dice.choice(TOKENS)
            lines[place] = " ".join(tokens)
        elif kind < 0.75:
            del lines[place]
        elif kind < 0.9:
            lines.insert(place, lines[dice.randrange(len(lines))])
        elif lines[place]:
            where = dice.randrange(len(lines[place]))
            lines[place] = lines[place][:where] + chr(dice.randrange(32, 127)) + lines[place][where + 1 :]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["Net1", "io", "pilot"])
def test_a_mutated_file_is_an_error_or_a_sound_run(name, district, tmp_path):
    text = {**NETWORKS, **EXAMPLES, "pilot": district.network_path}[name].read_text()
    dice, sound = random.Random(f"mutations of {name}"), 0
    path = tmp_path / "mutated.inp"
    for _ in range(120):
        path.write_text(mutated(text, dice), "utf-8")
        with warnings.catch_warnings(), suppress(EconexError):
            warnings.simplefilter("ignore")
            imported = read_inp(path, controls="strip")
            run(imported.dataset, imported.options, imported.tape)
            sound += 1
    assert 10 < sound < 120
