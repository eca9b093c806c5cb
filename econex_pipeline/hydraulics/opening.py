"""What comes before and after EPANET opens a file: what would crash it, and what it complained about."""

from __future__ import annotations

import re
from pathlib import Path

from wntr.epanet.exceptions import EN_ERROR_CODES

from econex_pipeline.contracts.errors import InputError

SHOWN = 3
TIMED = ("TIME", "CONT", "RULE")  # sections with clock times; EPANET knows them by four letters
FOUR_FIELDS = re.compile(r"[^\s:;]*(:[^\s:;]*){3}")


def refuse_what_crashes(path: Path) -> None:
    """Refuse times of four fields, such as 0:00:00:00, over which EPANET 2.2 writes past its memory and ends all.

    Raises
    ------
    InputError
        Naming the line.
    """
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


def refusal(path: Path, report: Path, code: int) -> InputError:
    """Make the error of a file that EPANET refused, with the first few of its complaints."""
    lines = [" ".join(line.split()) for line in report.read_text("latin-1").splitlines()]
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    said = [f"{line} {after}".strip() for line, after in pairs if "rror" in line]
    sentence = "; ".join(said[:SHOWN]) or EN_ERROR_CODES.get(code, "unknown error")
    return InputError.saying(path, "EPANET", f"the file cannot be read: {sentence} (error {code})")
