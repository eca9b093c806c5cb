"""The one dictionary of columns: what each name means, its unit, its bounds. Nothing else defines a column.

Sign: all quantities are non-negative unless their meaning says otherwise; a direction is a name, not a sign.
Time: rates and powers are means over the step that starts at `time_utc`; amounts stand at `time_utc` itself.
"""

from __future__ import annotations

from econex_pipeline.contracts.column import Column


def _column(name: str, unit: str, meaning: str, **rest: object) -> Column:
    return Column(name, unit, meaning, **rest)  # type: ignore[arg-type]


QUALITIES = ("measured", "modelled", "borrowed", "interpolated")
BASES = ("planned", "asked", "delivered", "forecast", "actual", "estimated")
SOLVE_STATUS = ("optimum", "incumbent", "last_good_plan", "rules")
"""What decided a control cycle, by its number in OPERATIONS."""
FALLBACK_CAUSES = (
    "none",
    "no_solution_in_time",
    "infeasible",
    "numerical",
    "forecast_missing",
    "telemetry_stale",
    "coefficients_failed",
)
"""Why it was not the optimum, by its number in OPERATIONS."""
STRATEGIES = ("plan", "controlled", "no_control")

KEYS = (
    _column("time_utc", "UTC", "Start of the step (flows) or the instant itself (stored amounts).", dtype="time"),
    _column(
        "scenario",
        "-",
        "Member of the stochastic set; -1 is the first stage and the expectation.",
        dtype="int",
        ge=-1,
    ),
    _column("node", "-", "Place of the district, by its name in district.yaml.", dtype="str"),
    _column("element", "-", "Arc, storage, device, node or node.layer the value belongs to.", dtype="str"),
    _column("quantity", "-", "Name of this dictionary that gives the value its unit and meaning.", dtype="str"),
    _column(
        "basis",
        "-",
        "Whether the value was planned, asked, delivered, forecast, actual, or estimated from sensors and meters.",
        dtype="str",
        values=BASES,
    ),
    _column("strategy", "-", "Who decided: the plan, the controller, or nobody.", dtype="str", values=STRATEGIES),
    _column("kpi", "-", "Name of this dictionary that gives the indicator its unit and meaning.", dtype="str"),
    _column("value", "as quantity", "The number, in the unit of its quantity.", ge=None),
    _column("quality", "-", "Where a weather value comes from.", dtype="str", values=QUALITIES),
    _column("fit_error_frac", "-", "Largest relative error of the linear coefficient over its valid range."),
    _column("valid_from_m3_h", "m3/h", "Smallest mean flow over the step at which the linear coefficient holds."),
    _column("valid_to_m3_h", "m3/h", "Largest mean flow over the step at which the linear coefficient holds."),
    _column("age_h", "h", "Hours between the state from which a coefficient was made and the start of the step."),
    _column("lead_h", "h", "Hours between the issue of a forecast and the start of the step.", le=240.0),
    _column("probability", "-", "Weight of the scenario; sums to one over scenarios.", le=1.0),
)

WEATHER = (
    _column("ghi_w_m2", "W/m2", "Global horizontal irradiance.", le=1500.0),
    _column("dni_w_m2", "W/m2", "Direct normal irradiance.", le=1500.0),
    _column("dhi_w_m2", "W/m2", "Diffuse horizontal irradiance.", le=1000.0),
    _column("temperature_air_c", "degC", "Air temperature, 2 m; may be negative.", ge=-60.0, le=60.0),
    _column("relative_humidity_frac", "-", "Relative humidity as a share.", le=1.0),
    _column("wind_speed_m_s", "m/s", "Wind speed at 10 m.", le=60.0),
    _column("pressure_pa", "Pa", "Air pressure at the site.", ge=50_000.0, le=110_000.0),
    _column("rain_mm_h", "mm/h", "Rain intensity, mean over the step.", le=120.0),
    _column("electricity_factor", "-", "Electricity demand relative to the mean shape.", ge=0.05, le=10.0),
    _column("water_factor", "-", "Potable demand relative to the mean shape.", ge=0.05, le=10.0),
)

PROFILES = (
    _column("pv_kw", "kW", "Photovoltaic power available, alternating current, before curtailment."),
    _column("load_kw", "kW", "Household electricity demand, without pumps and treatment."),
    _column("potable_m3_h", "m3/h", "Potable water demand."),
    _column("greywater_m3_h", "m3/h", "Greywater collected for reuse."),
    _column("rain_harvest_m3_h", "m3/h", "Rain that reaches the cistern, after runoff and first flush."),
    _column("irrigation_m3_h", "m3/h", "Irrigation demand (raw water)."),
    _column("turbidity_ntu", "NTU", "Turbidity of the raw water fed to treatment.", le=1000.0),
    _column("water_temperature_c", "degC", "Temperature of the raw water.", ge=0.0, le=40.0),
)

PRICES = (
    _column("buy_price_usd_kwh", "USD/kWh", "Price of imported electricity; may be negative.", ge=-10.0, le=100.0),
    _column(
        "sell_price_usd_kwh",
        "USD/kWh",
        "Price paid for exported electricity; may be negative.",
        ge=-10.0,
        le=100.0,
    ),
    _column("water_buy_usd_m3", "USD/m3", "Price of potable water from the mains.", le=1000.0),
    _column("water_sell_usd_m3", "USD/m3", "Price paid for potable water given to the mains.", le=1000.0),
    _column("sewer_usd_m3", "USD/m3", "Fee for water given to the sewer.", le=1000.0),
    _column("carbon_kg_kwh", "kg/kWh", "Carbon intensity of imported electricity (CO2 equivalent).", le=3.0),
)

COEFFICIENTS = (
    _column("energy_kwh_m3", "kWh/m3", "Electricity used per cubic metre moved, or fed to treatment.", le=20.0),
    _column("yield_kwh_m3", "kWh/m3", "Electricity generated per cubic metre through a turbine.", le=20.0),
    _column(
        "recovery_kwh_m3",
        "kWh/m3",
        "Electricity recovered per cubic metre let in through the inlet turbine.",
        le=20.0,
    ),
    _column("rated_flow_m3_h", "m3/h", "Flow while the actuator runs; it runs for a part of each step."),
    _column("recovery_frac", "-", "Product over feed of a treatment.", le=1.0),
    _column("capacity_m3_h", "m3/h", "Largest feed of a treatment."),
    _column(
        "capacity_kw",
        "kW",
        "Largest power over a connection to the grid, 0 in an outage that is known; in districts with outages.",
    ),
)

NETWORK = (
    _column("flow_m3_h", "m3/h", "Water that enters the arc."),
    _column("power_kw", "kW", "Electric power that enters the arc."),
    _column("least_charge_kw", "kW", "Least net charge a battery may go to to keep the grid's meter at zero.", ge=None),
    _column("most_charge_kw", "kW", "Most net charge a battery may go to to keep the grid's meter at zero.", ge=None),
    _column("least_flow_m3_h", "m3/h", "Least a pump may lift where electricity would be bought for it."),
    _column("most_flow_m3_h", "m3/h", "Most a pump may lift of a surplus that would be sold."),
    _column("consumed_kw", "kW", "Electric power a water arc or treatment draws."),
    _column("generated_kw", "kW", "Electric power a turbine gives."),
    _column("level_m3", "m3", "Water stored."),
    _column("stored_kwh", "kWh", "Electric energy stored."),
    _column("schedule_kw", "kW", "Committed net import of the day-ahead schedule; negative is export.", ge=None),
    _column("schedule_m3_h", "m3/h", "Committed feed or flow of the day-ahead schedule."),
    _column("deviation_up_kw", "kW", "Net import above the schedule."),
    _column("deviation_down_kw", "kW", "Net import below the schedule."),
    _column("deviation_up_m3_h", "m3/h", "Feed above the schedule."),
    _column("deviation_down_m3_h", "m3/h", "Feed below the schedule."),
    _column(
        "marginal_value_usd_kwh",
        "USD/kWh",
        "What one more kWh at the node, or stored, is worth; may be negative.",
        ge=None,
    ),
    _column(
        "marginal_value_usd_m3",
        "USD/m3",
        "What one more m3 at the node, or stored, is worth; may be negative.",
        ge=None,
    ),
    _column(
        "z_econ_usd", "USD", "Net economic cost of the step (Z_econ), before its weight; may be negative.", ge=None
    ),
    _column("z_res_usd", "USD", "Net resource impact of the step (Z_res), before its weight."),
    _column("spill_m3_h", "m3/h", "Water lost over the brim of a full tank."),
    _column(
        "backflow_m3_h",
        "m3/h",
        "Water that a meter saw pass the wrong way: in the hydraulic engine a shut pump or valve is not quite tight.",
    ),
    _column(
        "step_error_bound_m3",
        "m3",
        "Bound of what the hydraulic engine, which counts whole seconds, made or lost as a tank met its limits; "
        "0 where its books are exact.",
    ),
    _column("loss_kw", "kW", "Heat a battery gave off, standing loss included."),
    _column("unserved_kw", "kW", "Electricity demand that was not met."),
    _column("unserved_m3_h", "m3/h", "Water demand that was not met."),
    _column("curtailed_kw", "kW", "Photovoltaic power that was not used."),
    _column("product_m3_h", "m3/h", "Potable water a treatment gave."),
    _column("reject_m3_h", "m3/h", "Reject of a treatment, to the sewer."),
    _column("fallback_count", "-", "Cycles of the step in which the controller had to fall back."),
    _column("predicted_pump_kwh", "kWh", "Pump energy the controller predicted for what was delivered."),
    _column("simulated_pump_kwh", "kWh", "Pump energy the twin measured."),
    _column("predicted_kwh", "kWh", "Energy the controller predicted a device to use or make for what it moved."),
    _column("uncorrected_kwh", "kWh", "The same without what was learnt of the device from measurements."),
    _column("solve_status", "-", "0 optimum, 1 feasible point of a stopped solve, 2 last good plan, 3 rules.", le=3.0),
    _column(
        "fallback_cause",
        "-",
        "0 none, 1 no solution in time, 2 infeasible, 3 numerical trouble, 4 forecast missing, 5 telemetry stale, "
        "6 coefficients failed.",
        le=6.0,
    ),
    _column("plan_age_h", "h", "Age of the plan that decided; 0 for a horizon just solved."),
    _column("contradicted_readings", "-", "Readings of the storage's sensor that its meters contradicted."),
    _column("missing_readings", "-", "Readings of the storage's sensor that did not come."),
    _column(
        "estimate_error_frac", "-", "Root mean square error of the believed amounts over the storages, of capacity."
    ),
    _column("sensor_error_frac", "-", "The same of what their sensors showed."),
)

MEMBRANE = (
    _column("irreversible_1_m", "1/m", "Irreversible membrane resistance."),
    _column("filtered_m3", "m3", "Water filtered since the last chemical cleaning."),
    _column("since_cleaning_h", "h", "Hours since the last chemical cleaning."),
    _column("cleaning_left_h", "h", "Hours until a chemical cleaning that is under way ends; 0 where none is."),
)

EVENTS = (
    _column(
        "event_active",
        "-",
        "1 in a step in which something went wrong: the element names it, as `<kind>.<element>` of the event, `<kind>` "
        "alone, or `hydraulic_failure` where the hydraulic engine found no answer and all actuators stood still.",
        le=1.0,
    ),
)

KPIS = (
    _column(
        "cost_usd",
        "USD",
        "Net economic cost of the day on actual exchanges, less the value of what was stored; may be negative.",
        ge=None,
    ),
    _column("exchange_cost_usd", "USD", "Net economic cost of the exchanges alone; may be negative.", ge=None),
    _column("grid_import_cost_usd", "USD", "Paid for electricity from the grid.", ge=None),
    _column("grid_export_revenue_usd", "USD", "Received for electricity given to the grid.", ge=None),
    _column("water_import_cost_usd", "USD", "Paid for water from the mains."),
    _column("water_export_revenue_usd", "USD", "Received for water given to the mains."),
    _column(
        "sewer_cost_usd",
        "USD",
        "Paid for water that ends in the sewer: given to it, rejected by treatment, run over beyond the rain of its hour.",
    ),
    _column(
        "stored_change_usd",
        "USD",
        "Value of what is stored at the end of the day less that at its start, at the district's end values.",
        ge=None,
    ),
    _column("deviation_cost_usd", "USD", "Price of departing from the committed schedules; not part of the cost."),
    _column("resource_impact_usd", "USD", "Weighted carbon, fresh water and waste; not part of the cost.", ge=None),
    _column("grid_import_kwh", "kWh", "Electricity bought from the grid."),
    _column("grid_export_kwh", "kWh", "Electricity sold to the grid."),
    _column("peak_import_kwh", "kWh", "Electricity bought in the steps of the day's highest buying price."),
    _column("peak_import_kw", "kW", "Largest mean power bought over a step."),
    _column("carbon_kg", "kg", "CO2 equivalent of the imported electricity."),
    _column("load_kwh", "kWh", "Electricity demand of the households."),
    _column("pv_used_kwh", "kWh", "Photovoltaic energy that was used, stored or sold."),
    _column("curtailed_kwh", "kWh", "Photovoltaic energy that was there and not used."),
    _column("battery_charged_kwh", "kWh", "Electricity that went into the batteries."),
    _column("battery_discharged_kwh", "kWh", "Electricity that came out of the batteries."),
    _column("prs_kwh", "kWh", "Electricity recovered by the inlet turbine of the mains."),
    _column("phs_pumped_kwh", "kWh", "Electricity used to fill the upper basin."),
    _column("phs_generated_kwh", "kWh", "Electricity generated from the upper basin."),
    _column("pump_kwh", "kWh", "Electricity used by all water pumps, pumped hydro included."),
    _column("treatment_kwh", "kWh", "Electricity used by treatment."),
    _column("line_loss_kwh", "kWh", "Electricity lost in the lines."),
    _column("energy_self_sufficiency_frac", "-", "Share of the electricity used that was not bought.", le=1.0),
    _column("unserved_kwh", "kWh", "Electricity demand that was not met."),
    _column("water_import_m3", "m3", "Potable water bought from the mains."),
    _column("water_export_m3", "m3", "Potable water given to the mains."),
    _column("potable_demand_m3", "m3", "Potable water demand."),
    _column("treated_m3", "m3", "Raw water fed to treatment."),
    _column("product_m3", "m3", "Potable water that treatment gave."),
    _column("harvested_m3", "m3", "Rain that reached the cisterns."),
    _column("irrigation_m3", "m3", "Irrigation demand."),
    _column("sewer_m3", "m3", "Water given to the sewer, reject of treatment included."),
    _column(
        "spill_m3", "m3", "Water that ran over the brim of full tanks: rain to the storm drain, all else to the sewer."
    ),
    _column("leaked_m3", "m3", "Water that leaked out of tanks."),
    _column("unserved_m3", "m3", "Water demand that was not met, potable and irrigation."),
    _column("water_self_sufficiency_frac", "-", "Share of the water used that was not bought.", le=1.0),
    _column("predicted_pump_energy_kwh", "kWh", "Pump energy the controller predicted for what was delivered."),
    _column("simulated_pump_energy_kwh", "kWh", "Pump energy the twin measured."),
    _column("pump_energy_error_frac", "-", "Predicted over simulated pump energy, less one; may be negative.", ge=None),
    *(
        column
        for group, what in (
            ("pump", "pumps"),
            ("phs", "turbines of pumped hydro"),
            ("prs", "the inlet turbine"),
            ("treatment", "treatment"),
        )
        for column in (
            _column(
                f"{group}_prediction_error_frac",
                "-",
                f"Error of the predicted energy of {what}, its absolute values in all steps over the energy measured.",
            ),
            _column(f"{group}_uncorrected_error_frac", "-", "The same without what was learnt from measurements."),
        )
    ),
    _column(
        "estimation_error_frac",
        "-",
        "Root mean square error of the believed amounts over storages and steps, of capacity.",
    ),
    _column("reading_error_frac", "-", "The same of what the level sensors showed."),
    _column("contradicted_reading_count", "-", "Readings of level sensors that meters contradicted."),
    _column("missing_reading_count", "-", "Readings of level sensors that did not come."),
    _column("fallback_cycles", "-", "Control cycles in which the controller had to fall back."),
    *(
        _column(f"{status}_cycles", "-", f"Control cycles that were decided by: {status.replace('_', ' ')}.")
        for status in SOLVE_STATUS[1:]
    ),
    *(
        _column(f"{cause}_cycles", "-", f"Control cycles that fell back because of: {cause.replace('_', ' ')}.")
        for cause in FALLBACK_CAUSES[1:]
    ),
    _column("oldest_plan_h", "h", "Age of the oldest plan that decided a control cycle."),
)

COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (*KEYS, *WEATHER, *PROFILES, *PRICES, *COEFFICIENTS, *NETWORK, *MEMBRANE, *EVENTS, *KPIS)
}
