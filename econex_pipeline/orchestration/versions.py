"""Versions of the code: a digest of the sources a room's results depend on, so that old results are not mistaken.

Reporting may change without the plan being computed anew; the contracts may not.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from econex_pipeline import __version__

PACKAGE = Path(__file__).resolve().parents[1]
_BELOW_ALL = ("contracts", "district")


@cache
def code_version(*rooms: str) -> str:
    """Version of the package and digest of some of its rooms, with those that all depend on.

    It is that of the code as this process met it first, and stays so as long as the process lives.

    Parameters
    ----------
    rooms : str
        Names of folders, or files, of the package.
    """
    _met[rooms] = version = _on_disk(*rooms)
    return version


def outdated() -> str | None:
    """Say that the code on disk is another than what this process was started with; None if it is not.

    Runs start in processes of their own, with the code that is there then: a server that goes on with an older one
    would take all they make for stale, and ask for it again and again.
    """
    if all(_on_disk(*rooms) == version for rooms, version in _met.items()):
        return None
    return "the code was changed after the code server was started: reload the definitions"


_met: dict[tuple[str, ...], str] = {}


def _on_disk(*rooms: str) -> str:
    hasher = hashlib.sha256()
    for room in sorted({*rooms, *_BELOW_ALL}):
        place = PACKAGE / room
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix != ".pyc":
                hasher.update(path.relative_to(PACKAGE).as_posix().encode())
                hasher.update(path.read_bytes())
    return f"{__version__}+{hasher.hexdigest()[:12]}"
