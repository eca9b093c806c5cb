"""`python -m benchmarks.calibration [--case base] [--seed N]`: the forecast's law over a year, as tables.

For each variable: how often what came took each rank among nineteen members, at leads from none to the end of the
plan's sight, with the p-value of the chi-squared test that all ranks are equally likely; and the error by lead beside
that of the season's mean.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from econex_pipeline.contracts.time import steps
from econex_pipeline.district import District, load_case
from econex_pipeline.scenarios import Climatology
from econex_pipeline.scenarios.verification import crps, flatness, histogram, ranks, root_mean_square
from econex_pipeline.weather import read_weather, weather_for
from econex_pipeline_tests.scenarios.record import (
    MEMBERS,
    RANKED_LEADS_H,
    VARIABLES,
    Drawn,
    Errors,
    draw_year,
    errors_of_year,
    trace_of_year,
)

DATA = Path(__file__).parents[2] / "data"
UNITS = {"clear_sky_index": "-", "temperature_air_c": "degC", "electricity_factor": "-", "water_factor": "-"}


def rank_table(drawn: Drawn) -> list[str]:
    """Rank histogram, p-value and score of each variable and lead, in Markdown."""
    rng = np.random.default_rng(0)
    lines = ["| variable | lead [h] | days by rank of what came, 0 to 19 | p | CRPS |", "|---|---|---|---|---|"]
    for variable in VARIABLES:
        for lead in RANKED_LEADS_H[variable]:
            actual, members = drawn.actual[variable][:, lead], drawn.members[variable][:, :, lead]
            counts = histogram(ranks(actual, members, rng), MEMBERS)
            shown, score = " ".join(str(count) for count in counts), crps(actual, members).mean()
            lines.append(f"| `{variable}` | {lead} | {shown} | {flatness(counts):.2f} | {score:.3f} |")
    return lines


def error_table(errors: Errors) -> list[str]:
    """Root mean square error by lead and of the season's mean, in Markdown."""
    leads = " | ".join(str(lead) for lead in errors.leads_h)
    lines = [f"| RMSE at a lead of [h] | {leads} | season's mean |", "|---" * (len(errors.leads_h) + 2) + "|"]
    for variable in VARIABLES:
        found = [*root_mean_square(errors.by_lead[variable]), root_mean_square(errors.climatology[variable])]
        shown = " | ".join(f"{value:.3f}" for value in found)
        lines.append(f"| `{variable}` [{UNITS[variable]}] | {shown} |")
    return lines


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="base", help="name of a case in data/cases")
    parser.add_argument("--seed", type=int, help="another seed of the forecast's law")
    options = parser.parse_args()
    district: District = load_case(DATA, options.case)
    if options.seed is not None:
        law = district.forecast.model_copy(update={"seed": options.seed})
        district = district.model_copy(update={"forecast": law})
    weather = read_weather(district)
    whole = steps(weather.table["time_utc"].iloc[0], len(weather.table), district.step_minutes)
    climatology = Climatology.fit(weather_for(weather, district, whole), district)
    trace = trace_of_year(district, weather)
    print("\n".join(rank_table(draw_year(district, climatology, trace))))
    print()
    print("\n".join(error_table(errors_of_year(district, climatology, trace))))


if __name__ == "__main__":
    main()
