"""Where bytes are kept by name: a folder of this machine, or a bucket of an S3-compatible object store.

A name is a path of its own below the store's root, such as ``operations/base/2025-07-15-04-00.parquet``. A store knows
nothing of tables: `storage` gives names and what stands in them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from econex_pipeline.contracts import InputError

LOCK_POLL_S = 0.5
WRITER = "writer.lock"
KEPT_STORES = 16
_BESIDE = ".beside"


class Store(Protocol):
    """Bytes by name. Whoever reads sees a whole content, the old one or the new one."""

    def where(self, name: str) -> str:
        """Path or address under which a person finds a name."""

    def read(self, name: str) -> bytes:
        """Read a content.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """

    def put(self, name: str, content: bytes) -> None:
        """Put a content in its place, whole or not at all."""

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names in a folder and those below it that end with a suffix, sorted; links lead to nothing."""

    def alone(self, folder: str, who: str, waits: Callable[[str], None]) -> AbstractContextManager[None]:
        """Be the only writer of a folder; wait while another is.

        Whoever holds it loses it when it ends, however it ends.

        Parameters
        ----------
        folder : str
            What is written.
        who : str
            Name of the writer, shown to those who wait.
        waits : callable
            Told once who is waited for.
        """


@lru_cache(maxsize=KEPT_STORES)
def store_at(place: str) -> Store:
    """Give the store at a place, the same one each time.

    Parameters
    ----------
    place : str
        A folder, or ``s3://bucket/prefix``.

    Raises
    ------
    InputError
        If it is an address of another kind, or not a whole one.
    """
    scheme, found, _ = place.partition("://")
    if not found:
        return FolderStore(Path(place))
    if scheme != "s3":
        raise InputError("ECONEX_STORAGE", "kind of address", f"{scheme}://", "a folder, or s3://bucket/prefix")
    from econex_pipeline.orchestration.object_store import ObjectStore

    return ObjectStore(place)


os.register_at_fork(after_in_child=store_at.cache_clear)  # a connection is no use to a copy of its process


class FolderStore:
    """A folder of this machine.

    A file is written beside its place and moved there in one step. It is not forced to the disk: what a power failure
    cuts short is found by whoever reads it, by the checksums it carries.

    Parameters
    ----------
    root : Path
        The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, name: str) -> str:
        """Path of the file."""
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        """Read a file."""
        return (self.root / name).read_bytes()

    def put(self, name: str, content: bytes) -> None:
        """Write beside the file, then take its place; after an error nothing has changed."""
        path = self.root / name
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_BESIDE}")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names of the files of a folder."""
        root = self.root.resolve()
        found = []
        for top, folders, files in os.walk(root / folder):
            folders[:] = [name for name in folders if not Path(top, name).is_symlink()]
            paths = [Path(top, name) for name in files if name.endswith(suffix)]
            found += [path.relative_to(root).as_posix() for path in paths if not path.is_symlink()]
        return sorted(found) if (root / folder).resolve() == root / folder else []

    @contextlib.contextmanager
    def alone(self, folder: str, who: str, waits: Callable[[str], None]) -> Iterator[None]:
        """Hold a lock of the operating system, which it lets go of when its holder ends."""
        path = self.root / folder / WRITER
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            told = False
            while not _locked(file.fileno()):
                if not told:
                    waits(path.read_text(encoding="utf-8"))
                    told = True
                time.sleep(LOCK_POLL_S)
            file.truncate(0)
            file.write(f"{who}, process {os.getpid()}")
            file.flush()
            for left in path.parent.glob(f".*{_BESIDE}"):  # by a writer that was killed
                left.unlink(missing_ok=True)
            yield


def _locked(descriptor: int) -> bool:
    """Take the lock of an open file, or say that another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
