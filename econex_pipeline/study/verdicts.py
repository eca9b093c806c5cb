"""What was promised of the closed loop, judged by the figures: a miss is said as plainly as a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from econex_pipeline.study.results import Figures
from econex_pipeline.study.tasks import BASE

BALANCE_TOLERANCE = 1e-6  # m3 beyond the engine's stated step error; kWh
LEAST_CAPTURED_FRAC = 0.80
MOST_OVER_LONG_HORIZON_FRAC = 0.01
ROUNDING_USD = 1e-6
WEIGHTED = "weighted_cost_usd"
STAIRS = ("horizon", "model", "forecast")


@dataclass(frozen=True)
class Verdict:
    """One promise.

    Attributes
    ----------
    promise : str
        What was promised.
    kept : bool or None
        None where it was not run.
    found : str
        The figures.
    """

    promise: str
    kept: bool | None
    found: str

    @property
    def word(self) -> str:
        """One word for it."""
        return "not run" if self.kept is None else "PASS" if self.kept else "MISS"


def verdicts(figures: Figures) -> list[Verdict]:
    """Judge a study."""
    months = [label for label in figures.ranges if figures.has(BASE, label, "controlled")]
    found = [_balances(figures), _limits(figures), *(_never_loses(figures, base) for base in (True, False))]
    judged: tuple[Callable[[Figures, str], Verdict], ...] = (_captured, _staircase, _midnight, _long_horizon)
    return found + [judge(figures, label) for label in months for judge in judged]


def _balances(figures: Figures) -> Verdict:
    water = max(figures.all("worst_water_m3").values(), default=0.0)
    energy = max(figures.all("worst_energy_kwh").values(), default=0.0)
    return Verdict(
        f"Balances close to {BALANCE_TOLERANCE:g} m3 and kWh in every step",
        max(water, energy) <= BALANCE_TOLERANCE,
        f"largest residual {water:.1e} m3 beyond the engine's stated step error, {energy:.1e} kWh",
    )


def _limits(figures: Figures) -> Verdict:
    levels, pressure = (
        sum(figures.all(name).values())
        for name in ("steps_outside_unexplained", "steps_with_pressure_warning_unexplained")
    )
    events = sum(figures.all("steps_with_event").values())
    return Verdict(
        "No level or pressure outside its limits without a recorded event",
        levels + pressure == 0,
        f"{levels:.0f} steps with a level outside and {pressure:.0f} with EPANET's warning of a pressure, "
        f"of those without an event ({events:.0f} steps had one)",
    )


def _never_loses(figures: Figures, base: bool) -> Verdict:
    over = {(case, label): usd for case, label, usd in _over_rules(figures) if (case == BASE) == base}
    lost = [f"{case} {label} by {usd:.2f} USD" for (case, label), usd in over.items() if usd > ROUNDING_USD]
    return Verdict(
        "The controller never loses to the rules" if base else "In no other case either",
        not lost if over else None,
        f"loses in {'; '.join(lost)}" if lost else f"cheaper in all {len(over)} ranges",
    )


def _over_rules(figures: Figures) -> Iterator[tuple[str, str, float]]:
    for (case, label, strategy), cost in figures.all(WEIGHTED).items():
        if strategy == "controlled" and figures.has(case, label, "rules"):
            yield case, label, cost - figures.get(case, label, "rules", WEIGHTED)


def captured_frac(figures: Figures, label: str, measure: str = WEIGHTED) -> float | None:
    """Share that the controller captures of what lies between rules and perfect foresight; None where not all ran."""
    names = ("rules", "controlled", "perfect_foresight")
    if not all(figures.has(BASE, label, name) for name in names):
        return None
    rules, controlled, foresight = (figures.get(BASE, label, name, measure) for name in names)
    return (rules - controlled) / (rules - foresight)


def _captured(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: at least {LEAST_CAPTURED_FRAC:.0%} of what lies between rules and perfect foresight"
    share = captured_frac(figures, label)
    if share is None:
        return Verdict(promise, None, "")
    money = captured_frac(figures, label, "cost_usd")
    return Verdict(
        promise, share >= LEAST_CAPTURED_FRAC, f"{share:.1%} of the weighted cost ({money:.1%} of the money)"
    )


def _staircase(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: the regret staircase adds up"
    if not figures.has(BASE, label, "regret"):
        return Verdict(promise, None, "")
    steps = {name: figures.get(BASE, label, "regret", f"{name}_usd") for name in STAIRS}
    regret = figures.get(BASE, label, "regret", "total_usd")
    said = " + ".join(f"{name} {usd:.2f}" for name, usd in steps.items())
    return Verdict(promise, abs(sum(steps.values()) - regret) <= ROUNDING_USD, f"{said} = {regret:.2f} USD")


def _midnight(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: the plan's end values cost less than a midnight target"
    if not figures.has(BASE, label, "midnight_target"):
        return Verdict(promise, None, "")
    ours, theirs = (figures.get(BASE, label, name, WEIGHTED) for name in ("controlled", "midnight_target"))
    return Verdict(promise, ours < theirs, f"{ours:.2f} against {theirs:.2f} USD")


def _long_horizon(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: within {MOST_OVER_LONG_HORIZON_FRAC:.0%} of a 72 h horizon"
    if not figures.has(BASE, label, "horizon_72h"):
        return Verdict(promise, None, "")
    ours, theirs = (figures.get(BASE, label, name, WEIGHTED) for name in ("controlled", "horizon_72h"))
    over = (ours - theirs) / abs(theirs)
    return Verdict(promise, over <= MOST_OVER_LONG_HORIZON_FRAC, f"{ours:.2f} against {theirs:.2f} USD, {over:+.2%}")
