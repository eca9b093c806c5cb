"""Random hours for a network: duty cycles and demands that keep its tanks from running dry, or do not."""

import numpy as np

RATED_M3_H = {
    "PUMP_HOME_1": 1.24, "PUMP_HOME_2": 1.24, "VALVE_RETURN_1": 0.6, "VALVE_RETURN_2": 0.6, "PUMP_RAW_2": 1.85,
    "PUMP_RAW_HUB": 1.85, "PUMP_PHS": 10.1, "TURBINE_PHS": 10.0, "FCV_INLET": 2.0,
}  # fmt: skip
ENDS = {
    "PUMP_HOME_1": ("TANK_POTABLE", "TANK_HOME_1"), "PUMP_HOME_2": ("TANK_POTABLE", "TANK_HOME_2"),
    "VALVE_RETURN_1": ("TANK_HOME_1", "TANK_POTABLE"), "VALVE_RETURN_2": ("TANK_HOME_2", "TANK_POTABLE"),
    "PUMP_RAW_2": ("CISTERN", "TANK_RAW"), "PUMP_RAW_HUB": ("TANK_RAW", "CISTERN"),
    "PUMP_PHS": ("BASIN_LOWER", "BASIN_UPPER"), "TURBINE_PHS": ("BASIN_UPPER", "BASIN_LOWER"),
    "FCV_INLET": (None, "TANK_POTABLE"),
}  # fmt: skip
METERS = {
    "PUMP_HOME_1": "MAIN_HOME_1", "PUMP_HOME_2": "MAIN_HOME_2", "VALVE_RETURN_1": "RETURN_1",
    "VALVE_RETURN_2": "RETURN_2", "PUMP_RAW_2": "MAIN_RAW_2", "PUMP_RAW_HUB": "MAIN_RAW_HUB",
    "PUMP_PHS": "PENSTOCK_UP", "TURBINE_PHS": "PENSTOCK_DOWN", "FCV_INLET": "INLET",
}  # fmt: skip
CAPACITY_M3 = {
    "TANK_POTABLE": 6.0, "TANK_HOME_1": 1.0, "TANK_HOME_2": 1.0, "CISTERN": 20.0, "TANK_RAW": 3.0,
    "BASIN_LOWER": 60.0, "BASIN_UPPER": 50.0,
}  # fmt: skip


def wet_hours(hours, levels_m3, seed):
    """Draw hours in which no tank runs dry, by plain bookkeeping at rated flow; some may run over.

    Yields
    ------
    (dict, dict)
        Run times by actuator [s] and demands by boundary junction [m3/h].
    """
    rng = np.random.default_rng(seed)
    volumes = dict(levels_m3)
    for _ in range(hours):
        there = {tank: volume - 0.1 * CAPACITY_M3[tank] for tank, volume in volumes.items()}
        run_s, demands = {}, {}
        for name in rng.permutation(list(RATED_M3_H)).tolist():
            source, sink = ENDS[name]
            seconds = int(rng.choice([0, rng.integers(0, 3601), 3600]))
            if source:
                seconds = int(min(seconds, 3600 * max(0.0, there[source]) / RATED_M3_H[name]))
                there[source] -= RATED_M3_H[name] * seconds / 3600
                volumes[source] -= RATED_M3_H[name] * seconds / 3600
            volumes[sink] += RATED_M3_H[name] * seconds / 3600
            run_s[name] = seconds
        for tank, capacity in CAPACITY_M3.items():
            flow = min(float(rng.uniform(-0.05, 0.05)) * capacity, max(0.0, there[tank]))
            demands[f"J_{tank}"] = flow
            volumes[tank] = min(volumes[tank] - flow, capacity)
        yield run_s, demands


def rough_hours(hours, seed):
    """Draw hours that run tanks empty and over: any duty, demands of any size."""
    rng = np.random.default_rng(seed)
    for _ in range(hours):
        run_s = {name: int(rng.choice([0, rng.integers(0, 3601), 3600])) for name in RATED_M3_H}
        demands = {f"J_{tank}": float(rng.normal(0.0, 0.4) * capacity) for tank, capacity in CAPACITY_M3.items()}
        yield run_s, demands
