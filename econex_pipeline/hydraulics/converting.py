"""A network file in other units than the engine counts in: written again in CMH, beside the user's file and unseen."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from econex_pipeline.hydraulics.dataset import read_inp, write_inp

ENGINE_UNITS = "CMH"
EPANET_DEFAULT_UNITS = "GPM"
UNITS = re.compile(r"UNITS\s+(\w+)", re.IGNORECASE)


@contextlib.contextmanager
def in_cmh(path: Path) -> Iterator[Path]:
    """Give a file that holds the same network in CMH; the file itself where it already does.

    Parameters
    ----------
    path : Path
        EPANET input file in any of EPANET's units.

    Yields
    ------
    Path
        To be read at once: a converted file is gone afterwards.

    Raises
    ------
    InputError
        If a file that has to be converted cannot be read, or holds controls or rules.
    """
    if not path.is_file() or flow_units(path) == ENGINE_UNITS:
        yield path
        return
    imported = read_inp(path)
    with tempfile.TemporaryDirectory(prefix="econex_units_") as folder:
        converted = Path(folder) / path.name
        write_inp(imported.dataset, converted, imported.tape, imported.options)
        yield converted


def flow_units(path: Path) -> str:
    """Read the flow unit of a network file; EPANET's default where it names none."""
    section, units = "", EPANET_DEFAULT_UNITS
    for line in path.read_text("latin-1").splitlines():
        text = line.split(";")[0].strip()
        if text.startswith("["):
            section = text[1:5].upper()
        elif section == "OPTI" and (found := UNITS.match(text)):
            units = found[1].upper()
    return units
