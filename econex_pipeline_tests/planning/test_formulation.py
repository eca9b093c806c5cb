"""The page of formulas and the code say the same."""

import re
from pathlib import Path

from econex_pipeline.planning import block

PAGE = Path(__file__).parents[2] / "docs" / "formulation.md"
TERMS = ("energy_with_water", "change_of_storage", "objective")


def stated() -> dict[str, str]:
    """Formula by name, as the page shows it."""
    return dict(re.findall(r"^### `(\w+)`\n```\n(.*?)\n```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))


def test_each_family_is_on_the_page_with_the_formula_it_opens_with():
    page = stated()
    assert set(page) == {*block.FAMILIES, *TERMS}
    for name, formula in page.items():
        assert getattr(block, name).__doc__.strip() == formula


def test_the_families_have_as_many_rows_as_the_page_says(network):
    shape = block.Shape(48, 24, tuple(8 for _ in network.storages))
    counts = {name: len(keys(network, shape)) for name, (_, keys) in block.FAMILIES.items()}
    assert counts == {
        "mass_balance": len(network.nodes) * 48,
        "energy_recovery": len(network.recoveries) * 48,
        "commitment": len(network.commitments) * 24,
        "reserve": sum(storage.reserve > 0.0 for storage in network.storages) * 48,
        "end_of_storage": len(network.storages),
        "capacity": len(network.arcs) * 48,
        "start_of_storage": len(network.storages),
        "tranche_width": len(network.storages) * 8,
    }
