"""One EPANET project in this process: the C library behind a small typed surface.

Here and nowhere else: ctypes and what the library says when it refuses. No decisions, no units other than EPANET's own
(CMH files only: m3/h, m, kW, s). The library is EPANET 2.2 as bundled with wntr.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import weakref
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from wntr.epanet.exceptions import EN_ERROR_CODES
from wntr.epanet.toolkit import ENepanet

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import (
    FIRST_ERROR,
    FLOW_UNITS,
    LONG_S,
    Count,
    LinkKind,
    LinkValue,
    NodeKind,
    NodeValue,
    Option,
    Time,
)
from econex_pipeline.hydraulics.opening import refusal, refuse_what_crashes
from econex_pipeline.hydraulics.slots import HydraulicsError, Reading, writer

__all__ = ["HydraulicsError", "Project"]


_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "EN_getcount": (ctypes.c_int, ctypes.c_void_p),
    "EN_getflowunits": (ctypes.c_void_p,),
    "EN_getnodeid": (ctypes.c_int, ctypes.c_char_p),
    "EN_getnodetype": (ctypes.c_int, ctypes.c_void_p),
    "EN_getnodevalue": (ctypes.c_int, ctypes.c_int, ctypes.c_void_p),
    "EN_setnodevalue": (ctypes.c_int, ctypes.c_int, ctypes.c_double),
    "EN_getlinkid": (ctypes.c_int, ctypes.c_char_p),
    "EN_getlinktype": (ctypes.c_int, ctypes.c_void_p),
    "EN_getlinknodes": (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
    "EN_getlinkvalue": (ctypes.c_int, ctypes.c_int, ctypes.c_void_p),
    "EN_setlinkvalue": (ctypes.c_int, ctypes.c_int, ctypes.c_double),
    "EN_getcurvelen": (ctypes.c_int, ctypes.c_void_p),
    "EN_getcurvevalue": (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
    "EN_setcurvevalue": (ctypes.c_int, ctypes.c_int, ctypes.c_double, ctypes.c_double),
    "EN_getdemandmodel": (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
    "EN_getoption": (ctypes.c_int, ctypes.c_void_p),
    "EN_setoption": (ctypes.c_int, ctypes.c_double),
    "EN_settimeparam": (ctypes.c_int, ctypes.c_long),
    "EN_gettimeparam": (ctypes.c_int, ctypes.c_void_p),
    "EN_getpatternindex": (ctypes.c_char_p, ctypes.c_void_p),
    "EN_setpatternvalue": (ctypes.c_int, ctypes.c_int, ctypes.c_double),
    "EN_setstatusreport": (ctypes.c_int,),
    "EN_openH": (),
    "EN_initH": (ctypes.c_int,),
    "EN_runH": (ctypes.c_void_p,),
    "EN_nextH": (ctypes.c_void_p,),
}


class Project:
    """An open EPANET project with its hydraulics open, and its names looked up once.

    Parameters
    ----------
    inp_path : Path
        EPANET input file in CMH units.
    named : Path, optional
        What messages call it, where it stands for another file.

    Attributes
    ----------
    nodes, links : dict of str to int
        Index of each node and link, in the file's order.
    node_kinds, link_kinds : dict
        Kind of each.
    link_ends : dict of str to (str, str)
        Start and end node of each link.

    Raises
    ------
    InputError
        If the file is missing, EPANET refuses it, or its flow unit is not CMH.

    Notes
    -----
    Projects are independent of each other; each writes only to a private temporary folder that is gone once the
    project is open. Use processes, not threads, to run several at once: the solver gains nothing from threads.
    """

    def __init__(self, inp_path: Path, named: Path | None = None) -> None:
        self.path = named or inp_path
        if not inp_path.is_file():
            raise InputError.saying(inp_path, "network file", "there is no such file; expected an EPANET input file")
        library = _library()
        self._handle = self._open(library, inp_path)
        self._call = self._bind(library)
        self._solve, self._advance = self._call["EN_runH"], self._call["EN_nextH"]
        self._double, self._long, self._int, self._other = (
            ctypes.c_double(), ctypes.c_long(), ctypes.c_int(), ctypes.c_int(),
        )  # fmt: skip
        self._at_double, self._at_long = ctypes.byref(self._double), ctypes.byref(self._long)
        self._look_up()
        units = FLOW_UNITS[self.integer("EN_getflowunits")]
        if units != "CMH":
            self.close()
            raise InputError(inp_path, "[OPTIONS] UNITS", units, "CMH (m3/h, m, mm, kW)")
        for parameter in (Time.DURATION, Time.PATTERNSTEP, Time.REPORTSTEP):
            self.set_time(parameter, LONG_S)
        self.check(self._call["EN_setstatusreport"](0), "EN_setstatusreport")
        self.check(self._call["EN_openH"](), "EN_openH")

    def _open(self, library: Any, inp_path: Path) -> ctypes.c_void_p:
        refuse_what_crashes(inp_path)
        handle = ctypes.c_void_p()
        library.EN_createproject(ctypes.byref(handle))
        # the report stays open after its folder has gone (POSIX); where it cannot go yet, the system cleans up later
        with tempfile.TemporaryDirectory(prefix="econex_epanet_", ignore_cleanup_errors=True) as folder:
            report = Path(folder) / "report.txt"
            code = library.EN_open(handle, os.fsencode(inp_path), os.fsencode(report), b"")
            if code >= FIRST_ERROR:
                library.EN_close(handle)
                library.EN_deleteproject(handle)
                raise refusal(self.path, report, code)
        self._finalizer = weakref.finalize(self, _close, library, handle, os.getpid())
        return handle

    def _bind(self, library: Any) -> dict[str, Callable[..., int]]:
        """Give each C function its argument types and this project as first argument."""
        calls: dict[str, Callable[..., int]] = {}
        for name, arguments in _SIGNATURES.items():
            function = library[name]
            function.argtypes = (ctypes.c_void_p, *arguments)
            calls[name] = partial(function, self._handle)
        return calls

    def _look_up(self) -> None:
        buffer = ctypes.create_string_buffer(64)
        self.nodes: dict[str, int] = {}
        self.node_kinds: dict[str, NodeKind] = {}
        for index in range(1, self.integer("EN_getcount", Count.NODES) + 1):
            self.check(self._call["EN_getnodeid"](index, buffer), "EN_getnodeid")
            name = buffer.value.decode("latin-1")
            self.nodes[name] = index
            self.node_kinds[name] = NodeKind(self.integer("EN_getnodetype", index))
        names = list(self.nodes)
        self.links: dict[str, int] = {}
        self.link_kinds: dict[str, LinkKind] = {}
        self.link_ends: dict[str, tuple[str, str]] = {}
        for index in range(1, self.integer("EN_getcount", Count.LINKS) + 1):
            self.check(self._call["EN_getlinkid"](index, buffer), "EN_getlinkid")
            name = buffer.value.decode("latin-1")
            self.links[name] = index
            self.link_kinds[name] = LinkKind(self.integer("EN_getlinktype", index))
            ends = ctypes.byref(self._int), ctypes.byref(self._other)
            self.check(self._call["EN_getlinknodes"](index, *ends), "EN_getlinknodes")
            self.link_ends[name] = names[self._int.value - 1], names[self._other.value - 1]

    def check(self, code: int, call: str) -> None:
        """Raise on an error code; warnings (below 100) pass."""
        if code >= FIRST_ERROR:
            text = EN_ERROR_CODES.get(code, "unknown error")
            raise HydraulicsError(f"{self.path}: EPANET refuses {call}: {text} (error {code})")

    def reading(self, wanted: Sequence[tuple[int, LinkValue | NodeValue]]) -> Reading:
        """Plan to read many values at once.

        Parameters
        ----------
        wanted : sequence of (int, LinkValue or NodeValue)
            Index and property of each value; the property says whether it is a link's or a node's.
        """
        return Reading(self._handle, wanted)

    def writing(self, index: int, code: LinkValue | NodeValue) -> Callable[[float], None]:
        """Give a function that writes one value, for values that are written at every step."""
        return writer(self._handle, index, code, str(self.path))

    def integer(self, call: str, *arguments: int | bytes) -> int:
        """Call a function that answers with one int."""
        self.check(self._call[call](*arguments, ctypes.byref(self._int)), call)
        return self._int.value

    def node(self, index: int, code: NodeValue) -> float:
        """Read a node's value in EPANET's CMH units."""
        self.check(self._call["EN_getnodevalue"](index, code, self._at_double), "EN_getnodevalue")
        return self._double.value

    def set_node(self, index: int, code: NodeValue, value: float) -> None:
        """Write a node's value."""
        self.check(self._call["EN_setnodevalue"](index, code, value), f"EN_setnodevalue({code.name}, {value})")

    def link(self, index: int, code: LinkValue) -> float:
        """Read a link's value in EPANET's CMH units."""
        self.check(self._call["EN_getlinkvalue"](index, code, self._at_double), "EN_getlinkvalue")
        return self._double.value

    def set_link(self, index: int, code: LinkValue, value: float) -> None:
        """Write a link's value."""
        error = self._call["EN_setlinkvalue"](index, code, value)
        if error >= FIRST_ERROR:
            self.check(error, f"EN_setlinkvalue({code.name}, {value})")

    def curve(self, index: int) -> list[tuple[float, float]]:
        """Read a curve's points."""
        other = ctypes.c_double()
        points = []
        for point in range(1, self.integer("EN_getcurvelen", index) + 1):
            self.check(
                self._call["EN_getcurvevalue"](index, point, self._at_double, ctypes.byref(other)), "EN_getcurvevalue"
            )
            points.append((self._double.value, other.value))
        return points

    def set_curve(self, index: int, points: list[tuple[float, float]]) -> None:
        """Write a curve's points, as many as it has."""
        for point, (x, y) in enumerate(points, start=1):
            self.check(self._call["EN_setcurvevalue"](index, point, x, y), "EN_setcurvevalue")

    def is_pressure_driven(self) -> bool:
        """Whether demand depends on pressure."""
        levels = [ctypes.byref(ctypes.c_double()) for _ in range(3)]
        self.check(self._call["EN_getdemandmodel"](ctypes.byref(self._int), *levels), "EN_getdemandmodel")
        return self._int.value != 0

    def option(self, code: Option) -> float:
        """Read a solver option."""
        self.check(self._call["EN_getoption"](code, self._at_double), "EN_getoption")
        return self._double.value

    def set_option(self, code: Option, value: float) -> None:
        """Write a solver option."""
        self.check(self._call["EN_setoption"](code, value), "EN_setoption")

    def set_time(self, code: Time, seconds: int) -> None:
        """Write a time parameter [s]."""
        error = self._call["EN_settimeparam"](code, seconds)
        if error >= FIRST_ERROR:
            self.check(error, f"EN_settimeparam({code.name}, {seconds})")

    def time(self, code: Time) -> int:
        """Read a time parameter [s]."""
        self.check(self._call["EN_gettimeparam"](code, self._at_long), "EN_gettimeparam")
        return self._long.value

    def pattern(self, name: str) -> Callable[[float], None]:
        """Give a function that writes the one value of a pattern."""
        index, write = self.integer("EN_getpatternindex", name.encode()), self._call["EN_setpatternvalue"]
        return lambda value: self.check(write(index, 1, value), "EN_setpatternvalue")

    def start(self) -> None:
        """Go to time 0 with the initial levels, flows guessed afresh, nothing saved to file."""
        self.check(self._call["EN_initH"](10), "EN_initH")  # 0 would keep the flows of a failed solve

    def solve(self) -> int:
        """Solve the present instant; answer with EPANET's warning code, 0 where there is none."""
        code = self._solve(self._at_long)
        if code >= FIRST_ERROR:
            self.check(code, "EN_runH")
        return code

    def advance(self) -> int:
        """Move on to the next instant, at most HYDSTEP away; answer with the seconds passed."""
        code = self._advance(self._at_long)
        if code >= FIRST_ERROR:
            self.check(code, "EN_nextH")
        return self._long.value

    def close(self) -> None:
        """Free the project's memory and files; harmless when called again."""
        self._finalizer()


@cache
def _library() -> Any:
    """EPANET's library; loading it takes as long as opening a project."""
    return ENepanet().ENlib


def _close(library: Any, handle: ctypes.c_void_p, process: int) -> None:
    """Close a project in the process that opened it; a forked child leaves its parent's alone."""
    if os.getpid() == process:
        library.EN_closeH(handle)  # EN_close alone never frees the solver's matrices
        library.EN_close(handle)
        library.EN_deleteproject(handle)
