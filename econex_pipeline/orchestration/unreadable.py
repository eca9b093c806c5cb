"""A case whose files cannot be used: the others load, and this one is shown with the sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from econex_pipeline.contracts import EconexError
from econex_pipeline.district import District, load_case
from econex_pipeline.orchestration.setting import Inputs, case_name

GROUP = "unreadable_cases"
TABLE = "case_file"


@dataclass(frozen=True)
class Cases:
    """What was found in the data folder.

    Attributes
    ----------
    districts : dict of str to District
        Cases that can be used, by the name of their file.
    unreadable : dict of str to str
        The others, with the sentence that says what is wrong.
    """

    districts: dict[str, District] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def read_cases(folder: Path, names: Sequence[str]) -> Cases:
    """Read cases; one that cannot be used takes no other with it."""
    found = Cases()
    for name in names:
        try:
            found.districts[name] = load_case(folder, name)
        except EconexError as error:
            found.unreadable[name] = str(error)
            dg.get_dagster_logger().warning(f"case {name} is left out: {error}")
    return found


def shown(case: str, sentence: str) -> dg.AssetSpec:
    """Give an asset that stands for the case in the graph, in a group of its own, until its file is mended."""
    return dg.AssetSpec(
        [TABLE, case_name(case)],
        group_name=GROUP,
        kinds={"yaml"},
        owners=["team:district"],
        description=f"This case cannot be used: {sentence}. Mend the file, then reload the definitions.",
    )


def readable_check(case: str) -> dg.AssetChecksDefinition:
    """Give the check that says whether the case's file can be used by now."""

    @dg.asset_check(
        asset=[TABLE, case_name(case)],
        name="readable",
        description="The case and every file it names can be used.",
    )
    def readable(inputs: Inputs) -> dg.AssetCheckResult:
        try:
            inputs.setting(case)
        except EconexError as error:
            return dg.AssetCheckResult(passed=False, description=str(error))
        return dg.AssetCheckResult(passed=True, description="it can be used; reload the definitions")

    return readable
