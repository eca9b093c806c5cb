"""Where things live: inputs, tables and the Dagster instance. Read when asked for, never at import.

Everything is in the repository's folder unless an environment variable moves it: ECONEX_HOME (the repository itself),
ECONEX_DATA (inputs), ECONEX_STORAGE (tables and reports: a folder, or s3://bucket/prefix), DAGSTER_HOME (the Dagster
instance). ECONEX_REPORT_URL is the address at which the pages of operated days are served, where they are.
ECONEX_INSTANCE (postgres, celery) takes the instance's configuration from `deploy/` instead of the embedded one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from econex_pipeline.contracts import InputError

INSTANCE_FILE = "dagster.yaml"
INSTANCE = "ECONEX_INSTANCE"
KINDS = ("postgres", "celery")
REPORT_URL = "ECONEX_REPORT_URL"
STORAGE = "ECONEX_STORAGE"


def repository() -> Path:
    """Folder that holds `data/`, `storage/` and `.dagster/`."""
    return _place("ECONEX_HOME", Path(__file__).resolve().parents[2])


def data_dir() -> Path:
    """Folder of the inputs: districts, cases, weather, demand."""
    return _place("ECONEX_DATA", repository() / "data")


def storage_place() -> str:
    """Folder or address of the tables and reports."""
    value = os.environ.get(STORAGE, "")
    return value if "://" in value else str(_place(STORAGE, repository() / "storage"))


def storage_dir() -> Path:
    """Folder of the tables and reports, for what works with files alone.

    Raises
    ------
    InputError
        If they are kept in an object store.
    """
    if "://" in storage_place():
        raise InputError("environment", STORAGE, "an address", "a folder: this works with files of this machine")
    return Path(storage_place())


def dagster_home() -> Path:
    """Folder of the Dagster instance."""
    return _place("DAGSTER_HOME", repository() / ".dagster")


def page_url(case: str, day: str) -> str | None:
    """Address of the page of an operated day; None where no server of pages is known."""
    base = os.environ.get(REPORT_URL)
    return f"{base.rstrip('/')}/{case}/{day}.html" if base else None


def prepare_instance() -> Path:
    """Make the instance's folder ready, with the committed configuration in it, and point Dagster to it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If ECONEX_INSTANCE names no kind of instance, or would change the one that the repository comes with.
    """
    home, kind = dagster_home(), os.environ.get(INSTANCE)
    home.mkdir(parents=True, exist_ok=True)
    embedded = repository() / ".dagster" / INSTANCE_FILE
    if kind:
        if home == embedded.parent:
            raise InputError("environment", "DAGSTER_HOME", str(home), f"a folder of its own for {INSTANCE}={kind}")
        _put(_instance_file(kind), home)
    elif embedded.exists() and not (home / INSTANCE_FILE).exists():
        _put(embedded, home)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _put(file: Path, home: Path) -> None:
    """Put the instance's configuration in its place in one step: several containers may share the folder."""
    beside = home / f".{INSTANCE_FILE}.{uuid.uuid4().hex}"
    shutil.copyfile(file, beside)
    beside.replace(home / INSTANCE_FILE)


def _instance_file(kind: str) -> Path:
    files = {name: repository() / "deploy" / f"{name}.yaml" for name in KINDS}
    if kind not in files:
        raise InputError("environment", INSTANCE, kind, f"{' or '.join(KINDS)}; nothing for the embedded one")
    return files[kind]


def _place(variable: str, default: Path) -> Path:
    value = os.environ.get(variable)
    return Path(value).expanduser().resolve() if value else default


if __name__ == "__main__":
    prepare_instance()
