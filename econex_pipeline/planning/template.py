"""A compiled block: every number of the LP as an affine map of one data vector theta. How it is made: `compiling`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from econex_pipeline.planning.block import Shape
from econex_pipeline.planning.elements import Network

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Affine:
    """Numbers that are affine in theta: ``constant + linear @ theta`` at the places `varying`, constant elsewhere."""

    constant: Array
    varying: Array
    linear: sparse.csr_array

    def __call__(self, theta: Array) -> Array:
        """Evaluate for N scenarios: theta of shape (data, N) gives shape (N, numbers)."""
        values = np.empty((theta.shape[1], len(self.constant)))
        values[:] = self.constant
        single, several = self._parts
        if len(single[0]):
            places, data, factor = single
            values[:, places] += (factor * theta[data]).T
        if len(several[0]):
            values[:, several[0]] += (several[1] @ theta).T
        return values

    @cached_property
    def _parts(self) -> tuple[tuple[Array, Array, Array], tuple[Array, sparse.csr_array]]:
        """Numbers that are a multiple of one datum, nearly all: places, data, factors; the others: places, map."""
        one = np.diff(self.linear.indptr) == 1
        alone = self.linear[one]
        return (self.varying[one], alone.indices, alone.data[:, None]), (self.varying[~one], self.linear[~one])


@dataclass(frozen=True)
class Template:
    """A compiled block.

    Attributes
    ----------
    network : Network
        What it was compiled for.
    shape : Shape
        Horizon, commitment and tranches.
    column_names, row_names : list of str
        For example ``flow[phs_pump,13]`` and ``mass_balance[hub.E,13]``.
    data_slice, column_slice, row_index : dict
        Where a family of data, of variables or of constraints lies.
    indptr, indices : numpy.ndarray
        Pattern of A, row by row.
    matrix, right, cost, lower, upper : Affine
        Entries of A, right-hand sides, costs and bounds of the columns.
    sense : numpy.ndarray
        Per row 0 (equal), 1 (at most) or -1 (at least).
    integer : numpy.ndarray
        Per column whether it is a whole number.
    """

    network: Network
    shape: Shape
    column_names: list[str]
    row_names: list[str]
    data_slice: dict[str, slice]
    column_slice: dict[str, slice]
    row_index: dict[str, Array]
    indptr: Array
    indices: Array
    matrix: Affine
    right: Affine
    cost: Affine
    lower: Affine
    upper: Affine
    sense: Array
    integer: Array

    @cached_property
    def data_count(self) -> int:
        """Length of theta."""
        return max(part.stop for part in self.data_slice.values())

    @cached_property
    def _all(self) -> tuple[Affine, list[slice]]:
        """All numbers in one map, and where each kind of them lies."""
        maps = (self.matrix, self.right, self.cost, self.lower, self.upper)
        edges = np.cumsum([0, *(len(one.constant) for one in maps)]).tolist()
        together = Affine(
            np.concatenate([one.constant for one in maps]),
            np.concatenate([one.varying + edge for one, edge in zip(maps, edges[:-1], strict=True)]),
            sparse.csr_array(sparse.vstack([one.linear for one in maps])),
        )
        return together, [slice(a, b) for a, b in pairwise(edges)]

    def stamp(self, theta: Array) -> list[Array]:
        """Give entries of A, right-hand sides, costs and bounds for N scenarios, shape (N, numbers) each."""
        together, parts = self._all
        values = together(theta)
        return [values[:, part] for part in parts]

    @cached_property
    def pattern(self) -> tuple[Array, Array]:
        """Pattern of A for one scenario, as HiGHS takes it."""
        return self.indptr.astype(np.int32), self.indices.astype(np.int32)

    @cached_property
    def turns(self) -> dict[int, tuple[Array, Array]]:
        """From where each column and row is taken when the steps are turned by some places; `ring` fills it."""
        return {}

    @property
    def first_stage(self) -> slice:
        """Columns of the first stage: they come first."""
        return self.column_slice["schedule"]
