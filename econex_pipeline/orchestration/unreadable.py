"""Files that cannot be used: all else loads, and each of these is shown with the sentence that says why.

A case that cannot be used takes no other with it, and wrong settings of what runs by itself take no case with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from econex_pipeline.contracts import EconexError
from econex_pipeline.district import District, cases, load_case
from econex_pipeline.orchestration.automation.settings import FILE, Automation, read_automation
from econex_pipeline.orchestration.setting import Inputs, case_name

GROUP = "unreadable_files"
TABLE = "case_file"
SETTINGS = ("settings_file", FILE.removesuffix(".yaml"))


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
    said = f"This case cannot be used: {sentence}."
    return _shown([TABLE, case_name(case)], said)


def readable_check(case: str) -> dg.AssetChecksDefinition:
    """Give the check that says whether the case's file can be used by now."""
    said = "The case and every file it names can be used."
    return _readable([TABLE, case_name(case)], said, lambda inputs: inputs.setting(case))


def shown_settings(wrong: Mapping[str, str]) -> dg.AssetSpec:
    """Give an asset that stands for the settings of what runs by itself, until they are mended."""
    dg.get_dagster_logger().warning(f"settings are left out: {'; '.join(wrong.values())}")
    said = f"Settings that cannot be used, and what is made by them waits: {'; '.join(wrong.values())}."
    return _shown(SETTINGS, said)


def settings_check() -> dg.AssetChecksDefinition:
    """Give the check that says whether the settings can be used by now."""
    return _readable(SETTINGS, f"All of {FILE} can be used.", lambda inputs: _read_settings(inputs.folder()))


def _read_settings(folder: Path) -> Automation:
    return read_automation(folder, cases(folder))


def _shown(key: Sequence[str], said: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name=GROUP,
        kinds={"yaml"},
        owners=["team:district"],
        description=f"{said} Mend the file, then reload the definitions.",
    )


def _readable(key: Sequence[str], said: str, read: Callable[[Inputs], object]) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key, name="readable", description=said)
    def readable(inputs: Inputs) -> dg.AssetCheckResult:
        try:
            read(inputs)
        except EconexError as error:
            return dg.AssetCheckResult(passed=False, description=str(error))
        return dg.AssetCheckResult(passed=True, description="it can be used; reload the definitions")

    return readable
