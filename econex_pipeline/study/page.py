"""The study as Markdown: the tables a person reads, and what the figures say of each promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from econex_pipeline.control.strategies import VARIANTS
from econex_pipeline.district import District
from econex_pipeline.study.behaviours import NOTHING, behaviours, even_frac
from econex_pipeline.study.measures import WEIGHTED
from econex_pipeline.study.results import Figures
from econex_pipeline.study.strategies import BASE_ONLY, ENDING_AS
from econex_pipeline.study.tasks import BASE
from econex_pipeline.study.verdicts import Verdict, verdicts
from econex_pipeline.study.worth import RATE_FRAC, worths

STRATEGY_TITLES = {
    "no_control": "no control",
    "rules": "rules",
    "separate": "separate",
    "midnight_target": "midnight target",
    "controlled": "controller",
    "horizon_72h": "72 h horizon",
    "perfect_foresight": "perfect foresight",
}
"""From the worst expected to the best."""


HEAD = """# What control is worth: months of every case, and a year

`make study` operates a winter and a summer month of every case in `data/cases`, by every strategy on the same trace
from the same state; `make study STUDY="--year 2025"` a year of the controller with and without each device. Both can be
stopped at any time and go on where they were. `python -m econex_pipeline.study --page docs/study.md` writes this page
from what they kept. Forecasts follow a law whose skill is an assumption: savings are illustrative.

The controller plans each day over 20 scenarios and decides each hour anew; *no control* leaves battery, pumped hydro,
treatment and rain transfer alone; *rules* are those written down in `econex_pipeline/control/rules.py`. What stored
amounts are worth was found from the year without January and July (`--end-values`).

Perfect foresight operates the linear plant: there no membrane fouls, power takes the best way and water comes in no
whole seconds; only a battery at low power loses less in reality than there. Nobody who operates the real plant reaches
all of it, not even with a right forecast; what that would reach stands beside. In January the dearest hour costs
0.03 USD/kWh more than the cheapest, which is less than a battery loses on the way, and there is little sun: rules leave
next to nothing to gain, and a share of it moves with every cubic metre."""


MEASURES = ("cost_usd", WEIGHTED)
MEANINGS = {
    **{name: variant.meaning for name, variant in VARIANTS.items()},
    "perfect_foresight": "all of the range known, on the linear plant",
    "rolling_foresight": "the same knowledge, seen a day at a time",
    **{name: f"all known, ending with what {other} ended with" for name, other in ENDING_AS.items()},
}


def table(heading: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = (0,)) -> str:
    """Give a Markdown table whose columns are padded, so that it reads as plain text too; `texts` stand on the left."""
    lines = [list(heading), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]

    def cells(line: Sequence[str]) -> str:
        padded = (
            text.ljust(width) if column in texts else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 1) + ("-" if column in texts else ":") for column, width in enumerate(widths))
    return "\n".join([cells(lines[0]), f"|{rule}|", *(cells(line) for line in lines[1:])])


def study_page(months: Figures | None, year: Figures | None, district: District) -> str:
    """Give the whole page from what was run.

    Parameters
    ----------
    months, year : Figures or None
        Figures of `make study` and of `make study STUDY="--year ..."`.
    district : District
        The base case's.
    """
    parts = [HEAD]
    if months is not None:
        parts += ["## Months", verdict_table(verdicts(months)), months_page(months)]
    if year is not None:
        parts += ["## A year", verdict_table(judged(year)), year_page(year, district)]
    return "\n\n".join(parts) + "\n"


def months_page(figures: Figures) -> str:
    """Give the tables of a study of months."""
    parts = [
        "Cost of each case, USD: exchanges with grid, mains and sewer less the change of what is stored at the "
        "district's values; in brackets what the controller is asked to minimize, with carbon, scarcity, waste and "
        "penalties.",
        _costs(figures),
        "What the controller saves against the rules and against no control, and what went on beside the money.",
        _beside(figures),
    ]
    others = [name for name in BASE_ONLY if any(figures.has(BASE, label, name) for label in figures.ranges)]
    if others:
        parts.append("The base case by other strategies: what each costs more than the controller, USD (weighted).")
        parts.append(_others(figures, others))
    return "\n\n".join(parts)


def year_page(figures: Figures, district: District) -> str:
    """Give the behaviours and the devices over each range that has the cases without devices."""
    return "\n\n".join(part for label in figures.ranges for part in _year(figures, label, district))


def _year(figures: Figures, label: str, district: District) -> Iterator[str]:
    costs = {
        STRATEGY_TITLES[name]: _cost(figures, BASE, label, name)
        for name in STRATEGY_TITLES
        if figures.has(BASE, label, name)
    }
    yield (
        f"{label}, {figures.days[label]} days: " + "; ".join(f"{name} {cost} USD" for name, cost in costs.items()) + "."
    )
    yield (
        "The four behaviours. The peak holds the day's dearest hours of the base tariff, "
        f"{even_frac(figures, label):.0%} of all hours: a flow that is spread evenly has that share in it."
    )
    rows = [(one.title, one.said, one.controlled, one.flat, one.no_control) for one in behaviours(figures, label)]
    yield table(("behaviour", "", "controller", "controller, flat tariff", "no control"), rows, texts=(0, 1))
    yield (
        "What a device earns is what the district pays more without it, the controller at its best both times; what "
        f"it costs is an annuity at {RATE_FRAC:.0%} a year."
    )
    found = worths(figures, label, district)
    cells = [
        (
            worth.device.title,
            f"{worth.earned_usd:.2f}",
            f"{worth.earned_weighted_usd:.2f}",
            NOTHING if worth.cost_usd is None else f"{worth.cost_usd:.2f}",
            worth.word,
            worth.device.said,
        )
        for worth in found
    ]
    yield table(
        ("device", "earned USD", "weighted", "costs USD", "verdict", "source of the cost"), cells, texts=(0, 4, 5)
    )


def judged(figures: Figures) -> list[Verdict]:
    """Give the verdicts on what was run."""
    return [verdict for verdict in verdicts(figures) if verdict.kept is not None]


def verdict_table(found: Sequence[Verdict]) -> str:
    """Give the verdicts as a table."""
    return table(("promise", "kept", "figures"), [(v.promise, v.word, v.found) for v in found], texts=(0, 1, 2))


def _costs(figures: Figures) -> str:
    shown = [name for name in STRATEGY_TITLES if any(key[2] == name for key in figures.all(WEIGHTED))]
    rows = []
    for label in figures.ranges:
        for case in figures.cases:
            if figures.has(case, label, "controlled"):
                cells = [_cost(figures, case, label, name) for name in shown]
                rows.append((f"{label} {case}", *cells))
    return table(("case", *(STRATEGY_TITLES[name] for name in shown)), rows)


def _others(figures: Figures, names: Sequence[str]) -> str:
    def over(label: str, name: str) -> str:
        if not figures.has(BASE, label, name) or not figures.has(BASE, label, "controlled"):
            return NOTHING
        theirs, ours = (figures.measures(BASE, label, one) for one in (name, "controlled"))
        money, weighted = (theirs[measure] - ours[measure] for measure in MEASURES)
        return f"{money:+.2f} ({weighted:+.2f})"

    rows = [(name, *(over(label, name) for label in figures.ranges), MEANINGS[name]) for name in names]
    heading = ("strategy", *figures.ranges, "what it shows")
    return table(heading, rows, texts=(0, len(heading) - 1))


def _cost(figures: Figures, case: str, label: str, strategy: str) -> str:
    if not figures.has(case, label, strategy):
        return "-"
    money, weighted = (figures.get(case, label, strategy, name) for name in MEASURES)
    return f"{money:.2f} ({weighted:.2f})"


def _beside(figures: Figures) -> str:
    rows = []
    for label in figures.ranges:
        for case in figures.cases:
            if not figures.has(case, label, "controlled"):
                continue

            def of(measure: str, case: str = case, label: str = label) -> float:
                return figures.get(case, label, "controlled", measure)

            saved = [
                f"{figures.get(case, label, other, 'cost_usd') - of('cost_usd'):+.2f}"
                if figures.has(case, label, other)
                else NOTHING
                for other in ("rules", "no_control")
            ]
            rows.append((
                f"{label} {case}",
                *saved,
                f"{of('unserved_kwh'):.2f}",
                f"{of('unserved_m3'):.3f}",
                f"{of('spill_m3'):.1f}",
                f"{of('fallback_cycles'):.0f}",
                f"{of('steps_with_event'):.0f}",
                f"{of('carbon_kg'):.0f}",
            ))  # fmt: skip
    heading = (
        "case", "saved on rules", "saved on none", "unserved kWh", "unserved m3", "spill m3", "fallbacks",
        "event steps", "carbon kg",
    )  # fmt: skip
    return table(heading, rows)
