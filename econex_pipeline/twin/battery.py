"""A battery with losses that grow with power: proportional converter loss, resistive loss, standing loss.

At rated power the losses add up to the district's round trip; at part load the resistive share shrinks with the
square of power. With the resistive share at zero it is the brain's constant-efficiency battery, exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class BatteryOutcome:
    """One step of a battery: mean powers at the AC side and heat [kW], energy at the end [kWh]."""

    charge_kw: float
    discharge_kw: float
    loss_kw: float
    end_kwh: float


@dataclass(frozen=True)
class Battery:
    """A battery seen from its AC side.

    Attributes
    ----------
    capacity_kwh, power_kw : float
        Usable energy [kWh] and rated power in both directions [kW].
    round_trip_frac : float
        Energy out over energy in, both at rated power.
    resistance_loss_frac : float
        Share of rated power lost in resistance at rated power, in each direction.
    standing_loss_frac_h : float
        Share of the stored energy lost per hour.
    standing_loss_kw : float
        Constant draw of the electronics, as long as there is energy.
    """

    capacity_kwh: float
    power_kw: float
    round_trip_frac: float
    resistance_loss_frac: float = 0.0
    standing_loss_frac_h: float = 0.0
    standing_loss_kw: float = 0.0

    def step(self, energy_kwh: float, charge_kw: float, discharge_kw: float, step_h: float) -> BatteryOutcome:
        """Run the battery for one step at constant power, as far as power and energy limits allow.

        Parameters
        ----------
        energy_kwh : float
            Stored energy at the start [kWh].
        charge_kw, discharge_kw : float
            Power asked at the AC side [kW]; only their difference can be followed.
        step_h : float
            Length of the step [h].

        Returns
        -------
        BatteryOutcome
            What was followed; ``end - start = (charge - discharge - loss) * step_h``.

        Notes
        -----
        Stored while charging: ``P (1 - a) - r P^2 / P_rated`` with ``a + r = 1 - sqrt(round trip)``; drawn while
        discharging: ``P (1 + b) + r P^2 / P_rated`` with ``b + r = 1 / sqrt(round trip) - 1``.
        """
        faded_kwh = energy_kwh * (1.0 - self.standing_loss_frac_h * step_h)
        kept_kwh = max(0.0, faded_kwh - self.standing_loss_kw * step_h)
        net_kw = charge_kw - discharge_kw
        one_way = math.sqrt(self.round_trip_frac)
        bend = self.resistance_loss_frac / self.power_kw
        if net_kw >= 0.0:
            slope = one_way + self.resistance_loss_frac
            room_kw = (self.capacity_kwh - kept_kwh) / step_h
            power_kw = min(net_kw, self.power_kw, _power(room_kw, slope, -bend, self.power_kw))
            end_kwh = min(self.capacity_kwh, kept_kwh + (slope - bend * power_kw) * power_kw * step_h)
            charge_kw, discharge_kw = power_kw, 0.0
            heat_kw = power_kw - (slope - bend * power_kw) * power_kw
        else:
            slope = 1.0 / one_way - self.resistance_loss_frac
            power_kw = min(-net_kw, self.power_kw, _power(kept_kwh / step_h, slope, bend, self.power_kw))
            end_kwh = max(0.0, kept_kwh - (slope + bend * power_kw) * power_kw * step_h)
            charge_kw, discharge_kw = 0.0, power_kw
            heat_kw = (slope + bend * power_kw) * power_kw - power_kw
        standing_kw = (energy_kwh - kept_kwh) / step_h
        return BatteryOutcome(charge_kw, discharge_kw, heat_kw + standing_kw, end_kwh)


def _power(inner_kw: float, slope: float, bend: float, rated_kw: float) -> float:
    """Solve ``slope P + bend P^2 = inner`` for the smaller P >= 0; the rated power where it asks for more [kW]."""
    if inner_kw <= 0.0:
        return 0.0
    if bend == 0.0:
        return inner_kw / slope
    root = slope * slope + 4.0 * bend * inner_kw
    return rated_kw if root < 0.0 else 2.0 * inner_kw / (slope + math.sqrt(root))
