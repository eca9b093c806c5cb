"""The block compiled once per topology: every number of the LP as an affine map of one data vector theta.

Pyomo's parameterized standard form treats the data as variables it must leave alone, so each entry of A, b and c
comes out as an expression of theta; here those become sparse maps, and stamping N scenarios is a few sparse products.
Rows with one column and a constant coefficient become bounds of that column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import InvalidConstraintError, InvalidExpressionError
from pyomo.core.base import SortComponents
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.plugins.parameterized_standard_form import ParameterizedLinearStandardFormCompiler
from pyomo.repn.util import OrderedVarRecorder
from scipy import sparse

from econex_pipeline.planning.block import Shape, data_index, state, variable_index
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
        if len(self.varying):
            values[:, self.varying] += (self.linear @ theta).T
        return values


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

    @cached_property
    def data_count(self) -> int:
        """Length of theta."""
        return max(part.stop for part in self.data_slice.values())

    @property
    def first_stage(self) -> slice:
        """Columns of the first stage: they come first."""
        return self.column_slice["schedule"]


_cache: dict[tuple[str, Shape], Template] = {}


def template(network: Network, shape: Shape) -> Template:
    """Give the compiled template of a topology, compiling it the first time.

    Parameters
    ----------
    network : Network
        The network; only its topology and constants count, not the prices of a day.
    shape : Shape
        Horizon, commitment and tranches.
    """
    key = (network.topology, shape)
    if key not in _cache:
        _cache[key] = compile_template(network, shape)
    return _cache[key]


def compile_template(network: Network, shape: Shape) -> Template:
    """Compile the block into sparse maps.

    Raises
    ------
    ValueError
        If a coefficient, right-hand side, cost or bound is not affine in the data; names row and column.
    """
    model = pyo.ConcreteModel()
    model.data = pyo.Block()
    keys = data_index(network, shape)
    for name, index in keys.items():
        model.data.add_component(name, pyo.Var(index))
    model.problem = pyo.Block()
    state(model.problem, network, shape, {name: getattr(model.data, name) for name in keys})
    theta = [getattr(model.data, name)[key] for name, index in keys.items() for key in index]
    columns = variable_index(network, shape)
    variables = [getattr(model.problem, name)[key] for name, names in columns.items() for key in names]
    try:
        form = ParameterizedLinearStandardFormCompiler().write(
            model, wrt=[getattr(model.data, name) for name in keys], mixed_form=True, column_order=variables
        )
    except (InvalidConstraintError, InvalidExpressionError) as error:
        raise ValueError(f"the block is not linear: {error}") from error
    return _assemble(network, shape, form, variables, theta, _slices(keys), _slices(columns))


def _slices(families: dict[str, list[Any]]) -> dict[str, slice]:
    starts = np.concatenate([[0], np.cumsum([len(names) for names in families.values()])]).tolist()
    return {name: slice(a, b) for name, a, b in zip(families, starts[:-1], starts[1:], strict=True)}


def _assemble(
    network: Network,
    shape: Shape,
    form: Any,
    variables: Sequence[Any],
    theta: Sequence[Any],
    data_slice: dict[str, slice],
    column_slice: dict[str, slice],
) -> Template:
    place = {id(variable): i for i, variable in enumerate(variables)}
    columns = np.array([place[id(column)] for column in form.columns], dtype=np.int64)
    names = [_short(variable.name) for variable in variables]
    reader = _Reader(theta)
    # the compiler leaves a tail of stale entries behind when it merges duplicates: the index pointer is the truth
    pointer = np.asarray(form.A.indptr)
    rows = np.asarray(form.A.indices)[: pointer[-1]].astype(np.int64)
    entries = np.asarray(form.A.data, dtype=object)[: pointer[-1]]
    column_of = columns[np.repeat(np.arange(len(columns)), np.diff(pointer))]
    order = np.lexsort((column_of, rows))
    rows, column_of, entries = rows[order], column_of[order], entries[order]
    row_names = [_short(row.constraint.name) for row in form.rows]

    def entry_name(k: int) -> str:
        return f"the coefficient of {names[column_of[k]]} in {row_names[rows[k]]}"

    sense = np.array([row.bound_type for row in form.rows], dtype=np.int8)
    single = _bound_rows(rows, entries, len(row_names))
    taken = set(np.flatnonzero(single).tolist())
    lower = np.array([_number(variable.lb, -np.inf) for variable in variables], dtype=object)
    upper = np.array([_number(variable.ub, np.inf) for variable in variables], dtype=object)
    seen: set[tuple[int, str]] = set()
    for k in np.flatnonzero(single[rows]).tolist():
        row, column, value = int(rows[k]), int(column_of[k]), float(entries[k])
        bound = form.rhs[row] / value
        kind = int(sense[row]) * (1 if value > 0 else -1)
        for side, limits, wanted in (("upper", upper, (0, 1)), ("lower", lower, (0, -1))):
            if kind in wanted:
                if (column, side) in seen:
                    raise ValueError(f"{row_names[row]} is a second {side} bound of {names[column]}")
                seen.add((column, side))
                limits[column] = bound
    keep = ~single[rows]
    kept_rows = np.array([row for row in range(len(row_names)) if row not in taken], dtype=np.int64)
    renumber = np.cumsum(~single) - 1
    counts = np.bincount(renumber[rows[keep]], minlength=len(kept_rows))
    where = np.flatnonzero(keep)
    objective = np.zeros(len(variables), dtype=object)
    c_pointer = np.asarray(form.c.indptr)
    c_entries = np.asarray(form.c.data, dtype=object)[: c_pointer[-1]]
    objective[columns[np.repeat(np.arange(len(columns)), np.diff(c_pointer))]] = c_entries
    kept_names = [row_names[row] for row in kept_rows]
    return Template(
        network=network,
        shape=shape,
        column_names=names,
        row_names=kept_names,
        data_slice=data_slice,
        column_slice=column_slice,
        row_index=_families(kept_names),
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        indices=column_of[keep].astype(np.int64),
        matrix=reader.affine(entries[keep], lambda k: entry_name(int(where[k]))),
        right=reader.affine([form.rhs[row] for row in kept_rows], lambda k: f"the right-hand side of {kept_names[k]}"),
        cost=reader.affine(objective, lambda k: f"the cost of {names[k]}"),
        lower=reader.affine(lower, lambda k: f"the lower bound of {names[k]}"),
        upper=reader.affine(upper, lambda k: f"the upper bound of {names[k]}"),
        sense=sense[kept_rows],
    )


def _bound_rows(rows: Array, entries: Array, count: int) -> Array:
    """Mark the rows that have one column, with a constant coefficient."""
    alone = np.bincount(rows, minlength=count) == 1
    constant = np.zeros(count, dtype=bool)
    constant[rows] = [isinstance(entry, int | float) for entry in entries]
    return np.asarray(alone & constant)


def _families(names: Sequence[str]) -> dict[str, Array]:
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(name.split("[", 1)[0], []).append(i)
    return {family: np.array(places, dtype=np.int64) for family, places in found.items()}


def _short(name: str) -> str:
    return name.removeprefix("problem.")


def _number(value: Any, absent: float) -> float:
    return absent if value is None else float(value)


class _Reader:
    """Reads expressions of theta into sparse maps, and refuses what is not affine."""

    def __init__(self, theta: Sequence[Any]) -> None:
        self.place = {id(variable): i for i, variable in enumerate(theta)}
        recorder = OrderedVarRecorder({}, {}, SortComponents.deterministic)
        self.visitor = LinearRepnVisitor({}, var_recorder=recorder)

    def affine(self, entries: Iterable[Any], name: Any) -> Affine:
        """Read numbers and expressions into one map; `name` says in words what the k-th of them is."""
        constant: list[float] = []
        varying: list[int] = []
        rows, columns, values = [], [], []
        for k, entry in enumerate(entries):
            if isinstance(entry, int | float | np.number):
                constant.append(float(entry))
                continue
            found = self.visitor.walk_expression(entry)
            if found.nonlinear is not None:
                raise ValueError(f"{name(k)} is not affine in the data: {entry}")
            constant.append(float(found.constant))
            for variable, factor in found.linear.items():
                rows.append(len(varying))
                columns.append(self.place[variable])
                values.append(float(factor))
            varying.append(k)
        linear = sparse.csr_array((values, (rows, columns)), shape=(len(varying), len(self.place)), dtype=float)
        return Affine(np.array(constant), np.array(varying, dtype=np.int64), linear)
