"""What Dagster sees of the pipeline: groups, partitions, chains, descriptions; and that it loads light."""

import subprocess
import sys

import dagster as dg
import pytest

from econex_pipeline.contracts import COLUMNS, TABLES
from econex_pipeline.district import cases
from econex_pipeline.orchestration.build import build_definitions

CASE = "base"


@pytest.fixture(scope="module")
def definitions(data_dir) -> dg.Definitions:
    definitions = build_definitions(data_dir=data_dir)
    dg.Definitions.validate_loadable(definitions)
    return definitions


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions):
    return definitions.resolve_asset_graph()


def test_every_case_has_the_same_assets(graph, data_dir) -> None:
    by_case: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        table, case = key.path
        by_case.setdefault(case, set()).add(table)
    assert sorted(by_case) == cases(data_dir)
    assert all(tables == by_case[CASE] for tables in by_case.values())
    assert {"weather", "plan", "operations", "report"} <= by_case[CASE]


def test_every_asset_says_what_it_is_and_in_which_units(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description
        assert spec.group_name
        assert spec.owners
        assert spec.kinds
        assert spec.code_version
        for column in spec.metadata["dagster/column_schema"].columns:
            assert f"[{COLUMNS[column.name].unit}]" in column.description


def test_every_table_has_a_blocking_contract_check(graph) -> None:
    checked = {check.asset_key for check in graph.asset_check_keys if check.name == "contract"}
    assert checked == graph.get_all_asset_keys()
    warning = {check.name for check in graph.asset_check_keys if not graph.get(check).blocking}
    assert warning == {"pump_energy", "levels"}


def test_days_are_daily_and_hours_hourly_in_utc(graph) -> None:
    for key in graph.get_all_asset_keys():
        partitions = graph.get(key).partitions_def
        assert isinstance(partitions, dg.TimeWindowPartitionsDefinition)
        assert partitions.timezone == "UTC"
        hourly = key.path[0] == "operations"
        assert isinstance(partitions, dg.HourlyPartitionsDefinition if hourly else dg.DailyPartitionsDefinition)
        assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize(
    ("table", "key", "before"),
    [("plan", "2025-07-15", "2025-07-14"), ("operations", "2025-07-15-05:00", "2025-07-15-04:00")],
)
def test_plans_and_hours_are_chained_to_the_one_before(graph, table: str, key: str, before: str) -> None:
    node = graph.get(dg.AssetKey([table, CASE]))
    partitions = node.partitions_def
    mapping = node.partition_mappings[node.key]
    upstream = mapping.get_upstream_mapped_partitions_result_for_partitions(
        partitions.subset_with_partition_keys([key]), partitions, partitions
    )
    assert list(upstream.partitions_subset.get_partition_keys()) == [before]
    assert node.parent_keys - {node.key}


def test_planning_never_reads_what_really_happens(graph) -> None:
    ancestors = graph.get(dg.AssetKey(["plan", CASE])).parent_keys - {dg.AssetKey(["plan", CASE])}
    assert dg.AssetKey(["trace", CASE]) not in ancestors
    assert dg.AssetKey(["profiles", CASE]) not in ancestors


def test_jobs_of_all_cases_are_there(definitions: dg.Definitions, data_dir) -> None:
    names = set(definitions.get_repository_def().job_names)
    assert {f"{stage}_{case}" for stage in ("day_ahead", "operate", "report") for case in cases(data_dir)} <= names
    assert "main" in names


def test_contracts_of_assets_exist(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        columns = tuple(column.name for column in spec.metadata["dagster/column_schema"].columns)
        assert columns in {table.columns for table in TABLES.values()}


def test_definitions_load_without_solver_simulator_and_pictures() -> None:
    heavy = ("pyomo", "highspy", "wntr", "pvlib", "matplotlib", "scipy", "pandera")
    code = f"import sys, econex_pipeline.definitions; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_what_was_loaded_is_left_alone_by_the_collector_which_goes_on() -> None:
    code = "import gc, econex_pipeline.definitions; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    loaded = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["True", "True"]


def test_every_asset_tells_its_case_by_its_label_and_its_table_by_a_badge(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        table, case = spec.key.path
        assert table in spec.kinds
        assert spec.tags["case"] == case
        assert spec.tags["table"] == table
