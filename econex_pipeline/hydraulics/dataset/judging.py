"""EPANET's own judgement of an input file: WNTR's reader passes over what EPANET refuses, such as a name twice."""

from __future__ import annotations

import ctypes
import os
import tempfile
from pathlib import Path

from wntr.epanet.toolkit import ENepanet

from econex_pipeline.hydraulics.codes import FIRST_ERROR
from econex_pipeline.hydraulics.opening import refusal, refuse_what_crashes


def refuse_what_epanet_refuses(path: Path) -> None:
    """Open a file with EPANET and close it again.

    Raises
    ------
    InputError
        With the first few of EPANET's complaints.
    """
    refuse_what_crashes(path)
    library = ENepanet().ENlib
    handle = ctypes.c_void_p()
    library.EN_createproject(ctypes.byref(handle))
    with tempfile.TemporaryDirectory(prefix="econex_epanet_", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.txt"
        code = library.EN_open(handle, os.fsencode(path), os.fsencode(report), b"")
        library.EN_close(handle)
        library.EN_deleteproject(handle)
        if code >= FIRST_ERROR:
            raise refusal(path, report, code)
