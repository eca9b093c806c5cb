"""The compiled template: names, bounds, affinity, and the maps themselves."""

import numpy as np
import pytest

from econex_pipeline.planning import block
from econex_pipeline.planning.block import FAMILIES, Shape, data_index, variable_index
from econex_pipeline.planning.compiling import compile_template, template
from econex_pipeline_tests.planning import tiny


@pytest.fixture
def small():
    node, arcs, storage = tiny.battery(5.0, 4.0, 0.81, loss=0.01)
    network = tiny.network([tiny.HOME, node], [tiny.IMPORT, *arcs], [storage])
    return network, Shape(3, 0, (2,))


def test_rows_and_columns_keep_their_names(small):
    compiled = compile_template(*small)
    assert compiled.row_names[0] == "mass_balance[home.E,0]"
    assert "end_of_storage[battery]" in compiled.row_names
    assert "flow[battery.charge,2]" in compiled.column_names
    assert len(compiled.row_names) == 2 * 3 + 1
    assert len(compiled.column_names) == sum(len(keys) for keys in variable_index(*small).values())


def test_limits_of_one_variable_become_bounds_of_its_column(small):
    network, shape = small
    compiled = compile_template(network, shape)
    theta = np.arange(1.0, compiled.data_count + 1.0)[:, None]
    keys = data_index(network, shape)
    column = {name: i for i, name in enumerate(compiled.column_names)}
    upper, lower = compiled.upper(theta)[0], compiled.lower(theta)[0]
    for family, variable in (("capacity", "flow"), ("tranche_width", "tranche")):
        for k, key in enumerate(keys[family]):
            name = f"{variable}[{key[0]},{key[1]}]"
            assert upper[column[name]] == theta[compiled.data_slice[family]][k, 0]
            assert lower[column[name]] == 0.0
    start = theta[compiled.data_slice["start"]][0, 0]
    assert lower[column["stored[battery,0]"]] == upper[column["stored[battery,0]"]] == start
    assert upper[column["stored[battery,2]"]] == 5.0


def test_a_topology_is_compiled_once(small):
    network, shape = small
    again = tiny.network(network.nodes, network.arcs, network.storages)
    assert template(network, shape) is template(again, shape)
    assert template(network, shape) is not template(network, Shape(4, 0, (2,)))


def test_a_product_of_data_is_refused_by_name(small, monkeypatch):
    def squared(s, n, t):
        return block.mass_balance(s, n, t) if n != "home.E" else s.block.flow["grid_import", t] * (
            s.data["demand"][n, t] * s.data["demand"][n, t]
        ) == 0.0  # fmt: skip

    monkeypatch.setitem(FAMILIES, "mass_balance", (squared, FAMILIES["mass_balance"][1]))
    with pytest.raises(
        ValueError, match=r"coefficient of flow\[grid_import,0\] in mass_balance\[home.E,0\] is not aff"
    ):
        compile_template(*small)


def test_a_product_of_variables_is_refused(small, monkeypatch):
    def bent(s, n, t):
        return s.block.flow["grid_import", t] * s.block.flow["battery.charge", t] == 0.0

    monkeypatch.setitem(FAMILIES, "mass_balance", (bent, FAMILIES["mass_balance"][1]))
    with pytest.raises(ValueError, match="not linear"):
        compile_template(*small)


def test_stamping_many_is_stamping_each(network):
    compiled = template(network, Shape(12, 6, tuple(8 for _ in network.storages)))
    theta = np.random.default_rng(1).uniform(0.1, 1.0, (compiled.data_count, 5))
    for numbers in (compiled.matrix, compiled.right, compiled.cost, compiled.lower, compiled.upper):
        together = numbers(theta)
        for s in range(5):
            assert np.array_equal(together[s], numbers(theta[:, s : s + 1])[0], equal_nan=True)
