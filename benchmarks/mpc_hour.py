"""An operated hour below the shell, against what it cannot do without.

Ours is `operate_hour`: estimate, coefficients, horizon, decision, the twin's hour, rows of the record; forecasts are
there, and nothing is stored or held against a contract. The floor, from the same hours in the same process: one warm
`run()` of the hour's program, one EPANET hour, one steady probe per device. Neither side waits for anything, so both
are told in the processor's time, each hour's least of many rounds, as the mean over the hours of a day.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from typing import Any
from unittest import mock

from benchmarks.comparison import Comparison
from econex_pipeline.control import Controller, HourRecord, loop, operate_hour
from econex_pipeline.hydraulics import WaterNetwork, devices_of
from econex_pipeline.orchestration.assets import DAY_AHEAD
from econex_pipeline.orchestration.hours import Hour, OperatedDay
from econex_pipeline.orchestration.recipe import Day, ensure
from econex_pipeline.orchestration.resources import RunOptions
from econex_pipeline.orchestration.setting import Inputs
from econex_pipeline.orchestration.storage import Storage
from econex_pipeline.planning import expected_end_state, monolith
from econex_pipeline.planning.bases import start_from
from econex_pipeline.planning.highs import new_solver, pass_model
from econex_pipeline.twin import Twin

DAY = date(2025, 7, 15)
ROUNDS = 12
TARGET_OF_FLOOR = 2.0
FLOOR = ("run", "step", "probes")
PARTS = {"coefficients": (Controller, "coefficients"), "choose": (loop, "choose"), "twin": (Twin, "step")}

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""On what, with what."""


def run() -> Comparison:
    """Operate a day, again and again, each hour from where it started the first time."""
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Inputs().setting("base"), DAY, Storage(root=folder), RunOptions())
        for entry in DAY_AHEAD:
            ensure(entry, day)
        hours = list(_operated(OperatedDay(day)))
    for _ in range(ROUNDS):
        for hour in hours:
            hour.clock()

    def best_s(part: str) -> float:
        return sum(hour.best_s[part] for hour in hours) / len(hours)

    told = ", ".join(f"{part} {1e3 * best_s(part):.2f} ms" for part in FLOOR)
    parts = ", ".join(f"{part} {1e3 * best_s(part):.2f} ms" for part in PARTS)
    floor_s = sum(best_s(part) for part in FLOOR)
    note = f"floor: {told}; of ours: {parts}"
    return Comparison("mpc_hour", best_s("ours"), "floor", floor_s, TARGET_OF_FLOOR, of_floor=True, note=note)


class _Hour:
    """An hour that can be operated again, and what it asked of HiGHS and EPANET.

    Parameters
    ----------
    operate : callable
        Operates the hour.
    asked : dict of str to list of Call
        Calls of the first time: programs solved, steps of the twin's network, probes of the controller's.
    """

    def __init__(self, operate: Callable[[], HourRecord], asked: dict[str, list[Call]]) -> None:
        self.operate, self.asked = operate, asked
        self.best_s: dict[str, float] = defaultdict(lambda: float("inf"))

    def clock(self) -> None:
        """Clock both sides and the parts of ours once."""
        self._note("ours", self.operate)
        with ExitStack() as clocks:
            for part, (owner, function) in PARTS.items():
                clocks.enter_context(mock.patch.object(owner, function, self._clocked(part, getattr(owner, function))))
            self.operate()
        (_, (program, options, basis, *_), _) = self.asked["solve"][-1]
        solver = new_solver(options)
        pass_model(solver, program)
        start_from(solver, basis)
        self._note("run", solver.run)
        network, arguments, named = self.asked["run_step"][-1]
        self._note("step", lambda: network.run_step(*arguments, **named))
        self._note("probes", lambda: [n.probe(*arguments, **named) for n, arguments, named in self.asked["probe"]])

    def _clocked(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **named: self._note(part, partial(function, *arguments, **named))

    def _note(self, part: str, work: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        found = work()
        self.best_s[part] = min(self.best_s[part], time.thread_time() - begun)
        return found


def _operated(operated: OperatedDay) -> Iterator[_Hour]:
    """Operate the hours of a day, but the first: it has no basis to start from."""
    controller = operated.day.setting.controller
    start = operated.day.times[0]
    state = controller.start(start, operated.day.setting.carried(expected_end_state(operated.plan, start)))
    for key in operated.day.hour_keys:
        forecast = Hour(operated, key).forecast()
        seen = (forecast, operated.actual, operated.tariffs, operated.day_plan)
        operate = partial(operate_hour, controller, state, *seen)
        asked: dict[str, list[Call]] = {}
        with ExitStack() as ears:
            for owner, method in ((monolith, "solve"), (WaterNetwork, "run_step"), (WaterNetwork, "probe")):
                asked[method] = ears.enter_context(_listening(owner, method))
            record = operate()
        devices = len(devices_of(controller.district))
        if record.fallbacks or len(asked["probe"]) != devices:
            raise RuntimeError(
                f"{key}: {record.fallbacks} fallbacks, {len(asked['probe'])} probes of {devices} devices"
            )
        state = record.state
        if key != operated.day.hour_keys[0]:
            yield _Hour(operate, asked)


@contextmanager
def _listening(owner: Any, function: str) -> Iterator[list[Call]]:
    """Write down the calls of a function, or of a method with the object it is called on."""
    original, heard = getattr(owner, function), []

    def listening(*arguments: Any, **named: Any) -> Any:
        heard.append((arguments[0], arguments[1:], named) if isinstance(owner, type) else (owner, arguments, named))
        return original(*arguments, **named)

    with mock.patch.object(owner, function, listening):
        yield heard
