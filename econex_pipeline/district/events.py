"""What goes wrong on a district's days: outages, leaks, worn pumps, failing sensors, bursts of demand, and when.

Here is how an event is written down and when it is under way; what it does is in `econex_pipeline.twin.events`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, field_validator, model_validator

from econex_pipeline.district.part import Number, Part, Positive

Factor = Annotated[Number, Field(gt=0, le=1)]

_MOMENT = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2}) (\d{2}):(\d{2}) (standard|UTC)")
_FORM = "'2025-07-15 18:00 standard' (or UTC), or '07-15 18:00 standard' for every year"
_LEAP_YEAR = 2024

_NEEDS: dict[str, tuple[str, ...]] = {
    "leak": ("element", "flow_m3_h"),
    "pump_wear": ("element",),
    "sensor_drift": ("element", "drift_frac_h"),
    "sensor_dropout": ("element",),
    "grid_outage": (),
    "mains_outage": (),
    "demand_burst": ("element",),
}
_ONE_OF: dict[str, tuple[str, ...]] = {
    "pump_wear": ("efficiency_factor", "speed_factor"),
    "demand_burst": ("potable_m3_h", "load_kw"),
}
_VALUES = ("element", "flow_m3_h", "efficiency_factor", "speed_factor", "drift_frac_h", "potable_m3_h", "load_kw")
OUTAGES = ("grid_outage", "mains_outage")


@dataclass(frozen=True)
class Moment:
    """A time of an event: on one date, or (without a year) on that day of every year; site's standard time or UTC."""

    year: int | None
    month: int
    day: int
    hour: int
    minute: int
    clock: Literal["standard", "UTC"]

    def in_year(self, year: int) -> datetime:
        """Give the moment in a year, on its own clock."""
        return datetime(year, self.month, self.day, self.hour, self.minute)


@cache
def moment(text: str) -> Moment:
    """Read a time of an event.

    Raises
    ------
    ValueError
        If it is not of the one form, or no day of the calendar.
    """
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(f"'{text}' is no time of an event; write {_FORM}")
    year = int(found[1]) if found[1] else None
    month, day, hour, minute = (int(part) for part in found.groups()[1:5])
    read = Moment(year, month, day, hour, minute, found[6])  # type: ignore[arg-type]
    if (year, month, day) == (None, 2, 29):
        raise ValueError(f"'{text}' is not in every year; take another day, or give the year")
    try:
        read.in_year(_LEAP_YEAR if year is None else year)
    except ValueError:
        raise ValueError(f"'{text}' is no day or hour of the calendar; write {_FORM}") from None
    return read


class Event(Part):
    """Something that goes wrong between two times, and how much.

    Kinds: ``leak`` (a tank loses `flow_m3_h`), ``pump_wear`` (a pumped arc works at `efficiency_factor` of its
    efficiency, or as if it turned at `speed_factor` of its speed: a worn impeller), ``sensor_drift`` (the reading of a
    storage moves off by `drift_frac_h` of its capacity an hour), ``sensor_dropout`` (a storage or a treatment is not
    seen), ``grid_outage``, ``mains_outage``, ``demand_burst`` (a node draws `potable_m3_h` or `load_kw` more).

    `element` names the storage, arc, treatment or node. `start` and `end` say their clock:
    ``2025-07-15 18:00 standard`` is the site's standard time, ``2025-07-15 23:00 UTC`` is UTC; without the year, the
    event comes back every year. An outage that is `known` stands in the plan of its day; the rest is a surprise.
    """

    kind: Literal["leak", "pump_wear", "sensor_drift", "sensor_dropout", "grid_outage", "mains_outage", "demand_burst"]
    start: str
    end: str
    element: str | None = None
    known: bool = False
    flow_m3_h: Positive | None = None
    efficiency_factor: Factor | None = None
    speed_factor: Factor | None = None
    drift_frac_h: Annotated[Number, Field(ge=-1, le=1)] | None = None
    potable_m3_h: Positive | None = None
    load_kw: Positive | None = None

    @field_validator("start", "end")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        moment(text)
        return text

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Event:
        needs, one_of = _NEEDS[self.kind], _ONE_OF.get(self.kind, ())
        given = {field for field in _VALUES if getattr(self, field) is not None}
        missing = [field for field in needs if field not in given]
        strange = sorted(given - {*needs, *one_of})
        if missing or strange or (one_of and not given & set(one_of)):
            wanted = ", ".join((*needs, *([" or ".join(one_of)] if one_of else []))) or "no more than start and end"
            raise ValueError(f"an event of kind '{self.kind}' needs {wanted}; given are {sorted(given)}")
        if self.known and self.kind not in OUTAGES:
            raise ValueError(f"only an outage can be known beforehand, an event of kind '{self.kind}' is a surprise")
        return self

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Event:
        start, end = moment(self.start), moment(self.end)
        if (start.year is None) != (end.year is None) or start.clock != end.clock:
            raise ValueError(f"'{self.start}' and '{self.end}': both with a year or both without, on the same clock")
        year, last = start.year or _LEAP_YEAR, end.year or _LEAP_YEAR
        if start.in_year(year) == end.in_year(last) or (start.year and end.in_year(last) < start.in_year(year)):
            raise ValueError(f"ends at '{self.end}', which is not after its start, '{self.start}'")
        return self

    @property
    def label(self) -> str:
        """Name under which it stands in the record: its kind, and what it happens to."""
        return self.kind if self.element is None else f"{self.kind}.{self.element}"

    def began(self, instant: pd.Timestamp, utc_offset_h: int) -> pd.Timestamp | None:
        """Give the start of the event that is under way at an instant; None where it is not.

        Parameters
        ----------
        instant : pandas.Timestamp
            The instant, UTC.
        utc_offset_h : int
            Offset of the site's standard time from UTC [h].
        """
        offset = self._offset(utc_offset_h)
        now = instant.tz_localize(None).to_pydatetime() + offset
        for since, until in self._spans((now.year, now.year - 1)):
            if since <= now < until:
                return pd.Timestamp(since - offset, tz="UTC").as_unit("ns")
        return None

    def is_within(self, start_utc: pd.Timestamp, end_utc: pd.Timestamp, utc_offset_h: int) -> bool:
        """Say whether the event is under way at any time from one instant up to another; the offset as of `began`."""
        offset = self._offset(utc_offset_h)
        start, end = (instant.tz_localize(None).to_pydatetime() + offset for instant in (start_utc, end_utc))
        return any(since < end and start < until for since, until in self._spans(range(start.year - 1, end.year + 1)))

    def _offset(self, utc_offset_h: int) -> timedelta:
        """Offset from UTC of the clock the event is written in."""
        return timedelta(hours=utc_offset_h if moment(self.start).clock == "standard" else 0)

    def _spans(self, years: Iterable[int]) -> Iterator[tuple[datetime, datetime]]:
        """Start and end on the event's own clock: those that begin in the years, or the only ones of a dated event."""
        start, end = moment(self.start), moment(self.end)
        for year in years if start.year is None else (start.year,):
            since, until = start.in_year(year), end.in_year(end.year or year)
            yield since, until if until >= since else end.in_year(year + 1)  # over the turn of the year
