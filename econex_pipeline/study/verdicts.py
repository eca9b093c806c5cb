"""What was promised of the closed loop, judged by the figures: a miss is said as plainly as a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from econex_pipeline.control.regret import STAIRS, captured_frac, staircase
from econex_pipeline.study.measures import WEIGHTED
from econex_pipeline.study.results import Figures
from econex_pipeline.study.strategies import ENDING_AS
from econex_pipeline.study.tasks import BASE

BALANCE_TOLERANCE = 1e-6  # m3 beyond the engine's stated step error; kWh
LEAST_CAPTURED_FRAC = 0.80
MOST_OVER_LONG_HORIZON_FRAC = 0.01
ROUNDING_USD = 1e-6


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
    judged: tuple[Callable[[Figures, str], Verdict], ...] = (
        _captured,
        _captured_ending_alike,
        _staircase,
        _midnight,
        _long_horizon,
    )
    return found + [judge(figures, label) for label in months for judge in judged]


def _balances(figures: Figures) -> Verdict:
    promise = f"Balances close to {BALANCE_TOLERANCE:g} m3 and kWh in every step"
    water, energy = (figures.all(name).values() for name in ("worst_water_m3", "worst_energy_kwh"))
    if not water:
        return Verdict(promise, None, "")
    return Verdict(
        promise,
        max(*water, *energy) <= BALANCE_TOLERANCE,
        f"largest residual {max(water):.1e} m3 beyond the engine's stated step error, {max(energy):.1e} kWh",
    )


def _limits(figures: Figures) -> Verdict:
    promise = "No level or pressure outside its limits without a recorded event"
    if not figures.all("steps_outside_unexplained"):
        return Verdict(promise, None, "")
    levels, pressure = (
        sum(figures.all(name).values())
        for name in ("steps_outside_unexplained", "steps_with_pressure_warning_unexplained")
    )
    events = sum(figures.all("steps_with_event").values())
    return Verdict(
        promise,
        levels + pressure == 0,
        f"{levels:.0f} steps with a level outside and {pressure:.0f} with EPANET's warning of a pressure, "
        f"of those without an event ({events:.0f} steps had one)",
    )


def _never_loses(figures: Figures, base: bool) -> Verdict:
    promise = "The controller never loses to the rules" if base else "In no other case either"
    over = {(case, label): usd for case, label, usd in _over_rules(figures) if (case == BASE) == base}
    if not over:
        return Verdict(promise, None, "")
    lost = [f"{case} {label} by {usd:.2f} USD" for (case, label), usd in over.items() if usd > ROUNDING_USD]
    found = f"dearer in {'; '.join(lost)}" if lost else f"cheaper in all {len(over)} ranges"
    return Verdict(promise, not lost, found)


def _over_rules(figures: Figures) -> Iterator[tuple[str, str, float]]:
    for (case, label, strategy), cost in figures.all(WEIGHTED).items():
        if strategy == "controlled" and figures.has(case, label, "rules"):
            yield case, label, cost - figures.get(case, label, "rules", WEIGHTED)


def captured(figures: Figures, label: str, measure: str = WEIGHTED, by: str = "controlled") -> float | None:
    """Share that a strategy captures of what lies between rules and perfect foresight; None where not all ran."""
    names = ("rules", by, "perfect_foresight")
    if not all(figures.has(BASE, label, name) for name in names):
        return None
    return captured_frac(*(figures.get(BASE, label, name, measure) for name in names))


def captured_ending_alike(figures: Figures, label: str, measure: str = WEIGHTED) -> float | None:
    """The same share, each regret against a foresight that ends with as much in store; None where not all ran."""
    if not all(figures.has(BASE, label, name) for pair in ENDING_AS.items() for name in pair):
        return None
    regret = {
        other: figures.get(BASE, label, other, measure) - figures.get(BASE, label, name, measure)
        for name, other in ENDING_AS.items()
    }
    return 1.0 - regret["controlled"] / regret["rules"]


def _captured(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: at least {LEAST_CAPTURED_FRAC:.0%} of what lies between rules and perfect foresight"
    found, right = _share(promise, figures, label, captured), captured(figures, label, by="perfect_forecast")
    return found if right is None else replace(found, found=f"{found.found}; with a right forecast {right:.1%}")


def _captured_ending_alike(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: the same, each beside a foresight that ends with as much in store"
    return _share(promise, figures, label, captured_ending_alike)


def _share(promise: str, figures: Figures, label: str, share_of: Callable[..., float | None]) -> Verdict:
    share, money = share_of(figures, label), share_of(figures, label, "cost_usd")
    if share is None:
        return Verdict(promise, None, "")
    return Verdict(promise, share >= LEAST_CAPTURED_FRAC, f"{share:.1%} of the weighted cost, {money:.1%} of the money")


def _staircase(figures: Figures, label: str) -> Verdict:
    promise = f"{label}: the regret staircase adds up"
    names = {name for pair in STAIRS.values() for name in pair}
    if not all(figures.has(BASE, label, name) for name in names):
        return Verdict(promise, None, "")
    costs = {name: figures.get(BASE, label, name, WEIGHTED) for name in names}
    steps, regret = staircase(costs), costs["controlled"] - costs["perfect_foresight"]
    said = " ".join(f"{usd:+.2f} {name}" for name, usd in steps.items())
    found = f"perfect foresight {costs['perfect_foresight']:.2f} {said} = {costs['controlled']:.2f} USD"
    return Verdict(promise, abs(sum(steps.values()) - regret) <= ROUNDING_USD, found)


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
