"""From files to a District: strict YAML, a case's overlay on it, and errors that name file, field and value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.district.model import District

CASE_KEYS = ("district", "description", "changes")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
PLAIN_NAME = "a plain name, letters, digits, - and _"
KEPT_TEXTS = 8
_NOT_THERE = object()


# PyYAML's safe loader; that over libyaml, where PyYAML was built with it, parses seven times as quickly.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):
    """Refuse a key that stands twice in one mapping: YAML would quietly keep the last."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def cases(data_dir: Path) -> list[str]:
    """List the cases of a data folder by name, sorted."""
    return sorted(path.stem for path in (data_dir / "cases").glob("*.yaml"))


def load_case(data_dir: Path, case: str) -> District:
    """Read a case: its district with the case's changes laid over it.

    Parameters
    ----------
    data_dir : Path
        The data folder, with ``districts/`` and ``cases/`` in it.
    case : str
        Name of a file in ``cases/``, without its ending.

    Returns
    -------
    District
        Frozen and checked.

    Raises
    ------
    InputError
        If a file is missing or is no YAML, a key is unknown, a value is out of its range, or parts do not fit together.
    """
    data_dir = data_dir.resolve()
    known = cases(data_dir)
    if case not in known:
        what = "a case in cases/" if _NAME.fullmatch(case) else PLAIN_NAME
        raise InputError(data_dir / "cases", "case", case, f"{what}: {', '.join(known)}{nearest(case, known)}")
    case_path = data_dir / "cases" / f"{case}.yaml"
    name = _case_name(case_path, known)
    overlay = read_yaml(case_path)
    for key in overlay:
        if key not in CASE_KEYS:
            raise InputError(case_path, "key", key, f"one of {', '.join(CASE_KEYS)}{nearest(str(key), CASE_KEYS)}")
    for key in ("district", "description"):
        if not isinstance(overlay.get(key), str):
            raise InputError(case_path, key, overlay.get(key), "a text")
    if not _NAME.fullmatch(overlay["district"]):
        raise InputError(case_path, "district", overlay["district"], PLAIN_NAME)
    district_path = data_dir / "districts" / overlay["district"] / "district.yaml"
    if not district_path.is_file():
        raise InputError(case_path, "district", overlay["district"], f"the name of a folder; no file {district_path}")
    content = read_yaml(district_path)
    changes = overlay.get("changes") or {}
    if not isinstance(changes, dict):
        raise InputError(case_path, "changes", changes, "a mapping with the keys of district.yaml that differ")
    merged = _overlaid(content, changes, case_path)
    _drop_end_values(merged, changes)
    if merged.get("name") != overlay["district"]:
        raise InputError(district_path, "name", merged.get("name"), f"the folder's name, '{overlay['district']}'")
    merged |= {"case": name, "case_description": overlay["description"], "data_dir": data_dir}
    try:
        return District.model_validate(merged)
    except ValidationError as error:
        raise _input_error(error, district_path, case_path, content, changes) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file of keys and values: data, never code, and no key twice.

    Raises
    ------
    InputError
        If the file is missing, is no YAML, or holds anything but a mapping.
    """
    try:
        content = deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(path, "file", "missing", "a YAML file at this path") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "file"
        raise InputError.saying(path, line, f"{error.problem}; not valid YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError.saying(path, "file", f"{' '.join(str(error).split())}; not valid YAML") from None
    if not isinstance(content, dict):
        raise InputError(path, "file", type(content).__name__, "a mapping of keys to values")
    return content


@lru_cache(maxsize=KEPT_TEXTS)
def _parsed(text: str) -> Any:
    """Parse a text; cases of one district share its file, and parsing takes most of the time of reading them."""
    return yaml.load(text, Loader=_StrictLoader)


def _case_name(case_path: Path, known: list[str]) -> str:
    """Give the name of a case as tables and assets carry it: '-' becomes '_', and no two cases may then agree."""
    name = case_path.stem.replace("-", "_")
    if not _NAME.fullmatch(name):
        raise InputError(case_path, "name of the file", case_path.stem, f"{PLAIN_NAME}, a letter first")
    for other in known:
        if other != case_path.stem and other.replace("-", "_") == name:
            sentence = f"{other}.yaml would be stored under the same name, '{name}'; rename one of the two"
            raise InputError.saying(case_path, "name of the file", sentence)
    return name


def _overlaid(content: Any, changes: Any, case_path: Path, trail: tuple[str, ...] = ()) -> Any:
    """Lay changes over content: mappings merge, null removes a key that is there, anything else replaces."""
    if not (isinstance(content, dict) and isinstance(changes, dict)):
        return changes
    merged = dict(content)
    for key, change in changes.items():
        path = (*trail, str(key))
        if change is not None:
            merged[key] = _overlaid(content.get(key), change, case_path, path)
        elif merged.pop(key, _NOT_THERE) is _NOT_THERE:
            sentence = f"null takes away what the district has, and it has no such key{nearest(str(key), content)}"
            raise InputError.saying(case_path, ".".join(("changes", *path)), sentence)
    return merged


def _drop_end_values(merged: dict[str, Any], changes: dict[str, Any]) -> None:
    """A storage that the case takes away leaves no end value behind."""
    storages, end_values = changes.get("storages"), merged.get("end_values")
    if isinstance(storages, dict) and isinstance(end_values, dict):
        gone = {name for name, change in storages.items() if change is None}
        merged["end_values"] = {name: value for name, value in end_values.items() if name not in gone}


def _input_error(
    error: ValidationError, district_path: Path, case_path: Path, content: Any, changes: Any
) -> InputError:
    """Say the first finding in one sentence, and blame the case's file where the case changed that field.

    Where parts do not fit together, and where a field is missing, either file can be the one to mend: both are named.
    """
    first = error.errors()[0]
    trail = [str(part) for part in first["loc"]]
    missing = first["type"] == "missing"
    touched = _touches(changes, first["loc"][:-1] if missing else first["loc"])
    where: Path | str = case_path if trail and touched else district_path
    if changes and (not trail or (missing and touched)):
        where = f"{district_path} with the changes of {case_path}"
    field = ".".join(trail) or "district"
    message = first["msg"].removeprefix("Value error, ")
    if missing:
        return InputError.saying(where, field, f"is missing and needed{_meant(content, trail[:-1])}")
    if first["type"] == "value_error":
        return InputError.saying(where, field, message)
    return InputError(where, field, first["input"], message.removeprefix("Input should be "))


def _meant(content: Any, trail: list[str]) -> str:
    """Where a case adds a part that the district file has not: the part it may have meant to change."""
    for part in trail:
        if not isinstance(content, dict):
            break
        if part not in content:
            return nearest(part, content)
        content = content[part]
    return ""


def _touches(changes: Any, trail: Sequence[int | str]) -> bool:
    """Whether a case's changes reach the field at the end of a trail; an entry of a list was written as a whole."""
    at = changes
    for part in trail:
        if isinstance(at, list):
            return True
        at = at.get(part) if isinstance(at, dict) else None
    return at is not None
