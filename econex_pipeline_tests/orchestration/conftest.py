import dagster as dg
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dagster marks partitioned checks as a preview; the lock holds the version that is tested here."""
    for item in items:
        if "orchestration" in item.nodeid:
            item.add_marker(pytest.mark.filterwarnings(f"ignore::{dg.PreviewWarning.__module__}.PreviewWarning"))
            item.add_marker(pytest.mark.filterwarnings(f"ignore::{dg.BetaWarning.__module__}.BetaWarning"))
