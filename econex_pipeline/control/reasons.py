"""Why each device does what it does in the first step of a solved horizon: one sentence, true in its numbers.

A device runs where what it brings is worth at least what it takes, and waits where it is not: what a unit is worth at
each place is the dual of its balance, what it costs a price. Each sentence names the two numbers that decided, or the
limit that held; a comparison that does not hold in numbers is not written. What neither acts nor is held by a limit is
passed over.
"""

from __future__ import annotations

from collections.abc import Callable

from econex_pipeline.control.first_step import LEAST_RATE, FirstStep, Places
from econex_pipeline.control.following import TOLERANCE_USD_KWH
from econex_pipeline.control.reason import Reason
from econex_pipeline.control.wording import amount, place, price, than
from econex_pipeline.planning import Arc, Network, Rates, Solved, Storage

ROUNDING_USD = 1e-7
"""What solver tolerances leave of a comparison [USD per unit]."""


class Explainer:
    """Says why the devices of a network do what they do.

    Parameters
    ----------
    network : Network
        What the controller plans with.
    zone : str
        Civil time zone of the site: a device waits until a time on the clock.
    """

    def __init__(self, network: Network, zone: str) -> None:
        self.places = Places(network, zone)
        self.batteries = [storage for storage in network.storages if storage.node == storage.name]
        self.told = [(TELL[arc.kind], arc) for arc in network.arcs if arc.kind in TELL]

    def __call__(self, solved: Solved, told: Rates) -> tuple[Reason, ...]:
        """Say why the devices do what they do in the first step.

        Parameters
        ----------
        solved : Solved
            A horizon of this network.
        told : Rates
            What is expected of the step as it is asked: where two ways are worth the same, batteries and the grid may
            go another than the optimum.

        Returns
        -------
        tuple of Reason
            Batteries, then arcs in the order of the network; none where the solution has no duals.
        """
        if not solved.explained:
            return ()
        first = FirstStep(self.places, solved, told)
        found = [_battery(first, storage) for storage in self.batteries]
        found += [tell(first, arc) for tell, arc in self.told]
        return tuple(reason for reason in found if reason is not None)


def _battery(first: FirstStep, storage: Storage) -> Reason | None:
    arcs = first.solved.network.arc
    charge, discharge = arcs[f"{storage.name}.charge"], arcs[f"{storage.name}.discharge"]
    kept, given = first.brings(charge), first.takes(discharge)
    if (power := first.flow(discharge.name)) >= LEAST_RATE:
        source, worth = _grid_replaced(first, given) or ("electricity here worth", first.worth(discharge.head))
        text = f"discharges {amount(power, 'kW')}{_limit(first, discharge)}"
        why = f"{source} {price(worth)}, stored energy valued {than(given, worth)}"
        return _followed(storage.name, text, why, worth, given)
    if (power := first.flow(charge.name)) >= LEAST_RATE:
        source, worth = _grid_forgone(first, kept) or ("electricity here worth", first.worth(charge.tail))
        text = f"charges {amount(power, 'kW')}{_limit(first, charge)}"
        why = f"stored energy valued {price(kept)}, {source} {than(worth, kept)}"
        return _followed(storage.name, text, why, kept, worth)
    if first.full(storage.node, 0) or first.empty(storage.node, 0):
        return Reason(storage.name, f"stands still: {'full' if first.full(storage.node, 0) else 'empty'}")
    uses = [step for arc in (charge, discharge) if (step := first.next_use(arc.name)) is not None]
    until = f" until {first.clock(min(uses))}" if uses else ""
    here = first.worth(discharge.head)
    text = f"keeps its {amount(first.amounts[first.at.storages[storage.node][0]][0], 'kWh')}{until}"
    why = f"stored energy valued {price(given)}, electricity here worth {than(here, given)}"
    return _compared(storage.name, text, why, given, here)


def _followed(element: str, text: str, why: str, more: float, less: float) -> Reason:
    """Give the reason of a battery that acts; of one that follows the meter since either way is worth the same too."""
    if ROUNDING_USD < less - more <= TOLERANCE_USD_KWH:
        near = f"worth as much either way, within {price(TOLERANCE_USD_KWH)}"
        return Reason(element, f"{text} to keep the grid's meter at zero: {near}")
    return _compared(element, text, why, more, less)


def _grid_replaced(first: FirstStep, least: float) -> tuple[str, float] | None:
    """Give the price that a discharging battery saves or earns at the grid, where it is worth at least as much."""
    side = SOLD if first.flow("grid_export") >= LEAST_RATE else BOUGHT
    return _priced(first, side) if first.price(side[1]) >= least else None


def _grid_forgone(first: FirstStep, most: float) -> tuple[str, float] | None:
    """Give the price that a charging battery pays or forgoes at the grid, where it is worth at most as much."""
    side = BOUGHT if first.flow("grid_import") >= LEAST_RATE else SOLD
    return _priced(first, side) if first.price(side[1]) <= most else None


def _priced(first: FirstStep, side: tuple[str, str, str]) -> tuple[str, float] | None:
    """Give the words and the price of one side of the grid's meter; none while it is out."""
    arc, column, words = side
    return None if first.out_of_service(first.solved.network.arc[arc]) else (words, first.price(column))


def _transfer(first: FirstStep, arc: Arc) -> Reason | None:
    lift = -first.electricity(arc)
    if (flow := first.flow(arc.name)) >= LEAST_RATE:
        worth, taken = first.brings(arc), first.takes(arc)
        verb = {"pumped": "lifts", "gravity": "returns", "backup": "gives"}[arc.kind]
        why = f"water worth {price(worth)} at {place(arc.head)}, {price(taken)} at {place(arc.tail)}"
        why += f", {price(lift)} to lift" if arc.name in first.solved.energy else ""
        text = f"{verb} {amount(flow, 'm3/h')}{_limit(first, arc)}"
        return _compared(arc.name, text, why, worth, taken + lift + first.cost(arc))
    if arc.kind != "pumped":
        return None
    held = _held(first, arc)
    if held or not first.reversible(arc) or (step := first.next_use(arc.name)) is None:
        return held
    then = -first.electricity(arc, step)
    if price(then) == price(lift) or then > lift:
        return None
    text = f"stands still until {first.clock(step)}: lifting costs {price(lift)} a m3 now, {price(then)} then"
    return Reason(arc.name, text, lift, then)


def _turbine(first: FirstStep, arc: Arc) -> Reason | None:
    below, above, power = first.brings(arc), first.takes(arc), first.electricity(arc)
    if (flow := first.flow(arc.name)) < LEAST_RATE:
        return _held(first, arc) or _waits(first, arc, "stands still", "a m3 makes electricity for")
    text = f"takes {amount(flow, 'm3/h')}{_limit(first, arc)}"
    if arc.name not in first.solved.energy:  # energy along a curve has no one worth per m3
        return Reason(arc.name, text)
    why = f"a m3 makes electricity for {price(power)}, valued {price(above)} above and {price(below)} below"
    return _compared(arc.name, text, why, power + below, above + first.cost(arc))


def _waits(first: FirstStep, arc: Arc, verb: str, what: str) -> Reason | None:
    """Say that the electricity an arc makes will be worth more later."""
    if (step := first.next_use(arc.name)) is None:
        return None
    now, then = first.electricity(arc), first.electricity(arc, step)
    if price(then) == price(now) or then < now:
        return None
    text = f"{verb} until {first.clock(step)}: {what} {price(then)} then, {price(now)} now"
    return Reason(arc.name, text, then, now)


def _treatment(first: FirstStep, arc: Arc) -> Reason | None:
    flow, worth, raw, promise = first.flow(arc.name), first.brings(arc), first.takes(arc), first.promise(arc)
    effort = first.cost(arc) + promise - first.electricity(arc)
    held = flow >= LEAST_RATE and abs(promise) > ROUNDING_USD and _off_schedule(first, arc) == 0.0
    if held and not first.at_capacity(arc):
        leaving = first.solved.network.commitments[first.at.promises[arc.name][0]].deviation_usd
        why = f"leaving it costs {price(leaving)} a m3 and would bring {than(abs(promise), leaving)}"
        return _compared(arc.name, f"keeps its schedule of {amount(flow, 'm3/h')}", why, leaving, abs(promise))
    why = f"drinking water from a m3 worth {price(worth)}, raw water {price(raw)}, energy and reject {price(effort)}"
    if flow >= LEAST_RATE:
        text = f"treats {amount(flow, 'm3/h')}{_limit(first, arc)}"
        return _compared(arc.name, text, why, worth, raw + effort - promise)
    return _held(first, arc) or _compared(arc.name, "stands still", why, raw + effort - promise, worth)


def _import(first: FirstStep, arc: Arc) -> Reason | None:
    flow, worth, cost = first.flow(arc.name), first.brings(arc), first.cost(arc)
    if arc.layer == "E":
        text = f"buys {amount(flow, 'kW')} at {price(first.price('buy_price_usd_kwh'))}{_scheduled(first, arc)}"
        why = f"electricity worth {price(worth)} at {place(arc.head)}{_promised(first, arc)}"
        if first.out_of_service(arc):
            return Reason(arc.name, "stands still: the grid is out")
        return _compared(arc.name, text, why, worth, cost) if flow >= LEAST_RATE else None
    power = first.electricity(arc)
    turbine = f", its turbine adds {price(power)}" if power > ROUNDING_USD else ""
    why = f"water worth {price(worth)} at {place(arc.head)}{turbine}, costs {price(cost)}"
    if flow >= LEAST_RATE:
        text = f"lets in {amount(flow, 'm3/h')}{_limit(first, arc)}"
        return _compared(arc.name, text, why, worth + power, cost)
    if first.out_of_service(arc):
        return Reason(arc.name, "closed: the mains are out")
    waits = _held(first, arc) or _waits(first, arc, "closed", "its turbine makes of a m3")
    return waits or _compared(arc.name, "closed", why, cost, worth + power)


def _export(first: FirstStep, arc: Arc) -> Reason | None:
    if (flow := first.flow(arc.name)) < LEAST_RATE:
        return None
    worth, revenue = first.takes(arc), -first.cost(arc)
    what, unit, column = ("electricity", "kW", "sell_price_usd_kwh") if arc.layer == "E" else WATER_SOLD
    text = f"sells {amount(flow, unit)} at {price(first.price(column))}{_scheduled(first, arc)}"
    why = f"{what} worth {price(worth)} at {place(arc.tail)}{_promised(first, arc)}"
    return _compared(arc.name, text, why, revenue, worth)


def _off_schedule(first: FirstStep, arc: Arc) -> float:
    """Give by how much a committed exchange is above its schedule; zero where it is next to it [kW or m3/h]."""
    i, _ = first.at.promises[arc.name]
    commitment = first.solved.network.commitments[i]
    net = sum(map(first.flow, commitment.plus)) - sum(map(first.flow, commitment.minus))
    off = net - first.kept[i][1]
    return off if abs(off) >= LEAST_RATE else 0.0


def _scheduled(first: FirstStep, arc: Arc) -> str:
    """Say how an exchange lies to its schedule, where there is one that binds."""
    if abs(first.promise(arc)) <= ROUNDING_USD:
        return ""
    off = first.at.promises[arc.name][1] * _off_schedule(first, arc)
    if off == 0.0:
        return ", as scheduled"
    unit = "kW" if arc.layer == "E" else "m3/h"
    return f", {amount(abs(off), unit)} {'more' if off > 0.0 else 'less'} than scheduled"


def _promised(first: FirstStep, arc: Arc) -> str:
    """Say what the schedule has to do with it: what departing from it would cost, or costs."""
    promise = first.promise(arc)
    if abs(promise) <= ROUNDING_USD:
        return ""
    return f", {'keeping' if promise > 0.0 else 'exceeding'} the schedule {price(abs(promise))}"


def _sun(first: FirstStep, arc: Arc) -> Reason | None:
    if (unused := first.unused(arc)) < LEAST_RATE:
        return None
    worth, text = first.brings(arc), f"leaves {amount(unused, 'kW')} of sun unused"
    return _compared(arc.name, text, f"electricity worth {price(worth)} there", first.cost(arc), worth)


def _short(first: FirstStep, arc: Arc) -> Reason | None:
    if (flow := first.flow(arc.name)) < LEAST_RATE:
        return None
    text = f"goes short of {amount(flow, 'kW' if arc.layer == 'E' else 'm3/h')}"
    worth, penalty = first.brings(arc), first.cost(arc)
    why = f"serving it would take {price(worth)}, going short {price(penalty)}"
    return _compared(arc.name, text, why, worth, penalty)


def _overflow(first: FirstStep, arc: Arc) -> Reason | None:
    if (flow := first.flow(arc.name)) < LEAST_RATE or not first.full(arc.tail, 1):
        return None
    return Reason(arc.name, f"runs over by {amount(flow, 'm3/h')}: {first.standing(arc.tail)} is full")


def _held(first: FirstStep, arc: Arc) -> Reason | None:
    """Say that an arc stands still because a tank is full or empty all through the step."""
    if first.full(arc.head, 0) and first.full(arc.head, 1):
        return Reason(arc.name, f"stands still: {first.standing(arc.head)} is full")
    if first.empty(arc.tail, 0) and first.empty(arc.tail, 1):
        return Reason(arc.name, f"stands still: {first.standing(arc.tail)} is empty")
    return None


def _limit(first: FirstStep, arc: Arc) -> str:
    """Say which limit an acting arc meets: its own, or that of what it fills or draws from."""
    if first.at_capacity(arc):
        return " (its limit)"
    if first.full(arc.head, 1):
        return f" until {'it' if arc.kind == 'charge' else first.standing(arc.head)} is full"
    if first.empty(arc.tail, 1):
        return f" until {'it' if arc.kind == 'discharge' else first.standing(arc.tail)} is empty"
    return ""


def _compared(element: str, text: str, why: str, more: float, less: float) -> Reason:
    """Give the reason with its comparison where that holds, without it else."""
    return Reason(element, f"{text}: {why}", more, less) if more >= less - ROUNDING_USD else Reason(element, text)


BOUGHT = ("grid_import", "buy_price_usd_kwh", "grid at")
SOLD = ("grid_export", "sell_price_usd_kwh", "grid pays")
WATER_SOLD = ("water", "m3/h", "water_sell_usd_m3")
TELL: dict[str, Callable[[FirstStep, Arc], Reason | None]] = {
    "pumped": _transfer,
    "gravity": _transfer,
    "backup": _transfer,
    "turbined": _turbine,
    "treatment": _treatment,
    "import": _import,
    "export": _export,
    "pv": _sun,
    "unserved": _short,
    "overflow": _overflow,
}
"""How each kind of arc is told."""
