"""A case as the assets use it: the district, and what is read or fitted once and used by many partitions.

Everything heavy is made on first use and kept for the process, as long as no file of the data folder changes: edited
inputs are read anew, unchanged ones are not. Rooms are imported where they are used, so that the definitions load
without the solver, EPANET and the plotting libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd

from econex_pipeline.contracts import digest_file, digest_json
from econex_pipeline.contracts.time import day_start_utc, operating_day, steps
from econex_pipeline.district import District, load_case
from econex_pipeline.orchestration import home
from econex_pipeline.orchestration.forecasts import forecast_at

if TYPE_CHECKING:
    from econex_pipeline.control import Controller
    from econex_pipeline.hydraulics import WaterNetwork
    from econex_pipeline.planning import Network
    from econex_pipeline.profiles import Memory
    from econex_pipeline.scenarios import Climatology
    from econex_pipeline.weather import Feed, WeatherYear

KEPT_SETTINGS = 8
HISTORY_DAYS = 60  # least spin-up of the garden's soil


class Setting:
    """One case, and what its files hold.

    Parameters
    ----------
    district : District
        The district under this case.
    digest : str
        Digest of all files it was read from.
    """

    def __init__(self, district: District, digest: str) -> None:
        self.district = district
        self.digest = digest
        self._courses: dict[pd.Timestamp, Callable[[int], Memory]] = {}

    @property
    def case(self) -> str:
        """Name of the case."""
        return self.district.case

    def digest_between(self, start_utc: pd.Timestamp, end_utc: pd.Timestamp) -> str:
        """Digest of the case as it matters from one instant up to another.

        Tariffs are left out, since whoever looks holds the prices; and so are words, and events not under way then.
        """
        events, offset_h = self.district.events, self.utc_offset_h
        near = [name for name, event in events.items() if event.is_within(start_utc, end_utc, offset_h)]
        if not near:
            return self._lasting_digest
        return digest_json([self._lasting_digest, {name: events[name].model_dump(mode="json") for name in near}])

    @cached_property
    def _lasting_digest(self) -> str:
        return digest_of(self.district, leave_out={"tariffs", "events", "case_description", "title", "notes"})

    @property
    def utc_offset_h(self) -> int:
        """Offset of the site's standard time from UTC [h]."""
        return self.district.site.utc_offset_h

    @cached_property
    def year(self) -> WeatherYear:
        """The repaired weather file."""
        from econex_pipeline.weather import read_weather

        return read_weather(self.district)

    @cached_property
    def climatology(self) -> Climatology:
        """What is usual at each season and hour: the reference of the forecast's law."""
        from econex_pipeline.scenarios import Climatology

        stamps = pd.DatetimeIndex(self.year.table["time_utc"])
        hours = (stamps[-1] - stamps[0] + (stamps[1] - stamps[0])) / pd.Timedelta(hours=1)
        return Climatology.fit(self.weather(steps(stamps[0], hours, self.district.step_minutes)), self.district)

    @cached_property
    def feed(self) -> Feed | None:
        """Forecasts that were really made; None where the district's law makes them."""
        from econex_pipeline.weather import read_feed

        return None if self.district.forecast.feed is None else read_feed(self.district)

    @cached_property
    def network(self) -> Network:
        """The generic flow network of the optimizer."""
        from econex_pipeline.planning import build_network

        return build_network(self.district)

    @cached_property
    def water_network(self) -> WaterNetwork:
        """The brain's own EPANET network, checked against the district."""
        from econex_pipeline.hydraulics import WaterNetwork, check_network

        network = WaterNetwork(self.district.network_path, substep_s=self.district.twin.substep_s)
        check_network(self.district, network)
        return network

    @cached_property
    def controller(self) -> Controller:
        """The controller in front of its plant, the twin with the district's hidden mismatch."""
        from econex_pipeline.control import Controller

        return Controller(self.district)

    def carried(self, amounts: Mapping[str, float]) -> dict[str, float]:
        """Carry stored amounts over from a day that may have been run before the district was edited.

        What stands there still keeps its amount, within its capacity now; what is new has its start amount.
        """
        stored = {name: amounts.get(name, storage.start) for name, storage in self.district.storages.items()}
        return {name: min(max(held, 0.0), self.district.storages[name].capacity) for name, held in stored.items()}

    def weather(self, times: pd.DatetimeIndex) -> pd.DataFrame:
        """WEATHER at any steps."""
        from econex_pipeline.weather import weather_for

        return weather_for(self.year, self.district, times)

    def trace(self, times: pd.DatetimeIndex) -> pd.DataFrame:
        """TRACE (what really happens) at any steps."""
        from econex_pipeline.scenarios import actual_trace

        return actual_trace(self.district, self.weather(times))

    def history(self, until_utc: pd.Timestamp) -> pd.DataFrame:
        """TRACE of the months before an instant, for what remembers (the garden's soil).

        A historical file holds its own dates only: there the history may be shorter, or have no rows.
        """
        start = day_start_utc(history_start(until_utc, self.utc_offset_h), self.utc_offset_h)
        return self._since(start, until_utc)

    def memory(self, until_utc: pd.Timestamp) -> Memory:
        """What soil, roofs and raw water remember of the history before an instant.

        The past is followed once for all instants that share its start, so a year of days reads it twice, not 365
        times; and each remembers the same, whichever day a run began with.
        """
        from econex_pipeline.profiles import Memory, course

        start = day_start_utc(history_start(until_utc, self.utc_offset_h), self.utc_offset_h)
        if self.year.kind == "historical":
            start = max(start, self.year.table["time_utc"].iloc[0])
        if until_utc <= start:
            return Memory.blank(self.district)
        if start not in self._courses:
            end = day_start_utc(date(start.year + 1, 1, 1), self.utc_offset_h) + pd.Timedelta(days=HISTORY_DAYS + 1)
            if self.year.kind == "historical":
                end = min(end, self.year.table["time_utc"].iloc[-1])
            self._courses[start] = course(self.district, self._since(start, max(end, until_utc)))
        return self._courses[start](round((until_utc - start) / pd.Timedelta(hours=self.district.step_h)))

    def expected_memory(self, issued_at_utc: pd.Timestamp, until_utc: pd.Timestamp) -> Memory:
        """What they are expected, at an earlier issue, to remember: what came until then, and its forecast since."""
        from econex_pipeline.profiles import remember

        came, gap = self.memory(issued_at_utc), self._since(issued_at_utc, until_utc)
        if gap.empty:
            return came
        times = pd.DatetimeIndex(gap["time_utc"])
        expected = forecast_at(self, gap, issued_at_utc, times)
        return remember(self.district, expected[gap.columns], came)

    def _since(self, start_utc: pd.Timestamp, until_utc: pd.Timestamp) -> pd.DataFrame:
        """TRACE between two instants, as far as the weather file reaches back."""
        if self.year.kind == "historical":
            start_utc = min(max(start_utc, self.year.table["time_utc"].iloc[0]), until_utc)
        hours = (until_utc - start_utc) / pd.Timedelta(hours=1)
        if not hours:
            return self.trace(steps(until_utc, 1.0, self.district.step_minutes)).iloc[:0]
        return self.trace(steps(start_utc, hours, self.district.step_minutes))


class Inputs(dg.ConfigurableResource):
    """The data folder: districts, cases, weather, demand.

    Attributes
    ----------
    data_dir : str
        Folder; empty for ECONEX_DATA, or ``data/`` in the repository.
    """

    data_dir: str = ""

    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else home.data_dir()

    def setting(self, case: str) -> Setting:
        """Read a case, or give the one already read from the same content.

        Parameters
        ----------
        case : str
            Name of a file in ``cases/``, without its ending.

        Raises
        ------
        InputError
            If the case or a file it names cannot be used.
        """
        folder = self.folder()
        return _setting(folder, case, _stamps(folder))


def history_start(until_utc: pd.Timestamp, utc_offset_h: int) -> date:
    """Give the first of January from which the soil is followed.

    In dry weather the garden is watered every few days, counted from the start of its history. A start that moved with
    the day would move the waterings too, and between one day and the next one of them would be lost or done twice.
    """
    return date(operating_day(until_utc - pd.Timedelta(days=HISTORY_DAYS), utc_offset_h).year, 1, 1)


def case_name(case: str) -> str:
    """A case's name as Dagster accepts it in keys and names."""
    return case.replace("-", "_")


def digest_of(district: District, leave_out: Collection[str] = ()) -> str:
    """Digest of a case: its resolved numbers and the content of every file it names, but its feed of forecasts.

    A feed grows; what is made from it carries the digest of the issues it could see.

    Parameters
    ----------
    district : District
        The case.
    leave_out : collection of str
        Sections of the district that do not count, with the files they name.
    """
    files = [
        district.data_dir / "weather" / district.weather.file,
        *sorted(path for path in district.directory.iterdir() if path.name != "district.yaml"),
        *sorted((district.data_dir / "demand").iterdir()),
    ]
    content = {path.name: digest_file(path) for path in files if path.is_file()}
    carbon = district.tariffs.carbon_file
    named = {district.network_file: district.network_path, carbon: district.data_dir / "demand" / carbon}
    # those that stand in another folder, or one further down
    content |= {name: digest_file(path) for name, path in named.items() if path not in files and path.is_file()}
    if "tariffs" in leave_out:
        content.pop(carbon, None)
    numbers = district.model_dump(mode="json", exclude={"data_dir", *leave_out})
    return digest_json({"district": numbers, "files": content})


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of last change and size of every file of a folder: cheap to compare, and different after an edit."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files)


@lru_cache(maxsize=KEPT_SETTINGS)
def _setting(folder: Path, case: str, stamps: tuple[tuple[str, int, int], ...]) -> Setting:
    district = load_case(folder, case)
    return Setting(district, digest_of(district))
