"""All definitions, built from the data folder: each case gets its assets, checks and jobs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from econex_pipeline.district import cases as known_cases
from econex_pipeline.district import load_case
from econex_pipeline.orchestration import home, unreadable
from econex_pipeline.orchestration.assets import DAILY
from econex_pipeline.orchestration.assets.operations import hour_checks, operations_asset
from econex_pipeline.orchestration.automation.due import Site
from econex_pipeline.orchestration.automation.replan import replan_sensor
from econex_pipeline.orchestration.automation.retention import retention_job, retention_schedule
from econex_pipeline.orchestration.automation.settings import read_settings
from econex_pipeline.orchestration.automation.triggers import catch_up_sensor, schedules
from econex_pipeline.orchestration.checks import PHYSICS, daily_checks
from econex_pipeline.orchestration.daily import daily_asset
from econex_pipeline.orchestration.jobs import case_jobs, main_job
from econex_pipeline.orchestration.launchpad import options_resource
from econex_pipeline.orchestration.notify.sensor import alarm_sensor, teller_resources
from econex_pipeline.orchestration.resources import NoProgress
from econex_pipeline.orchestration.setting import Inputs, case_name
from econex_pipeline.orchestration.storage import Storage


def build_definitions(
    overrides: Mapping[str, object] | None = None,
    *,
    data_dir: Path | None = None,
    cases: Sequence[str] | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Build a fresh set of definitions.

    Parameters
    ----------
    overrides : mapping of str to object, optional
        Resources that replace the default ones: ``inputs``, ``storage``, ``options``, ``progress``.
    data_dir : Path, optional
        Folder of the inputs; ECONEX_DATA or the repository's by default.
    cases : sequence of str, optional
        Names of the cases to include; all of the data folder by default, and then one that cannot be read is shown
        with the reason instead of its assets.
    loggers : mapping, optional
        Loggers that replace Dagster's own.

    Raises
    ------
    InputError
        If a case that was named cannot be read.
    """
    folder = (data_dir or home.data_dir()).resolve()
    known = known_cases(folder)
    if cases is None:
        found = unreadable.read_cases(folder, known)
    else:
        found = unreadable.Cases({case: load_case(folder, case) for case in cases})
    settings = read_settings(folder, known)
    automation, waits = settings.automation, settings.waits("planning", "operating", "catch_up")
    sites: list[Site] = []
    kept_going: list[UnresolvedAssetJobDefinition] = []
    built: list[dg.Definitions] = []
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [unreadable.shown(*entry) for entry in found.unreadable.items()]
    checks: list[dg.AssetChecksDefinition] = [unreadable.readable_check(case) for case in found.unreadable]
    if settings.wrong:
        assets.append(unreadable.shown_settings(settings.wrong))
        checks.append(unreadable.settings_check())
    jobs: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = []
    with warnings.catch_warnings():
        # Partitioned checks are a preview and backfill policies a beta of Dagster; the lock holds the version tested.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        for case, district in found.districts.items():
            offset, first_day = district.site.utc_offset_h, district.weather.first_day
            for entry in DAILY:
                assets.append(daily_asset(entry, case, offset, first_day))
                checks.extend(daily_checks(entry, PHYSICS.get(entry.name, ()), case, offset))
            assets.append(operations_asset(case, offset, first_day))
            checks.append(hour_checks(case))
            of_case = case_jobs(case)
            jobs.extend(of_case)
            if case in automation.cases:
                sites.append(Site(case, case_name(case), offset, first_day))
                kept_going.extend(of_case)
    jobs.append(main_job(list(found.districts), lambda name: built[0].resolve_job_def(name)))
    jobs.append(retention_job(automation))
    ticking = [retention_schedule(automation, settings.waits("retention"))]
    ticking.extend(entry for site in sites for entry in schedules(site, automation, waits))
    lost = {case: sentence for case, sentence in found.unreadable.items() if case in automation.cases}
    looking = [sensor(sites, automation, kept_going, waits) for sensor in (catch_up_sensor, replan_sensor) if sites]
    if sites or lost or settings.wrong:
        looking.append(alarm_sensor(sites, automation, lost, settings.wrong))
    resources: dict[str, object] = {
        "inputs": Inputs(data_dir=str(folder) if data_dir else ""),
        "storage": Storage(),
        "options": options_resource(),
        "progress": NoProgress(),
        **teller_resources(automation),
    }
    definitions = dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=jobs,
        schedules=ticking,
        sensors=looking,
        resources={**resources, **(overrides or {})},
        executor=dg.in_process_executor,
        loggers=dict(loggers) if loggers else None,
    )
    built.append(definitions)
    return definitions
