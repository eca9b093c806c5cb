"""The page of formulas and the code say the same."""

import re
from pathlib import Path

import pytest

from econex_pipeline.planning import block, build_network
from econex_pipeline.planning.elements import Source
from econex_pipeline_tests.planning.equipped import equipped

PAGE = Path(__file__).parents[2] / "docs" / "formulation.md"


def stated() -> dict[str, str]:
    """Formula by name, as the page shows it."""
    return dict(re.findall(r"^### `(\w+)`\n```\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))


def test_each_family_is_on_the_page_with_the_formula_it_opens_with():
    page = stated()
    stated_in_code = {name: family for name, (family, _) in block.FAMILIES.items()} | block.TERMS
    assert set(page) == set(stated_in_code)
    for name, formula in page.items():
        assert stated_in_code[name].__doc__.strip() == formula


@pytest.fixture(scope="module")
def everything(district):
    """The pilot with every kind of limit a device may have."""
    return build_network(equipped(district))


@pytest.mark.parametrize("which", ["network", "everything"])
def test_the_families_have_as_many_rows_as_the_page_says(which, request):
    network = request.getfixturevalue(which)
    targets = ("cistern", "battery_1")
    shape = block.Shape(48, 24, tuple(8 for _ in network.storages), targets)
    counts = {name: len(keys(network, shape)) for name, (_, keys) in block.FAMILIES.items()}
    ramps = 47 * sum(arc.ramp is not None for arc in network.arcs)
    on = {name for group in network.exclusive for name in group} | {a.name for a in network.arcs if a.minimum}
    corners = 48 * sum(len(k.chords) - 1 for k in network.couplings if k.ordered)
    assert counts == {
        "mass_balance": len(network.nodes) * 48,
        "energy_recovery": len(network.recoveries) * 48,
        "commitment": len(network.commitments) * 24,
        "reserve": sum(storage.reserve > 0.0 for storage in network.storages) * 48,
        "end_of_storage": len(network.storages),
        "end_target": 2,
        "ramp_up": ramps,
        "ramp_down": ramps,
        "chords": sum(bool(k.chords) for k in network.couplings) * 48,
        "chord_full": corners,
        "chord_order": corners,
        "on_off": len(on) * 48,
        "minimum_output": sum(arc.minimum > 0.0 for arc in network.arcs) * 48,
        "exclusive": len(network.exclusive) * 48,
        "capacity": len(network.arcs) * 48,
        "start_of_storage": len(network.storages),
        "tranche_width": len(network.storages) * 8,
        "shortfall_limit": 2,
        "schedule_limit": sum(isinstance(c.upper, Source) for c in network.commitments) * 24,
        "chord_width": sum(len(k.chords) for k in network.couplings) * 48,
    }
    if which == "everything":
        assert all(counts.values())
