"""Values that are read or written again and again: each costs one C call and next to nothing else.

Here and nowhere else: the tricks of ctypes that make that so. What is worth reading is decided by the callers.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import starmap
from typing import Any

import numpy as np
from wntr.epanet.exceptions import EN_ERROR_CODES
from wntr.epanet.toolkit import ENepanet

from econex_pipeline.contracts.errors import EconexError
from econex_pipeline.hydraulics.codes import FIRST_ERROR, LinkValue, NodeValue

Plan = list[tuple[Any, list[Any]]]
"""What to call, and with what."""
_Slot = tuple[int, LinkValue | NodeValue]


class HydraulicsError(EconexError):
    """EPANET could not give a trustworthy answer: no convergence, a bound broken, a call refused."""


@cache
def _library() -> Any:
    """EPANET's library, once more, for short calls.

    A read lasts some nanoseconds: to give up the interpreter lock for it, as the usual way does, costs as much again.
    Its functions have no declared types: ready-made C arguments are fastest without.
    """
    return ctypes.PyDLL(ENepanet().ENlib._name)


class Reading:
    """Values that are read many at once.

    Parameters
    ----------
    handle : ctypes.c_void_p
        Open project.
    wanted : sequence of (int, LinkValue or NodeValue)
        Index and property of each value; the property says whether it is a link's or a node's.

    Attributes
    ----------
    values : ndarray
        What the last `read` found, in EPANET's CMH units and in the order of `wanted`.
    """

    def __init__(self, handle: ctypes.c_void_p, wanted: Sequence[_Slot]) -> None:
        library = _library()
        self._functions: tuple[Any, Any] = (library.EN_getlinkvalue, library.EN_getnodevalue)
        buffer = (ctypes.c_double * len(wanted))()
        self.values = np.frombuffer(memoryview(buffer))
        self._is_node = [isinstance(code, NodeValue) for _, code in wanted]
        self._arguments = [
            (handle, ctypes.c_int(index), ctypes.c_int(code), ctypes.byref(buffer, 8 * place))
            for place, (index, code) in enumerate(wanted)
        ]
        self._all = self.plan(range(len(wanted)))

    def plan(self, places: Iterable[int]) -> Plan:
        """Plan to read at these places of `values` only."""
        kinds: tuple[list[Any], list[Any]] = ([], [])
        for place in places:
            kinds[self._is_node[place]].append(self._arguments[place])
        return [plan for plan in zip(self._functions, kinds, strict=True) if plan[1]]

    def read(self, plan: Plan | None = None) -> None:
        """Read into `values`, all of them or those of a plan; the others keep what they hold."""
        for function, arguments in self._all if plan is None else plan:
            deque(starmap(function, arguments), maxlen=0)


def writer(handle: ctypes.c_void_p, index: int, code: LinkValue | NodeValue, what: str) -> Callable[[float], None]:
    """Give a function that writes one value of a link or node.

    Parameters
    ----------
    handle : ctypes.c_void_p
        Open project.
    index, code
        What to write.
    what : str
        Named when EPANET refuses the value.
    """
    library = _library()
    function = library.EN_setnodevalue if isinstance(code, NodeValue) else library.EN_setlinkvalue
    place, number, double = ctypes.c_int(index), ctypes.c_int(code), ctypes.c_double

    def write(value: float) -> None:
        error = function(handle, place, number, double(value))
        if error >= FIRST_ERROR:
            text = EN_ERROR_CODES.get(error, "unknown error")
            raise HydraulicsError(f"{what}: EPANET refuses {code.name} = {value:g}: {text} (error {error})")

    return write
