"""When a condition becomes an alarm, and when the alarm is over. Pure: time and conditions are passed in.

A condition must last before it is told (hold), and must be gone for a while before its end is told (clear), so that
what comes and goes is told once. The watch is a value that can be kept as text between two looks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from econex_pipeline.orchestration.automation.settings import Alarms, Kind, Severity

KindName = Literal["run_failed", "plan_missing", "plan_stale", "unserved", "fallback", "blind", "settings"]
SEVERITIES: tuple[Severity, ...] = ("warning", "error")


@dataclass(frozen=True)
class Condition:
    """Something that is wrong now.

    Attributes
    ----------
    name : str
        The same as long as it is the same trouble.
    kind : str
        Which of the kinds of `Alarms`.
    case : str
        Name of the case; empty where it concerns none.
    severity : {"warning", "error"}
        How grave it is.
    title : str
        A few words.
    sentence : str
        What is wrong, and what could be done.
    evidence : mapping of str to str
        What shows it: numbers with units, runs, partitions.
    """

    name: str
    kind: KindName
    case: str
    severity: Severity
    title: str
    sentence: str
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """What is told: that a condition became an alarm, grew graver, or is over."""

    event: Literal["raised", "cleared"]
    condition: Condition
    since: datetime
    at: datetime


@dataclass(frozen=True)
class Entry:
    """A condition that is followed, with when it was seen first and last, and whether it has been told."""

    condition: Condition
    since: datetime
    seen: datetime
    told: bool = False


@dataclass(frozen=True)
class Watch:
    """All conditions that are followed, by name."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def look(
        self, conditions: Sequence[Condition], kinds: Alarms, now: datetime, lost: bool = False
    ) -> tuple[Watch, list[Notice]]:
        """Follow what is wrong now.

        Parameters
        ----------
        conditions : sequence of Condition
            All that is wrong now.
        kinds : Alarms
            How long each kind is held before it is told and before it is cleared.
        now : datetime
            The instant; aware.
        lost : bool
            Whether the look was incomplete: then nothing is cleared by it.

        Returns
        -------
        Watch
            With what is followed now.
        list of Notice
            What is to be told.
        """
        found = {condition.name: condition for condition in conditions}
        entries, notices = {}, []
        for name, condition in found.items():
            entry = self.entries.get(name, Entry(condition, now, now))
            graver = SEVERITIES.index(condition.severity) > SEVERITIES.index(entry.condition.severity)
            held = now - entry.since >= timedelta(minutes=_kind(kinds, condition).hold_minutes)
            if held and (not entry.told or graver):
                notices.append(Notice("raised", condition, entry.since, now))
            entries[name] = Entry(condition, entry.since, now, entry.told or held)
        for name, entry in self.entries.items():
            if name in found:
                continue
            gone = now - entry.seen >= timedelta(minutes=_kind(kinds, entry.condition).clear_minutes)
            if lost or (entry.told and not gone):
                entries[name] = entry
            elif entry.told:
                notices.append(Notice("cleared", entry.condition, entry.since, now))
        return Watch(entries), notices

    def to_json(self) -> Any:
        """Give the watch as JSON content."""
        return {name: _plain(asdict(entry)) for name, entry in self.entries.items()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Watch:
        """Read a watch back."""
        return cls({name: _entry(entry) for name, entry in content.items()})


@dataclass(frozen=True)
class Post:
    """A notice on its way: who is still to be told, and since when that is tried."""

    notice: Notice
    ways: tuple[str, ...]

    def without(self, way: str) -> Post:
        """Give the post with one way less."""
        return replace(self, ways=tuple(other for other in self.ways if other != way))


def save(watch: Watch, posts: Sequence[Post]) -> str:
    """Write a watch and what is still to be told as one text."""
    kept = [{"notice": _plain(asdict(post.notice)), "ways": list(post.ways)} for post in posts]
    return json.dumps({"watch": watch.to_json(), "posts": kept}, sort_keys=True)


def load(text: str | None) -> tuple[Watch, list[Post]]:
    """Read back what `save` wrote; nothing is followed where nothing was written."""
    if not text:
        return Watch(), []
    content = json.loads(text)
    posts = [Post(_notice(entry["notice"]), tuple(entry["ways"])) for entry in content["posts"]]
    return Watch.from_json(content["watch"]), posts


def _kind(kinds: Alarms, condition: Condition) -> Kind:
    kind: Kind = getattr(kinds, condition.kind)
    return kind


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in content.items()}


def _entry(content: Mapping[str, Any]) -> Entry:
    since, seen = (datetime.fromisoformat(content[name]) for name in ("since", "seen"))
    return Entry(Condition(**content["condition"]), since, seen, content["told"])


def _notice(content: Mapping[str, Any]) -> Notice:
    since, at = (datetime.fromisoformat(content[name]) for name in ("since", "at"))
    return Notice(content["event"], Condition(**content["condition"]), since, at)
