"""The compiled contract says yes where Pandera does and nowhere else, on sound tables and on randomly spoilt ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from econex_pipeline.contracts import COLUMNS, TABLES, ContractViolation, schema, validate
from econex_pipeline.contracts.compiled import keeps
from econex_pipeline.contracts.plain import found_once

HOURS = pd.date_range("2025-07-15T05:00", periods=4, freq="h", tz="UTC", unit="ns")
SPOILT = {
    "float": [np.nan, np.inf, -np.inf, -1e-9, -1e9, 1e9, 0.0],
    "int": [-2, 10**6, 0],
    "str": ["", "nowhere", "flow_m3_h", None, 3, np.nan],
    "time": [pd.NaT, HOURS[0], HOURS[-1], HOURS[1] + pd.Timedelta(minutes=7)],
}


def sound(name: str) -> pd.DataFrame:
    """A table of four rows that keeps its contract: the last key column tells rows apart, unless it is the time."""
    table = TABLES[name]
    rows = {}
    for column_name in table.columns:
        column = COLUMNS[column_name]
        inside = 1.0 if column.le is None or column.le >= 1.0 else column.le
        inside = max(inside, column.ge) if column.ge is not None else inside
        if column.dtype == "time":
            rows[column_name] = HOURS if len(table.key) == 1 or table.key[-1] == "time_utc" else HOURS[:1].repeat(4)
        elif column.dtype == "float":
            rows[column_name] = np.full(4, float(inside))
        elif column.dtype == "int":
            rows[column_name] = np.zeros(4, dtype="int64")
        else:
            words = table.quantities if column_name == table.quantity_column and table.quantities else column.values
            rows[column_name] = np.array([words[0] if words else "hub"] * 4, dtype=object)
    last = table.key[-1]
    if COLUMNS[last].dtype == "str":
        allowed = table.quantities if last == table.quantity_column else COLUMNS[last].values
        rows[last] = np.array(sorted(allowed)[:4] if allowed else ["a", "b", "c", "d"], dtype=object)
    frame = pd.DataFrame(rows)[list(table.columns)]
    if table.quantities:
        for row, quantity in enumerate(frame[table.quantity_column]):
            low = COLUMNS[quantity].ge
            frame.loc[row, "value"] = 0.0 if low is None else low
    return frame


def pandera_accepts(frame: pd.DataFrame, name: str) -> bool:
    try:
        validate(frame, name, thorough=True)
    except ContractViolation as violation:
        return violation.column == "probability"  # over rows of all scenarios: not the compiled contract's to judge
    return True


@pytest.mark.parametrize("name", TABLES)
def test_a_sound_table_is_accepted_by_both(name: str) -> None:
    frame = sound(name)
    assert pandera_accepts(frame, name)
    assert keeps(frame, name)


@settings(max_examples=150)
@given(data=st.data())
def test_a_spoilt_table_is_judged_alike(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TABLES)))
    frame = sound(name)
    column = data.draw(st.sampled_from(list(frame.columns)))
    for _ in range(data.draw(st.integers(1, 2))):
        row = data.draw(st.integers(0, len(frame) - 1))
        frame.loc[row, column] = data.draw(st.sampled_from(SPOILT[COLUMNS[column].dtype]))
    order = data.draw(st.permutations(range(len(frame)))) if data.draw(st.booleans()) else range(len(frame))
    frame = frame.iloc[list(order)[: data.draw(st.integers(1, len(frame)))]].reset_index(drop=True)
    assert keeps(frame, name) == pandera_accepts(frame, name)


@pytest.mark.parametrize("name", TABLES)
def test_a_wrong_shape_is_judged_alike(name: str) -> None:
    frame, table = sound(name), TABLES[name]
    other = "float32" if frame.dtypes.iloc[-1] == "float64" else "string"
    shapes = {
        "a column less": frame.drop(columns=table.columns[-1]),
        "a column more": frame.assign(stranger=1.0),
        "columns turned round": frame[list(frame.columns[::-1])],
        "nothing": frame.iloc[:0],
        "another dtype": frame.astype({table.columns[-1]: other}),
    }
    for shape, spoilt in shapes.items():
        assert keeps(spoilt, name) == pandera_accepts(spoilt, name), shape


def test_bounds_of_every_column_are_those_of_the_dictionary() -> None:
    """Each bounded column of each table is refused just beyond its bound, and taken on it."""
    for name, table in TABLES.items():
        for column_name in table.values:
            column = COLUMNS[column_name]
            if column.dtype != "float" or table.quantities:
                continue
            for bound, beyond in ((column.ge, -1.0), (column.le, 1.0)):
                if bound is not None:
                    frame = sound(name).assign(**{column_name: bound})
                    assert keeps(frame, name)
                    spoilt = frame.assign(**{column_name: bound + beyond * max(abs(bound), 1.0) * 1e-9})
                    assert not keeps(spoilt, name)


def test_schema_and_compiled_contract_know_the_same_tables() -> None:
    for name in TABLES:
        assert list(schema(name).columns) == list(sound(name).columns)


def test_what_was_found_of_a_text_column_is_kept_only_while_it_cannot_change() -> None:
    looked = []

    def words(text: np.ndarray) -> list[str]:
        looked.append(text)
        return list(text)

    text = np.array(["a", "b"], dtype=object)
    assert found_once(text, words) == ["a", "b"]
    text[0] = "c"
    assert found_once(text, words) == ["c", "b"]
    text.flags.writeable = False
    assert found_once(text, words) == found_once(text, words) == ["c", "b"]
    assert len(looked) == 3
