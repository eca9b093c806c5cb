"""Compile the block once per topology: every number of the LP becomes an affine map of one data vector theta.

Pyomo's parameterized standard form treats the data as variables it must leave alone, so each entry of A, b and c
comes out as an expression of theta; here those become sparse maps, and stamping N scenarios is a few sparse products.
Families that limit one variable each become bounds of its column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import InvalidConstraintError, InvalidExpressionError
from pyomo.core.base import SortComponents
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.plugins.parameterized_standard_form import ParameterizedLinearStandardFormCompiler
from pyomo.repn.util import OrderedVarRecorder
from scipy import sparse

from econex_pipeline.planning.block import BOUNDS, Shape, data_index, state, variable_index
from econex_pipeline.planning.elements import Network
from econex_pipeline.planning.template import Affine, Array, Template

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

    Parameters
    ----------
    network : Network
        The network.
    shape : Shape
        Horizon, commitment and tranches.

    Returns
    -------
    Template
        Columns in the order of `variable_index`, data in that of `data_index`.

    Raises
    ------
    ValueError
        If a coefficient, right-hand side, cost or bound is not affine in the data; names row and column.
    """
    model = pyo.ConcreteModel()
    model.data, model.problem = pyo.Block(), pyo.Block()
    keys, columns = data_index(network, shape), variable_index(network, shape)
    for name, index in keys.items():
        model.data.add_component(name, pyo.Var(index))
    data = {name: getattr(model.data, name) for name in keys}
    state(model.problem, network, shape, data)
    theta = [data[name][key] for name, index in keys.items() for key in index]
    variables = [getattr(model.problem, name)[key] for name, index in columns.items() for key in index]
    try:
        form = ParameterizedLinearStandardFormCompiler().write(
            model, wrt=list(data.values()), mixed_form=True, column_order=variables
        )
    except (InvalidConstraintError, InvalidExpressionError) as error:
        raise ValueError(f"the block is not linear: {error}") from error
    return _Compiled(form, variables, theta).template(network, shape, _slices(keys), _slices(columns))


def _slices(families: dict[str, list[Any]]) -> dict[str, slice]:
    starts = np.concatenate([[0], np.cumsum([len(names) for names in families.values()])]).tolist()
    return {name: slice(a, b) for name, a, b in zip(families, starts[:-1], starts[1:], strict=True)}


class _Compiled:
    """The standard form in our order: rows as compiled, columns as `variables`, entries still expressions."""

    def __init__(self, form: Any, variables: Sequence[Any], theta: Sequence[Any]) -> None:
        self.variables = variables
        place = {id(variable): i for i, variable in enumerate(variables)}
        self.column_of = np.array([place[id(column)] for column in form.columns], dtype=np.int64)
        self.column_names = [_plain(variable.name) for variable in variables]
        self.row_names = [_plain(row.constraint.name) for row in form.rows]
        self.sense = np.array([row.bound_type for row in form.rows], dtype=np.int8)
        self.right = np.array([*form.rhs, None], dtype=object)[:-1]
        self.rows, self.columns, self.entries = self._triplets(form.A)
        self.cost = np.zeros(len(variables), dtype=object)
        _, columns, entries = self._triplets(form.c)
        self.cost[columns] = entries
        self.reader = _Reader(theta)

    def _triplets(self, matrix: Any) -> tuple[Array, Array, Array]:
        """Give rows, columns and entries, sorted by row and column."""
        # the compiler leaves stale entries behind when it merges duplicates: the index pointer is the truth
        pointer = np.asarray(matrix.indptr)
        rows = np.asarray(matrix.indices)[: pointer[-1]].astype(np.int64)
        entries = np.asarray(matrix.data, dtype=object)[: pointer[-1]]
        columns = self.column_of[np.repeat(np.arange(len(self.column_of)), np.diff(pointer))]
        order = np.lexsort((columns, rows))
        return rows[order], columns[order], entries[order]

    def template(
        self, network: Network, shape: Shape, data_slice: dict[str, slice], column_slice: dict[str, slice]
    ) -> Template:
        """Read every number as an affine map of theta."""
        bounding = np.array([name.split("[", 1)[0] in BOUNDS for name in self.row_names], dtype=bool)
        lower, upper = self._bounds(bounding)
        kept = np.flatnonzero(~bounding)
        inside = np.flatnonzero(~bounding[self.rows])
        new_row = np.cumsum(~bounding) - 1
        counts = np.bincount(new_row[self.rows[inside]], minlength=len(kept))
        rows, columns, read = self.row_names, self.column_names, self.reader.affine
        at_row, at_column = self.rows[inside], self.columns[inside]
        return Template(
            network=network,
            shape=shape,
            column_names=columns,
            row_names=[rows[row] for row in kept],
            data_slice=data_slice,
            column_slice=column_slice,
            row_index=_families([rows[row] for row in kept]),
            indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            indices=at_column,
            matrix=read(
                self.entries[inside], lambda k: f"the coefficient of {columns[at_column[k]]} in {rows[at_row[k]]}"
            ),
            right=read(self.right[kept], lambda k: f"the right-hand side of {rows[kept[k]]}"),
            cost=read(self.cost, lambda k: f"the cost of {columns[k]}"),
            lower=read(lower, lambda k: f"the lower bound of {columns[k]}"),
            upper=read(upper, lambda k: f"the upper bound of {columns[k]}"),
            sense=self.sense[kept],
            integer=np.array(
                [variable.is_integer() or variable.is_binary() for variable in self.variables], dtype=bool
            ),
        )

    def _bounds(self, bounding: Array) -> tuple[Array, Array]:
        """Give the bounds of the columns: the variables' own, then those that rows of one column state."""
        lower = np.array([-np.inf if v.lb is None else v.lb for v in self.variables], dtype=object)
        upper = np.array([np.inf if v.ub is None else v.ub for v in self.variables], dtype=object)
        entries = np.flatnonzero(bounding[self.rows])
        if len(np.unique(self.rows[entries])) != len(entries) or any(self.entries[k] != 1.0 for k in entries):
            raise ValueError(f"a row of {', '.join(BOUNDS)} does not limit just one variable with coefficient 1")
        for k in entries:
            row, column = self.rows[k], self.columns[k]
            if self.sense[row] >= 0:
                upper[column] = self.right[row]
            if self.sense[row] <= 0:
                lower[column] = self.right[row]
        return lower, upper


def _plain(name: str) -> str:
    """Drop the block, and the quotes Pyomo puts around names with a dot."""
    return name.removeprefix("problem.").replace("'", "")


def _families(names: Sequence[str]) -> dict[str, Array]:
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(name.split("[", 1)[0], []).append(i)
    return {family: np.array(places, dtype=np.int64) for family, places in found.items()}


class _Reader:
    """Reads expressions of theta into sparse maps, and refuses what is not affine."""

    def __init__(self, theta: Sequence[Any]) -> None:
        self.place = {id(variable): i for i, variable in enumerate(theta)}
        recorder = OrderedVarRecorder({}, {}, SortComponents.deterministic)
        self.visitor = LinearRepnVisitor({}, var_recorder=recorder)

    def affine(self, entries: Iterable[Any], name: Callable[[int], str]) -> Affine:
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
