"""Indicators against days small enough to work out by hand."""

import numpy as np
import pandas as pd
import pytest

from econex_pipeline.contracts import InputError, tidy
from econex_pipeline.district import Tranche
from econex_pipeline.reporting import compare, kpis, kpis_of_plan
from econex_pipeline.reporting.alarms import alarms
from econex_pipeline.reporting.indicators import COST_PARTS
from econex_pipeline.reporting.words import NO_BREAK

TIMES = pd.date_range("2025-07-15 05:00", periods=2, freq="h", tz="UTC", unit="ns")
PRICES = pd.DataFrame(
    {
        "time_utc": TIMES,
        "buy_price_usd_kwh": [0.40, 0.60],
        "sell_price_usd_kwh": [0.05, 0.30],
        "water_buy_usd_m3": 2.5,
        "water_sell_usd_m3": 1.0,
        "sewer_usd_m3": 0.5,
        "carbon_kg_kwh": [0.2, 0.4],
    }
)


def operations(rows, times=TIMES):
    """Rows (element, quantity, basis, one value a step) as OPERATIONS."""
    parts = [
        pd.DataFrame({"time_utc": times, "element": element, "quantity": quantity, "basis": basis, "value": values})
        for element, quantity, basis, values in rows
    ]
    return tidy(pd.concat(parts), "OPERATIONS")


def states(levels, times=TIMES):
    """Levels by storage at T + 1 stamps as STATE."""
    stamps = times.append(pd.DatetimeIndex([times[-1] + (times[1] - times[0])]))
    parts = [
        pd.DataFrame(
            {
                "time_utc": stamps,
                "element": name,
                "quantity": "stored_kwh" if "battery" in name else "level_m3",
                "value": values,
            }
        )
        for name, values in levels.items()
    ]
    return tidy(pd.concat(parts), "STATE")


def value_of(table, name, strategy="controlled"):
    return table.set_index(["strategy", "kpi"])["value"][strategy, name]


FLAT = states({"cistern": [4.0, 4.0, 4.0]})
TRADES = [
    ("grid_import", "power_kw", "delivered", [3.0, 1.0]),
    ("grid_export", "power_kw", "delivered", [0.0, 2.0]),
    ("mains_import", "flow_m3_h", "delivered", [0.2, 0.4]),
    ("sewer.hub", "flow_m3_h", "delivered", [0.1, 0.0]),
    ("treatment", "reject_m3_h", "delivered", [0.0, 0.1]),
]


def test_cost_of_a_day_worked_out_by_hand(district):
    table = kpis(operations(TRADES), FLAT, PRICES, district, "controlled")
    assert value_of(table, "grid_import_cost_usd") == pytest.approx(3 * 0.40 + 1 * 0.60)
    assert value_of(table, "grid_export_revenue_usd") == pytest.approx(2 * 0.30)
    assert value_of(table, "water_import_cost_usd") == pytest.approx(0.6 * 2.5)
    assert value_of(table, "sewer_cost_usd") == pytest.approx(0.2 * 0.5)
    assert value_of(table, "cost_usd") == pytest.approx(1.8 - 0.6 + 1.5 + 0.1)
    assert value_of(table, "carbon_kg") == pytest.approx(3 * 0.2 + 1 * 0.4)
    assert value_of(table, "peak_import_kwh") == pytest.approx(1.0)
    assert value_of(table, "peak_import_kw") == pytest.approx(3.0)


def test_only_rain_that_runs_over_is_spared_the_sewers_fee(district):
    rows = [
        ("overflow.cistern", "flow_m3_h", "delivered", [0.3, 0.1]),  # at home_2, which harvests rain
        ("home_2", "rain_harvest_m3_h", "actual", [0.2, 0.4]),
        ("overflow.raw_tank", "flow_m3_h", "delivered", [0.0, 0.5]),
        ("overflow.potable_tank", "flow_m3_h", "delivered", [0.4, 0.0]),
    ]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    assert value_of(table, "sewer_cost_usd") == pytest.approx((0.1 + 0.5 + 0.4) * 0.5)
    assert value_of(table, "resource_impact_usd") == pytest.approx(1.3 * district.objective.waste_usd_m3)


def test_nothing_was_departed_from_where_nothing_was_promised(district):
    half = operations([("grid", "schedule_kw", "planned", [2.0, 0.0])]).iloc[:1]
    table = kpis(pd.concat([operations(TRADES), half]), FLAT, PRICES, district, "controlled")
    assert value_of(table, "deviation_cost_usd") == pytest.approx(district.objective.grid_deviation_usd_kwh * 1.0)


def test_parts_sum_to_the_cost_for_every_strategy(made):
    for strategy, rows in made.kpis.groupby("strategy"):
        value = rows.set_index("kpi")["value"]
        parts = sum(sign * value[name] for name, sign in COST_PARTS.items())
        assert value["cost_usd"] == pytest.approx(parts, abs=1e-12), strategy
        assert value["exchange_cost_usd"] == pytest.approx(value["cost_usd"] + value["stored_change_usd"])


FIRST, REST, STORED_KWH = 2.4, 2.2, 0.40  # USD


@pytest.fixture(scope="module")
def valued(district):
    """The pilot, with end values of its own: in its cistern up to 5 m3 and beyond, in battery and basin."""
    cistern = [Tranche(up_to_m3=5.0, value_usd_m3=FIRST), Tranche(up_to_m3=20.0, value_usd_m3=REST)]
    battery = [Tranche(up_to_kwh=2.7, value_usd_kwh=STORED_KWH), Tranche(up_to_kwh=13.5, value_usd_kwh=0.0)]
    basin = [Tranche(up_to_m3=50.0, value_usd_m3=1.0)]
    values = {"cistern": tuple(cistern), "battery_1": tuple(battery), "upper_basin": tuple(basin)}
    return district.model_copy(update={"end_values": {**district.end_values, **values}})


def test_stored_water_counts_at_the_tranches_of_the_district(valued):
    filled = states({"cistern": [4.0, 5.0, 7.0]})
    table = kpis(operations(TRADES), filled, PRICES, valued, "controlled")
    assert value_of(table, "stored_change_usd") == pytest.approx(1 * FIRST + 2 * REST)
    flat = kpis(operations(TRADES), FLAT, PRICES, valued, "controlled")
    assert value_of(flat, "cost_usd") - value_of(table, "cost_usd") == pytest.approx(1 * FIRST + 2 * REST)


def test_same_levels_are_worth_the_same_whoever_decided(valued):
    drained = states({"cistern": [6.0, 5.0, 3.0], "battery_1": [2.7, 5.0, 1.7]})
    other = operations([("grid_import", "power_kw", "delivered", [9.0, 9.0])])
    one = kpis(operations(TRADES), drained, PRICES, valued, "controlled")
    two = kpis(other, drained, PRICES, valued, "no_control")
    assert value_of(one, "stored_change_usd") == pytest.approx(-(2 * FIRST + 1 * REST) - STORED_KWH)
    assert value_of(two, "stored_change_usd", "no_control") == value_of(one, "stored_change_usd")


def test_water_in_the_upper_basin_also_counts_as_electricity(valued):
    lifted = states({"upper_basin": [5.0, 5.0, 15.0]})
    coefficients = pd.DataFrame(
        {"element": ["phs_turbine", "phs_pump"], "quantity": ["yield_kwh_m3", "energy_kwh_m3"], "value": [0.08, 0.13]}
    )
    table = kpis(operations(TRADES), lifted, PRICES, valued, "controlled", coefficients)
    mean_sell = (0.05 + 0.30) / 2
    assert value_of(table, "stored_change_usd") == pytest.approx(10 * (1.0 + 0.08 * mean_sell))


def test_only_what_was_exchanged_is_paid(district):
    rows = [*TRADES, ("grid_import", "power_kw", "asked", [50.0, 50.0]), ("grid", "schedule_kw", "planned", [9.0, 9.0])]
    before = kpis(operations(TRADES), FLAT, PRICES, district, "controlled")
    after = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    assert value_of(after, "cost_usd") == value_of(before, "cost_usd")


def test_departing_from_the_schedule_stands_apart(district):
    rows = [*TRADES, ("grid", "schedule_kw", "planned", [2.0, -2.0])]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    price = district.objective.grid_deviation_usd_kwh
    # actual net import 3 and -1 kW: one above, one above
    assert value_of(table, "deviation_cost_usd") == pytest.approx(price * (1.0 + 1.0))


def test_a_quarter_of_an_hour_is_a_quarter_of_the_energy(district):
    times = pd.date_range("2025-07-15 05:00", periods=2, freq="15min", tz="UTC", unit="ns")
    prices = PRICES.assign(time_utc=times)
    table = kpis(operations(TRADES, times), states({"cistern": [4.0] * 3}, times), prices, district, "controlled")
    assert value_of(table, "grid_import_kwh") == pytest.approx(4.0 / 4)
    assert value_of(table, "cost_usd") == pytest.approx(2.8 / 4)


def test_unserved_demand_is_reported_and_not_counted_as_used(district):
    rows = [
        ("hub", "load_kw", "actual", [4.0, 4.0]),
        ("unserved.hub.E", "power_kw", "delivered", [0.0, 3.0]),
        ("grid_import", "power_kw", "delivered", [0.0, 1.0]),
        ("hub", "potable_m3_h", "actual", [0.5, 0.5]),
        ("unserved.hub.P", "flow_m3_h", "delivered", [0.2, 0.0]),
        ("home_2", "irrigation_m3_h", "actual", [0.2, 0.0]),
        ("unserved.home_2.W", "flow_m3_h", "delivered", [0.1, 0.0]),
        ("mains_import", "flow_m3_h", "delivered", [0.0, 0.45]),
    ]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    assert value_of(table, "unserved_kwh") == pytest.approx(3.0)
    assert value_of(table, "energy_self_sufficiency_frac") == pytest.approx(1 - 1 / 5)
    assert value_of(table, "unserved_m3") == pytest.approx(0.3)
    assert value_of(table, "water_self_sufficiency_frac") == pytest.approx(1 - 0.45 / 0.9)


def test_pumped_hydro_and_other_pumps_are_told_apart(district):
    rows = [
        ("phs_pump", "consumed_kw", "delivered", [1.3, 0.0]),
        ("phs_turbine", "generated_kw", "delivered", [0.0, 0.7]),
        ("potable_hub_1", "consumed_kw", "delivered", [0.1, 0.1]),
        ("treatment", "consumed_kw", "delivered", [0.2, 0.0]),
        ("mains", "generated_kw", "delivered", [0.1, 0.0]),
    ]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    for name, expected in (
        ("phs_pumped_kwh", 1.3), ("phs_generated_kwh", 0.7), ("pump_kwh", 1.5), ("treatment_kwh", 0.2), ("prs_kwh", 0.1)
    ):  # fmt: skip
        assert value_of(table, name) == pytest.approx(expected), name


def test_pump_energy_error_is_predicted_over_measured(district):
    rows = [
        *TRADES,
        ("controller", "predicted_pump_kwh", "planned", [1.0, 1.1]),
        ("controller", "simulated_pump_kwh", "delivered", [1.0, 1.0]),
        ("controller", "fallback_count", "delivered", [0.0, 2.0]),
    ]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    assert value_of(table, "pump_energy_error_frac") == pytest.approx(0.05)
    assert value_of(table, "fallback_cycles") == 2


def test_fallbacks_are_counted_by_what_decided_and_why(made):
    for name, expected in (
        ("fallback_cycles", 1), ("last_good_plan_cycles", 1), ("no_solution_in_time_cycles", 1), ("oldest_plan_h", 3),
        ("contradicted_reading_count", 0), ("missing_reading_count", 0),
    ):  # fmt: skip
        assert value_of(made.kpis, name) == expected, name
    assert not {"rules_cycles", "infeasible_cycles"} & set(made.kpis["kpi"])


def test_what_learning_bought_is_told_by_group_of_devices(made):
    for group in ("pump", "phs", "prs", "treatment"):
        assert value_of(made.kpis, f"{group}_prediction_error_frac") == pytest.approx(0.01)
        assert value_of(made.kpis, f"{group}_uncorrected_error_frac") == pytest.approx(0.05)
    assert value_of(made.kpis, "estimation_error_frac") == pytest.approx(0.001)
    assert value_of(made.kpis, "reading_error_frac") == pytest.approx(0.002)


def test_errors_of_opposite_sign_do_not_cancel(district):
    rows = [
        *TRADES,
        ("phs_pump", "consumed_kw", "delivered", [1.0, 1.0]),
        ("phs_pump", "predicted_kwh", "forecast", [0.9, 1.1]),
        ("phs_pump", "uncorrected_kwh", "forecast", [0.5, 1.5]),
    ]
    table = kpis(operations(rows), FLAT, PRICES, district, "controlled")
    assert value_of(table, "pump_prediction_error_frac") == pytest.approx(0.1)
    assert value_of(table, "pump_uncorrected_error_frac") == pytest.approx(0.5)


def test_a_plan_values_storage_scenario_by_scenario(valued, made):
    """The value of stored water is concave: the mean of values is below the value of the mean."""
    empty_or_full = []
    for scenario, end in ((-1, 5.0), (0, 0.0), (1, 10.0)):
        levels = states({"cistern": [5.0, 5.0, end]}).assign(scenario=scenario)
        flows = operations(TRADES).drop(columns="basis").assign(scenario=scenario)
        empty_or_full += [levels, flows]
    plan = tidy(pd.concat(empty_or_full), "PLAN")
    times = made.scenarios["time_utc"].unique()[:2]
    two = made.scenarios[made.scenarios["scenario"].isin([0, 1]) & made.scenarios["time_utc"].isin(times)]
    table = kpis_of_plan(plan, two.assign(probability=0.5), PRICES, valued, TIMES)
    assert value_of(table, "stored_change_usd", "plan") == pytest.approx(0.5 * (-5 * FIRST) + 0.5 * (5 * REST))


def test_look_ahead_of_a_plan_does_not_count(district, made):
    later = made.plan.copy()
    later["time_utc"] += pd.Timedelta(days=1)
    both = pd.concat([made.plan, later[later["quantity"].isin(["power_kw", "flow_m3_h"])]])
    once = kpis_of_plan(made.plan, made.scenarios, made.prices, district, made.day.times)
    twice = kpis_of_plan(both, made.scenarios, made.prices, district, made.day.times)
    pd.testing.assert_frame_equal(once, twice)


def test_strategies_stand_side_by_side_with_what_was_saved(made):
    table = compare(made.kpis)
    assert list(table.columns) == ["unit", "meaning", "controlled", "no_control", "plan", "saved"]
    cost = table.loc["cost_usd"]
    assert cost["saved"] == pytest.approx(cost["no_control"] - cost["controlled"])
    assert table.index[0] == "cost_usd"
    assert np.isnan(table.loc["fallback_cycles", "no_control"])


def test_a_day_without_prices_is_refused_by_name(district):
    with pytest.raises(InputError, match=r"PRICES: time_utc is 'no row at 2025-07-15 06:00.*price for every"):
        kpis(operations(TRADES), FLAT, PRICES.iloc[:1], district, "controlled")


def test_a_day_without_its_last_level_is_refused_by_name(district):
    with pytest.raises(InputError, match=r"STATE: time_utc is 'no row at 2025-07-15 07:00.*both ends"):
        kpis(operations(TRADES), FLAT.iloc[:-1], PRICES, district, "controlled")


def test_an_unknown_strategy_is_refused(district):
    with pytest.raises(InputError, match="one of plan, controlled, no_control"):
        kpis(operations(TRADES), FLAT, PRICES, district, "hope")


def test_a_battery_inside_its_band_did_what_it_was_asked(district):
    """Told to go down to 1 kW where the meter asks for it, 1 kW instead of 3 is no fault; 0 kW is."""
    asked = [("battery_1.charge", "power_kw", "asked", [3.0, 3.0])]
    band = [("battery_1", "least_charge_kw", "asked", [1.0, 1.0]), ("battery_1", "most_charge_kw", "asked", [5.0, 5.0])]

    def told(charge_kw, rows):
        came = operations([*TRADES, ("battery_1.charge", "power_kw", "delivered", charge_kw), *rows])
        table = kpis(came, FLAT, PRICES, district, "controlled")
        return [alarm.text for alarm in alarms(came, FLAT, table, district) if "than asked" in alarm.text]

    assert told([1.0, 1.0], [*asked, *band]) == []
    assert "gave 1.0 kWh" in told([1.0, 0.0], [*asked, *band])[0].replace(NO_BREAK, " ")
    assert "gave 4.0 kWh" in told([1.0, 1.0], asked)[0].replace(NO_BREAK, " ")
