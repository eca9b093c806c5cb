"""Ask the open database of advisories (osv.dev, PyPI's among them) about every package that the locks name.

A known weakness ends with 1. A database that cannot be asked is no weakness: it is said, and ends with 0, so that the
lint works behind a mirror and without a network; `--strict` ends with 2 then.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "requirements-runtime.lock", "requirements-services.lock")
SERVICE = "https://api.osv.dev/v1"
AT_ONCE = 1000
PATIENCE_S = 10.0
ACCEPTED: Mapping[str, str] = {}
"""Advisories that are known and do not concern us, with the reason why."""

Package = tuple[str, str]


class NoAnswer(Exception):
    """The database could not be asked."""


def locked(folder: Path) -> list[Package]:
    """Give name and version of every package of the locks of a folder."""
    pinned = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*])?==([^\s;\\]+)", re.MULTILINE)
    return sorted({pin for lock in LOCKS for pin in pinned.findall((folder / lock).read_text(encoding="utf-8"))})


def advisories(packages: Sequence[Package], service: str) -> dict[Package, list[dict[str, Any]]]:
    """Give the advisories that concern packages, but those taken back or accepted.

    Raises
    ------
    NoAnswer
        If the database gives no answer, or one that is not understood.
    """
    try:
        named = _named(packages, service)
        known = {
            entry: _asked(f"{service}/vulns/{entry}") for entry in sorted({i for ids in named.values() for i in ids})
        }
        return {package: left for package, ids in named.items() if (left := _standing([known[entry] for entry in ids]))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(" ".join(f"{type(error).__name__}: {error}".split())) from None


def _named(packages: Sequence[Package], service: str) -> dict[Package, list[str]]:
    """Identifiers of advisories by package; an answer that is too long comes in pages."""
    found: dict[Package, list[str]] = {package: [] for package in packages}
    asked = [(package, "") for package in packages]
    while asked:
        now, asked = asked[:AT_ONCE], asked[AT_ONCE:]
        queries = [
            {
                "package": {"ecosystem": "PyPI", "name": name},
                "version": version,
                **({"page_token": page} if page else {}),
            }
            for (name, version), page in now
        ]
        for (package, _), result in zip(
            now, _asked(f"{service}/querybatch", {"queries": queries})["results"], strict=True
        ):
            found[package] += [entry["id"] for entry in result.get("vulns", [])]
            if page := result.get("next_page_token"):
                asked.append((package, page))
    return found


def _standing(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Advisories that still stand, each once though several bodies gave it a name."""
    standing: list[dict[str, Any]] = []
    names: set[str] = set()
    for entry in found:
        own = {entry["id"], *entry.get("aliases", [])}
        if "withdrawn" not in entry and not own & names and not own & set(ACCEPTED):
            standing.append(entry)
        names |= own
    return standing


def _asked(address: str, content: object = None) -> Any:
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return json.load(answer)


def _line(package: Package, entry: Mapping[str, Any]) -> str:
    name, version = package
    parts = [
        part for part in entry.get("affected", []) if part.get("package", {}).get("name", "").lower() == name.lower()
    ]
    fixed = {
        event["fixed"] for part in parts for r in part.get("ranges", []) for event in r["events"] if "fixed" in event
    }
    versions = sorted(text for text in fixed if "." in text)  # the others are commits
    mended = f"mended in {', '.join(versions)}" if versions else "not mended yet"
    said = entry.get("summary") or entry.get("details", "").partition("\n")[0]
    return f"{name} {version}: {entry['id']}, {mended}: {said}; see https://osv.dev/{entry['id']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is known of the locked packages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1], help="folder of the locks")
    parser.add_argument("--service", default=SERVICE, help="address of the database")
    parser.add_argument("--strict", action="store_true", help="end with 2 where the database cannot be asked")
    asked = parser.parse_args(arguments)
    packages = locked(asked.folder)
    try:
        found = advisories(packages, asked.service)
    except NoAnswer as error:
        print(
            f"WARNING: {len(packages)} packages were NOT AUDITED: {asked.service} gave no answer: {error}",
            file=sys.stderr,
        )
        return 2 if asked.strict else 0
    for package, entries in found.items():
        for entry in entries:
            print(_line(package, entry))
    print(f"{len(packages)} packages audited, {len(found)} with known weaknesses")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
