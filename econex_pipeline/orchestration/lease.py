"""Being the only writer by a lease: an object that its holder renews, and that another takes over once it is stale.

An object store has no locks. What it has is writes under a condition: only where there is nothing yet, or only over
the content that was seen. So of two who reach for a lease one gets it. Its age is read from the server's clock alone:
those of the machines need not agree. A holder that slept through its time, as a paused machine does, is refused its
next write if another took over meanwhile.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from econex_pipeline.contracts import EconexError, InputError

LEASE_S = 30.0
RENEWALS = 3  # tries to renew within the time of a lease
POLL_S = 1.0
NOBODY = ""  # writer of a lease that was given back
NEVER = '"0"'  # no content has this tag


@dataclass(frozen=True)
class Seen:
    """An object as it was seen.

    Attributes
    ----------
    tag : str
        The server's name of exactly this content.
    content : bytes
        What stands in it.
    age_s : float
        Time since it was written, by the server's clock [s].
    """

    tag: str
    content: bytes
    age_s: float


class Conditional(Protocol):
    """A store that writes under a condition."""

    def where(self, name: str) -> str:
        """Address of a name."""

    def look(self, name: str) -> Seen | None:
        """See an object; None where there is none."""

    def put_if(self, name: str, content: bytes, tag: str | None) -> str | None:
        """Write over the content of a tag, or where there is nothing (None); give the new tag, or None if refused."""


class Lease:
    """The right to write, held from `take` to `give_back` while it can be renewed.

    Parameters
    ----------
    store : Conditional
        Where its object is.
    name : str
        Name of its object.
    who : str
        Name of the writer.
    lease_s : float
        Time after which it is stale unless renewed [s].
    """

    def __init__(self, store: Conditional, name: str, who: str, lease_s: float = LEASE_S) -> None:
        self.store, self.name, self.who, self.lease_s = store, name, who, lease_s
        self._tag = ""
        self._renewed = 0.0
        self._taken_by: str | None = None
        self._renewal = threading.Lock()
        self._ended = threading.Event()
        self._renewing = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self, waits: Callable[[str], None]) -> None:
        """Get it, waiting while another holds it; `waits` is told once who that is."""
        told = False
        while True:
            seen = self.store.look(self.name)
            holder, stale_s = _read(seen)
            if holder is None or (seen is not None and seen.age_s > stale_s):
                if self._write(self.who, seen.tag if seen else None):
                    break
                continue  # another was quicker
            if not told:
                waits(holder)
                told = True
            time.sleep(min(POLL_S, self.lease_s / RENEWALS))
        self._renewing.start()

    def give_back(self) -> None:
        """Let the next one have it at once. Where that fails, it goes stale."""
        self._ended.set()
        self._renewing.join()
        if self._taken_by is None:
            with suppress(EconexError, OSError):
                self._write(NOBODY, self._tag)

    def ensure(self) -> None:
        """Make sure that it is still held, before something is written.

        Raises
        ------
        EconexError
            If another has taken it over.
        """
        if time.time() - self._renewed > self.lease_s / 2:
            self._renew()
        if self._taken_by is not None:
            raise EconexError(
                f"{self.store.where(self.name)}: this writer ({self.who}) was not heard of for {self.lease_s:g} s, and "
                f"{self._taken_by} has taken over; start the run again, it reuses what is there"
            )

    def prove(self) -> None:
        """See, while it is held, that the server refuses what it should.

        Raises
        ------
        InputError
            If it writes whatever the condition is.
        """
        content = _text(NOBODY, self.lease_s)  # should it be written, it keeps nobody out
        if all(self.store.put_if(self.name, content, tag) is None for tag in (None, NEVER)):
            return
        raise InputError.saying(
            self.store.where(self.name),
            "object store",
            "the server ignores the conditions If-None-Match and If-Match of a write, which keep two writers of a case "
            "apart; use a server that honours them",
        )

    def _keep(self) -> None:
        while not self._ended.wait(self.lease_s / RENEWALS):
            with suppress(EconexError, OSError):  # no answer: the next try may have one
                self._renew()

    def _renew(self) -> None:
        with self._renewal:
            if self._taken_by is None and not self._write(self.who, self._tag):
                self._taken_by = _read(self.store.look(self.name))[0] or "another writer"

    def _write(self, who: str, tag: str | None) -> bool:
        """Write a new content over the one of a tag; say whether it stands there."""
        content, now = _text(who, self.lease_s), time.time()
        written = self.store.put_if(self.name, content, tag)
        if written is None:
            # The answer to a write may be lost; tried again by the client, it is refused as it is there already.
            seen = self.store.look(self.name)
            written = seen.tag if seen is not None and seen.content == content else None
        if written is not None:
            self._tag, self._renewed = written, now
        return written is not None


def _text(who: str, lease_s: float) -> bytes:
    """Content of a lease: no two are the same, as the tag of a content is made from it."""
    return json.dumps({"writer": who, "stale_after_s": lease_s, "turn": uuid.uuid4().hex}).encode()


def _read(seen: Seen | None) -> tuple[str | None, float]:
    """Holder of a lease, and the time after which it is stale [s]; None where nobody holds it."""
    if seen is None:
        return None, 0.0
    try:
        content = json.loads(seen.content)
        return content["writer"] or None, float(content["stale_after_s"])
    except (ValueError, KeyError, TypeError):
        return "somebody", LEASE_S
