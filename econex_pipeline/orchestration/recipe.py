"""A table of an operating day: what it needs, how a room makes it, and when a stored one may be reused.

The recipes themselves stand in `assets/`, one module a room; `daily` turns them into Dagster assets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import Provenance, digest_json, validate
from econex_pipeline.contracts.time import operating_window
from econex_pipeline.orchestration import catalogue, partitions
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Setting
from econex_pipeline.orchestration.storage import PAGE, Storage
from econex_pipeline.orchestration.versions import code_version

DAY_AHEAD_ISSUE_H = 12  # hours before the operating day at which its plan is issued: noon of the day before
LOOK_AHEAD_DAYS = 1
HOURS = "operations"

Metadata = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What a room made: the table, and what is kept or shown beside it.

    Attributes
    ----------
    frame : pandas.DataFrame
        Fulfils the recipe's contract.
    extra : mapping
        Facts kept in the file with it: JSON-serializable, the same for the same inputs.
    text : str
        A page kept beside the table; empty for none.
    beside : mapping of str to (str, pandas.DataFrame)
        Further tables kept with it: by name, the contract and the table.
    shown : mapping
        Metadata for the catalogue where making it gave them already; else the recipe's `show` does.
    """

    frame: pd.DataFrame
    extra: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    beside: Mapping[str, tuple[str, pd.DataFrame]] = field(default_factory=dict)
    shown: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Day:
    """One operating day of a case, with the tables that are already there.

    Attributes
    ----------
    setting : Setting
        The case.
    date : datetime.date
        Operating date.
    storage : Storage
        Where the day's tables are.
    options : RunOptions
        Choices of the run.
    """

    setting: Setting
    date: date
    storage: Storage
    options: RunOptions

    @property
    def key(self) -> str:
        """Key of the daily partition."""
        return partitions.key_of_day(self.date, self.setting.utc_offset_h)

    def page(self, name: str) -> str:
        """Path or address of a page of this day, named by its date, which east of Greenwich the key is not."""
        return self.storage.where(name, self.setting.case, self.date.isoformat(), PAGE)

    @property
    def previous_key(self) -> str:
        """Key of the daily partition before."""
        return partitions.key_of_day((pd.Timestamp(self.date) - pd.Timedelta(days=1)).date(), self.setting.utc_offset_h)

    @property
    def times(self) -> pd.DatetimeIndex:
        """Steps of the operating day."""
        return operating_window(self.date, self.setting.utc_offset_h, self.setting.district.step_minutes)

    @property
    def horizon(self) -> pd.DatetimeIndex:
        """Steps of the plan: the operating day and its look-ahead."""
        step = self.setting.district.step_minutes
        return operating_window(self.date, self.setting.utc_offset_h, step, days=1 + LOOK_AHEAD_DAYS)

    @property
    def issued_at_utc(self) -> pd.Timestamp:
        """Logical time at which the day is planned."""
        return self.times[0] - pd.Timedelta(hours=DAY_AHEAD_ISSUE_H)

    def table(self, entry: Recipe) -> pd.DataFrame:
        """Read a table of this day."""
        return self.storage.read(entry.contract, entry.name, self.setting.case, self.key)

    def previous(self, entry: Recipe) -> pd.DataFrame | None:
        """Read a table of the day before; None where that day was never made."""
        if self.storage.digest(entry.name, self.setting.case, self.previous_key) is None:
            return None
        return self.storage.read(entry.contract, entry.name, self.setting.case, self.previous_key)

    def beside(self, name: str, contract: str) -> pd.DataFrame:
        """Read a table of this day that was kept beside another one."""
        return self.storage.read(contract, name, self.setting.case, self.key)

    def extra(self, entry: Recipe) -> dict[str, Any]:
        """Read the facts kept with a table of this day."""
        return self.storage.extra(entry.name, self.setting.case, self.key)

    @cached_property
    def operations(self) -> pd.DataFrame:
        """OPERATIONS of the 24 hours."""
        return validate(self._hours[0], "OPERATIONS", source=f"operations of case {self.setting.case}, {self.date}")

    @cached_property
    def states(self) -> pd.DataFrame:
        """STATE of the 24 hours; a stamp that two hours share stands once."""
        return validate(once(self._hours[1]), "STATE", source=f"states of case {self.setting.case}, {self.date}")

    @cached_property
    def _hours(self) -> list[pd.DataFrame]:
        return self.storage.read_span(("OPERATIONS", "STATE"), HOURS, self.setting.case, self.hour_keys)

    @property
    def hour_keys(self) -> list[str]:
        """Keys of the 24 hourly partitions."""
        return partitions.keys_of_hours(self.date, self.setting.utc_offset_h)


@dataclass(frozen=True)
class Recipe:
    """How one table of an operating day comes about.

    Attributes
    ----------
    name : str
        Name of the table: the first part of its asset key.
    contract : str
        Contract table it fulfils.
    group : str
        Room that makes it.
    needs : tuple of Recipe
        Tables of the same day it is made from.
    make : callable
        (Day, one table for each of `needs`) -> Made.
    description : str
        For the catalogue.
    rooms : tuple of str
        Rooms whose code it depends on, besides its own.
    kinds : tuple of str
        Badges in the asset graph.
    previous : bool
        Whether it also reads the same table of the day before, where there is one.
    hours : bool
        Whether it also reads the day's hours of operation.
    feed : bool
        Whether it also reads the forecasts known at the issue of the plan, where the district has a feed of them.
    beside : tuple of str
        Names of the tables that are kept beside it.
    page : bool
        Whether a page is kept with it.
    show : callable
        (Day, table) -> metadata for the catalogue: pictures and numbers.
    """

    name: str
    contract: str
    group: str
    needs: tuple[Recipe, ...]
    make: Callable[..., Made]
    description: str
    rooms: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("pandas", "parquet")
    previous: bool = False
    hours: bool = False
    feed: bool = False
    beside: tuple[str, ...] = ()
    page: bool = False
    show: Callable[[Day, pd.DataFrame], Metadata] | None = None

    @property
    def version(self) -> str:
        """Version of the code that makes it."""
        return code_version(self.group, *self.rooms, "orchestration/assets")

    def digest(self, day: Day) -> str:
        """Digest of everything this table of this day is made from."""
        case, storage = day.setting.case, day.storage
        content: dict[str, Any] = {
            "table": self.name,
            "code": self.version,
            "case": day.setting.digest,
            "day": day.key,
            "needs": {need.name: storage.digest(need.name, case, day.key) for need in self.needs},
        }
        if self.previous:
            content["previous"] = storage.digest(self.name, case, day.previous_key)
        if self.hours:
            content["hours"] = [storage.digest(HOURS, case, key) for key in day.hour_keys]
        if self.feed and day.setting.feed is not None:
            content["feed"] = day.setting.feed.digest(day.issued_at_utc)
        return digest_json(content)

    def is_there(self, day: Day, digest: str) -> bool:
        """Whether the table of a day made from these inputs is there, whole, with all that is kept beside it."""
        case, storage = day.setting.case, day.storage
        if not all(storage.holds(name, case, day.key, digest) for name in (self.name, *self.beside)):
            return False
        return not self.page or (case, day.date.isoformat()) in storage.pages(self.name, case)


def once(states: pd.DataFrame) -> pd.DataFrame:
    """Join STATE tables of hours that follow each other: the end of one is the start of the next."""
    return states.drop_duplicates(["time_utc", "element", "quantity"], keep="last", ignore_index=True)


def ensure(entry: Recipe, day: Day) -> tuple[bool, dict[str, Any]]:
    """Make a table of a day, or find that it is there already.

    Returns
    -------
    bool
        Whether a stored table made from the same inputs was reused.
    dict
        Metadata for the catalogue.
    """
    case, storage = day.setting.case, day.storage
    digest = entry.digest(day)
    reused = not day.options.force_recompute and entry.is_there(day, digest)
    started, shown = time.perf_counter(), {}
    if reused:
        frame = storage.read(entry.contract, entry.name, case, day.key)
    else:
        made = entry.make(day, *(day.table(need) for need in entry.needs))
        frame, shown = made.frame, dict(made.shown)
        origin = Provenance(case, day.issued_at_utc.isoformat(), entry.version, digest)
        for name, (contract, table) in made.beside.items():
            storage.write(table, contract, name, day.key, origin)
        if made.text:
            storage.write_page(made.text, entry.name, case, day.date.isoformat())
        storage.write(frame, entry.contract, entry.name, day.key, origin, made.extra)
    shown = shown or (dict(entry.show(day, frame)) if entry.show else {})
    return reused, {
        **shown,
        **catalogue.table_metadata(frame),
        "reused": reused,
        "seconds": time.perf_counter() - started,
        "inputs digest": digest,
        "file": dg.MetadataValue.path(storage.where(entry.name, case, day.key)),
    }
