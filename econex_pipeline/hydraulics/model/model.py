"""The model: a dataset in time.

``Y(t2) = F(X(t1..t2), Y(t1))``: what holds at a time follows from the levels before and from the inputs since.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.dataset.dataset import Dataset
from econex_pipeline.hydraulics.dataset.options import RunOptions
from econex_pipeline.hydraulics.engines.abilities import refuse_unable
from econex_pipeline.hydraulics.engines.base import Engine, Inputs, Totals
from econex_pipeline.hydraulics.engines.epanet import EpanetEngine
from econex_pipeline.hydraulics.engines.simulator import SimulatorEngine
from econex_pipeline.hydraulics.model.changes import Changer, Changes
from econex_pipeline.hydraulics.model.publishing import Publisher, Update


@dataclass(frozen=True)
class Snapshot:
    """A time to come back to.

    Attributes
    ----------
    time_s : int
        The time [s].
    levels_m : ndarray, shape (tanks,)
        Levels [m].
    inputs : Inputs
        What held then.
    dataset : Dataset
        What it is a snapshot of.
    """

    time_s: int
    levels_m: np.ndarray
    inputs: Inputs
    dataset: Dataset


class Model:
    """A drinking-water network in time; make it with `initialize`.

    Notes
    -----
    `update` moves on to its time under the inputs that held, then applies its changes, then solves that instant: a
    change at t acts from t on, and what is published holds at t. Time counts in whole seconds, as EPANET does.
    """

    def __init__(self, dataset: Dataset, options: RunOptions, engine: Engine, start_s: int) -> None:
        self.dataset, self.options, self.time_s = dataset, options, start_s
        self._engine = engine
        self._inputs = Inputs.of(dataset)
        self._changer = Changer(dataset, options.engine)
        self._publisher = Publisher(dataset, options.max_head, options.solver.accuracy)
        levels = np.array([tank.level for tank in dataset.tanks], dtype=float)
        engine.start(start_s, levels, self._inputs)

    @classmethod
    def initialize(cls, dataset: Dataset, options: RunOptions | None = None, start_s: int = 0) -> Model:
        """Set a dataset going.

        Parameters
        ----------
        dataset : Dataset
            The network, with its levels at the start.
        options : RunOptions, optional
            The run configuration.
        start_s : int, optional
            The time at the start [s].

        Raises
        ------
        NotReady
            If required attributes have not come; add them with `Dataset.with_values` and try again.
        InputError
            If the engine cannot do what the dataset or the options ask, by name.
        """
        options = options or RunOptions()
        _whole("start_s", start_s)
        dataset.require_complete()
        refuse_unable(dataset, options)
        engine = EpanetEngine(dataset, options) if options.engine == "epanet" else SimulatorEngine(dataset, options)
        return cls(dataset, options, engine, int(start_s))

    def update(self, time_s: int, changes: Changes | None = None, source: str = "controller") -> Update:
        """Move on to a time, apply changes there, and tell what holds.

        Parameters
        ----------
        time_s : int
            The time, in whole seconds; not before the present one.
        changes : mapping of group to mapping of column to sequence, optional
            Values to change, each group with a column ``id``.
        source : str, optional
            Who publishes the changes; an attribute of a group has one publisher.

        Returns
        -------
        Update
            What holds at that time, totals since the update before, and when something happens next.

        Raises
        ------
        InputError
            If the time lies in the past, or a change is refused; nothing has changed then.
        HydraulicsError
            If an instant cannot be solved or its answer is nonsense.
        """
        _whole("time_s", time_s)
        if time_s < self.time_s:
            raise InputError("update", "time_s", time_s, f"{self.time_s} s or later; go back with restore")
        applied = self._changer.apply(changes, self._inputs, source) if changes else None
        asked_m3 = self._publisher.asked(self._inputs) * float(time_s - self.time_s)
        engine = self._engine
        totals = engine.advance(int(time_s)) if time_s > self.time_s else Totals.nothing(self.dataset)
        self.time_s = int(time_s)
        if applied is not None:
            self._inputs = applied.inputs
            engine.put(applied.inputs, applied.junctions, applied.reservoirs, applied.links)
        instant = engine.solve()
        published = self._publisher.publish(instant, totals, self._inputs, asked_m3)
        warnings = (*instant.warnings, *totals.warnings, *self._publisher.remarks(instant, self._inputs))
        return Update(
            self.time_s,
            engine.next_event_s(),
            published,
            totals.substeps,
            totals.retries,
            tuple(dict.fromkeys(sorted(warnings))),
        )

    def snapshot(self) -> Snapshot:
        """Take a snapshot to come back to.

        EPANET's guess of flows is part of no snapshot: it is made afresh here and at `restore`, so that both ways on
        are the same bit for bit. Against a run without a snapshot that moves results within solver accuracy.
        """
        snapshot = Snapshot(self.time_s, self._engine.levels_m(), self._inputs, self.dataset)
        self.restore(snapshot)
        return snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Go back, or ahead, to a snapshot; totals count from there.

        Raises
        ------
        InputError
            If it was taken of another dataset.
        """
        if snapshot.dataset is not self.dataset and snapshot.dataset != self.dataset:
            raise InputError("restore", "snapshot", snapshot.dataset.name, "a snapshot of this model's dataset")
        self.time_s, self._inputs = snapshot.time_s, snapshot.inputs
        self._engine.start(snapshot.time_s, snapshot.levels_m, snapshot.inputs)

    def close(self) -> None:
        """Free what the engine holds; the model is of no use afterwards."""
        self._engine.close()


def _whole(what: str, time_s: int) -> None:
    if isinstance(time_s, bool) or not isinstance(time_s, (int, float, np.integer)) or time_s != time_s // 1:
        raise InputError("update", what, time_s, "whole seconds")
    if not 0 <= time_s < 2_000_000_000:
        raise InputError("update", what, time_s, "from 0 to 2e9 s")
