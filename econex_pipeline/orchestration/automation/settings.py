"""When the pipeline runs by itself and whom it tells: `automation.yaml` of the data folder, checked like all inputs.

Without the file, what stands here holds. Nothing runs by itself before its schedule or sensor is turned on in Dagster,
and nobody is told before a way to tell them stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from econex_pipeline.contracts import InputError
from econex_pipeline.contracts.errors import nearest
from econex_pipeline.district.part import Frozen, Whole
from econex_pipeline.district.reading import read_yaml

FILE = "automation.yaml"
DEFAULT_CASE = "base"

Severity = Literal["warning", "error"]


def _clock_time(value: Any) -> Any:
    """YAML reads 12:30 without quotes as the number 750."""
    if not isinstance(value, str) or not re.fullmatch(r"(1[2-9]|2[0-3]):[0-5]\d", value):
        from_to = '"12:00" (when the plan\'s forecast is issued) to "23:59"'
        raise ValueError(f"a time from {from_to} is needed, in quotes, not {value!r}")
    return value


class Planning(Frozen):
    """Day-ahead planning."""

    at: Annotated[str, BeforeValidator(_clock_time)] = Field(
        default="12:15", description="Time of the day before at which a day is planned, standard time of the site."
    )

    @property
    def before_day(self) -> timedelta:
        """How long before its operating day a day is planned."""
        hour, minute = self.at.split(":")
        return timedelta(hours=24 - int(hour), minutes=-int(minute))


class Operating(Frozen):
    """Hourly operation."""

    minutes_past: Annotated[Whole, Field(le=59)] = Field(
        default=5, description="Minutes after the end of an hour at which it is operated [min]."
    )


class CatchUp(Frozen):
    """What was missed."""

    days: Annotated[Whole, Field(ge=1, le=60)] = Field(
        default=7, description="Days back from now within which missing partitions are requested [d]."
    )
    grace_minutes: Whole = Field(
        default=10, description="Minutes left to the schedules before the sensor asks for a partition itself [min]."
    )
    retry_minutes: Annotated[Whole, Field(ge=1)] = Field(
        default=60, description="Minutes after a failed run before its partition is asked for again [min]."
    )
    tries: Annotated[Whole, Field(ge=1)] = Field(
        default=6, description="Failed runs after which a partition is given up and no longer holds up later days."
    )


class Retention(Frozen):
    """What Dagster keeps."""

    keep_days: Annotated[Whole, Field(ge=1)] = Field(
        default=90, description="Days for which the log of a run is kept; what it materialized is always known [d]."
    )
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "sunday"


class Kind(Frozen):
    """How an alarm of one kind is raised and cleared."""

    severity: Severity
    hold_minutes: Whole = Field(default=0, description="Minutes a condition must last before it is told [min].")
    clear_minutes: Whole = Field(default=0, description="Minutes it must be gone before its end is told [min].")


class UnservedKind(Kind):
    """Demand that was not served."""

    severity: Severity = "error"
    window_hours: Annotated[Whole, Field(ge=1, le=168)] = Field(
        default=24, description="Operated hours back from now that are looked at [h]."
    )


class FallbackKind(Kind):
    """A controller that falls back again and again."""

    severity: Severity = "warning"
    window_hours: Annotated[Whole, Field(ge=1, le=168)] = Field(
        default=6, description="Operated hours back from now that are looked at [h]."
    )
    count: Annotated[Whole, Field(ge=1)] = Field(
        default=3, description="Control cycles on the last plan or on rules within the window that make an alarm."
    )


class Alarms(Frozen):
    """The kinds of alarms."""

    run_failed: Kind = Kind(severity="error")
    plan_missing: Kind = Kind(severity="error", hold_minutes=30)
    plan_stale: Kind = Kind(severity="warning", hold_minutes=15)
    unserved: UnservedKind = UnservedKind()
    fallback: FallbackKind = FallbackKind()
    blind: Kind = Kind(severity="error", hold_minutes=15)
    settings: Kind = Kind(severity="error")


class Way(Frozen):
    """A way to tell somebody."""

    least: Severity = Field(default="warning", description="The least severity that is told this way.")


class Webhook(Way):
    """An address that takes alarms as JSON over HTTP POST; kept out of files, as it often holds a secret."""

    url_variable: str = Field(
        default="ECONEX_WEBHOOK_URL", description="Name of the environment variable that holds the address."
    )


class Mail(Way):
    """E-mail over SMTP."""

    host: str
    port: Annotated[Whole, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str
    recipients: Annotated[list[str], Field(min_length=1)]
    user: str = ""
    password_variable: str = Field(
        default="ECONEX_SMTP_PASSWORD", description="Name of the environment variable that holds the password."
    )


class Notify(Frozen):
    """Whom alarms are told."""

    log: Way | None = Field(default=None, description="A line in the log of the process.")
    webhook: Webhook | None = None
    mail: Mail | None = None


class Automation(Frozen):
    """All of `automation.yaml`."""

    cases: list[str] = Field(default=[DEFAULT_CASE], description="Cases that run by themselves.")
    planning: Planning = Planning()
    operating: Operating = Operating()
    catch_up: CatchUp = CatchUp()
    retention: Retention = Retention()
    alarms: Alarms = Alarms()
    notify: Notify = Notify()


@dataclass(frozen=True)
class Settings:
    """What could be read of the file.

    Attributes
    ----------
    automation : Automation
        All that can be used; what cannot is as it would be without it.
    wrong : mapping of str to str
        The sentence that says what is wrong, by the part of the file it concerns.
    """

    automation: Automation
    wrong: Mapping[str, str]

    def waits(self, *parts: str) -> str | None:
        """Say why what is made by some parts of the file must wait; None if nothing of them is wrong.

        A name that is no part of the file may have been meant for any.
        """
        said = [
            sentence for part, sentence in self.wrong.items() if part in parts or part not in Automation.model_fields
        ]
        return f"waits until {FILE} is mended and the definitions are reloaded: {said[0]}" if said else None


def read_settings(data_dir: Path, known: Sequence[str]) -> Settings:
    """Read the settings of a data folder; what is wrong in one place takes nothing else with it.

    Parameters
    ----------
    data_dir : Path
        The data folder.
    known : sequence of str
        Names of its cases.
    """
    try:
        return Settings(read_automation(data_dir, known), {})
    except InputError as error:
        first = error
    path = data_dir / FILE
    try:
        content = read_yaml(path)
    except InputError:
        content = {}
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for part, piece in _pieces(content):
        try:
            settings = _checked(path, piece)
            _check_cases(path, settings.cases if part == "cases" else (), known)
        except InputError as error:
            wrong.setdefault(part, str(error))
        else:
            kept[part] = {**kept.get(part, {}), **piece[part]} if isinstance(piece[part], dict) else piece[part]
    named = content.get("cases", [DEFAULT_CASE])
    kept["cases"] = [case for case in known if isinstance(named, list) and case in named]
    kept["notify"] = {"log": {}, **kept.get("notify", {})}  # what is wrong is told there at least
    return Settings(Automation.model_validate(kept), wrong or {first.field.split(".")[0]: str(first)})


def read_automation(data_dir: Path, known: Sequence[str]) -> Automation:
    """Read the settings of a data folder.

    Parameters
    ----------
    data_dir : Path
        The data folder.
    known : sequence of str
        Names of its cases.

    Raises
    ------
    InputError
        If the file says something that cannot be used.
    """
    path = data_dir / FILE
    if not path.exists():
        return Automation(cases=[case for case in (DEFAULT_CASE,) if case in known])
    settings = _checked(path, read_yaml(path))
    _check_cases(path, settings.cases, known)
    return settings


def _checked(path: Path, content: Any) -> Automation:
    try:
        return Automation.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        if first["type"] in ("value_error", "missing"):
            raise InputError.saying(path, field, first["msg"].removeprefix("Value error, ")) from None
        raise InputError(path, field, first["input"], first["msg"].removeprefix("Input should be ")) from None


def _check_cases(path: Path, cases: Sequence[str], known: Sequence[str]) -> None:
    for case in cases:
        if case not in known:
            raise InputError(path, "cases", case, f"cases in cases/: {', '.join(known)}{nearest(case, known)}")


def _pieces(content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Cut the content of the file into the least pieces that can be right or wrong alone, each with its part."""
    for part, value in content.items():
        if isinstance(value, dict):
            yield from ((part, {part: {key: one}}) for key, one in value.items())
        else:
            yield part, {part: value}
