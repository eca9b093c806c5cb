"""EPANET's own judgement of an input file: WNTR's reader passes over what EPANET refuses, such as a name twice."""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from pathlib import Path

from wntr.epanet.exceptions import EN_ERROR_CODES
from wntr.epanet.toolkit import ENepanet

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import FIRST_ERROR

SHOWN = 3
TIMED = ("TIME", "CONT", "RULE")  # sections with clock times; EPANET knows them by four letters
FOUR_FIELDS = re.compile(r"[^\s:;]*(:[^\s:;]*){3}")


def refuse_what_epanet_refuses(path: Path) -> None:
    """Open a file with EPANET and close it again.

    Raises
    ------
    InputError
        With the first few of EPANET's complaints.
    """
    _refuse_what_crashes(path)
    library = ENepanet().ENlib
    handle = ctypes.c_void_p()
    library.EN_createproject(ctypes.byref(handle))
    with tempfile.TemporaryDirectory(prefix="econex_epanet_", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.txt"
        code = library.EN_open(handle, os.fsencode(path), os.fsencode(report), b"")
        library.EN_close(handle)
        library.EN_deleteproject(handle)
        if code >= FIRST_ERROR:
            lines = [" ".join(line.split()) for line in report.read_text("latin-1").splitlines()]
            said = [
                f"{line} {after}".strip() for line, after in zip(lines, [*lines[1:], ""], strict=True) if "rror" in line
            ]
            sentence = "; ".join(said[:SHOWN]) or EN_ERROR_CODES.get(code, "unknown error")
            raise InputError.saying(path, "EPANET", f"the file cannot be read: {sentence} (error {code})")


def _refuse_what_crashes(path: Path) -> None:
    """Refuse times of four fields, such as 0:00:00:00, over which EPANET 2.2 writes past its memory and ends all."""
    section = ""
    for number, line in enumerate(path.read_text("latin-1").splitlines(), start=1):
        text = line.split(";")[0].strip()
        if text.startswith("["):
            section = text[1:5].upper()
        found = FOUR_FIELDS.search(text) if section in TIMED else None
        if found:
            raise InputError(
                path, f"line {number}", found.group(), "a time of at most three fields, hours:minutes:seconds"
            )
