"""Power over flow in straight segments, for devices whose flow is held instead of their running time.

A pump at variable speed takes power that is neither proportional to flow nor convex in it: its segments need SOS2
variables or binaries. A turbine of constant efficiency gives power that is concave in flow: its segments are chords,
exact in a linear program that may take less. Segments are a value of their own, beside the COEFFICIENTS: those hold one
number per element and step, which is all that a duty cycle needs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from econex_pipeline.contracts.errors import InputError
from econex_pipeline.hydraulics.codes import LinkKind
from econex_pipeline.hydraulics.devices import Device, moving, operate
from econex_pipeline.hydraulics.network import WaterNetwork
from econex_pipeline.hydraulics.slots import HydraulicsError

POINTS = 33
MIN_FLOW_FRAC = 0.2  # of the rated flow: below it a pump is cycled, as its heat and its efficiency curve end there
MIN_SPEED = 0.3  # of the rated one: a drive's motor gets too warm below
SPEED_STEP = 1e-7
CONVEX_FRAC = 1e-9
LEAST_FRAC = 1e-3  # of the largest power: below it errors count as if against this much


@dataclass(frozen=True)
class Segments:
    """Power over flow of one device at one operating point of the network.

    Attributes
    ----------
    element : str
        Arc of the district, or ``mains``.
    flow_m3_h : tuple of float
        Breakpoints, rising [m3/h]; the first and last are the valid range.
    power_kw : tuple of float
        Power taken by a pump, given by a turbine, at the breakpoints [kW].
    setting : tuple of float
        What the actuator is set to there: relative speed of a pump, flow of a flow control valve [m3/h].
    fit_error_frac : float
        Largest relative error of the straight lines against the probed curve.
    age_h : float
        Hours between the levels that were probed and the time the segments are for [h].
    """

    element: str
    flow_m3_h: tuple[float, ...]
    power_kw: tuple[float, ...]
    setting: tuple[float, ...]
    fit_error_frac: float
    age_h: float = 0.0

    @property
    def slopes_kwh_m3(self) -> tuple[float, ...]:
        """Energy of one more cubic metre in each segment [kWh/m3]."""
        return tuple((np.diff(self.power_kw) / np.diff(self.flow_m3_h)).tolist())

    @property
    def is_convex(self) -> bool:
        """Whether slopes never fall: then a linear program needs no binaries to follow a pump."""
        return bool((np.diff(self.slopes_kwh_m3) >= -CONVEX_FRAC).all())

    @property
    def is_concave(self) -> bool:
        """Whether slopes never rise: then a linear program needs no binaries to follow a turbine."""
        return bool((np.diff(self.slopes_kwh_m3) <= CONVEX_FRAC).all())

    def power_at(self, flow_m3_h: float) -> float:
        """Power at a flow [kW].

        Raises
        ------
        InputError
            If the flow is outside the valid range.
        """
        low, high = self.flow_m3_h[0], self.flow_m3_h[-1]
        if not low <= flow_m3_h <= high:
            raise InputError(f"segments of {self.element}", "flow", flow_m3_h, f"{low:.4g} to {high:.4g} m3/h")
        return float(np.interp(flow_m3_h, self.flow_m3_h, self.power_kw))


def pump_segments(
    network: WaterNetwork,
    device: Device,
    levels_m3: Mapping[str, float],
    count: int = 8,
    *,
    beside: Collection[str] = (),
    min_flow_frac: float = MIN_FLOW_FRAC,
    points: int = POINTS,
    age_h: float = 0.0,
) -> Segments:
    """Follow a pump from its rated speed down, and lay segments where they fit best.

    Parameters
    ----------
    network, device, levels_m3, beside
        As of `devices.operate`; the levels are best those expected at the middle of the step.
    count : int, optional
        Number of segments.
    min_flow_frac : float, optional
        Smallest flow over the flow at rated speed, unless the pump moves more at 0.3 times its speed already.
    points : int, optional
        Probes along the curve.
    age_h : float, optional
        As of `Segments`.

    Returns
    -------
    Segments
        With the smallest largest relative error that this number of segments can have on the probed points.

    Raises
    ------
    HydraulicsError
        If the pump moves no water at rated speed.
    """
    rated, _ = operate(network, device, levels_m3, beside=beside)
    moving(network, device, rated)
    slowest, least = MIN_SPEED, min_flow_frac * rated
    if operate(network, device, levels_m3, MIN_SPEED, beside)[0] < least:
        slowest = speed_for(network, device, levels_m3, least, beside=beside)
    # flow grows with the root of the speed above the one that just reaches the head
    speeds = slowest + (1.0 - slowest) * np.linspace(0.0, 1.0, points) ** 1.5
    curve = [(*operate(network, device, levels_m3, float(speed), beside), float(speed)) for speed in speeds]
    return _fit(device.element, curve, count, age_h)


def turbine_segments(
    network: WaterNetwork,
    device: Device,
    levels_m3: Mapping[str, float],
    count: int = 3,
    *,
    beside: Collection[str] = (),
    points: int = POINTS,
    age_h: float = 0.0,
) -> Segments:
    """Follow a turbine behind a flow control valve from no flow to its rated one, and lay chords.

    Parameters, answer and errors as of `pump_segments`; the valid range begins at 0.

    Raises
    ------
    InputError
        If the device is no turbine or its actuator holds no flow.
    """
    actuator = network.actuators[device.actuator]
    if device.turbine is None or actuator.kind is not LinkKind.FCV:
        raise InputError(network.path, f"actuator of {device.element}", actuator.kind.name, "an FCV behind a turbine")
    settings = actuator.rated_setting * np.linspace(0.0, 1.0, points)[1:]
    curve = [(*operate(network, device, levels_m3, float(at), beside), float(at)) for at in settings]
    moving(network, device, curve[0][0])
    return _fit(device.element, [(0.0, 0.0, 0.0), *curve], count, age_h)


def speed_for(
    network: WaterNetwork,
    device: Device,
    levels_m3: Mapping[str, float],
    flow_m3_h: float,
    *,
    beside: Collection[str] = (),
    near: float | None = None,
) -> float:
    """Find the relative speed at which a pump moves a flow.

    Parameters
    ----------
    network, device, levels_m3, beside
        As of `devices.operate`.
    flow_m3_h : float
        Flow at the pump's meter [m3/h].
    near : float, optional
        A speed close by, which saves probes.

    Raises
    ------
    HydraulicsError
        If no speed up to one and a half of the rated one gives this flow.
    """

    def miss(speed: float) -> float:
        return operate(network, device, levels_m3, speed, beside)[0] - flow_m3_h

    fastest = 1.5
    if near is not None:
        low, high = near * 0.995, near * 1.005
        if miss(low) < 0.0 < miss(high):
            return float(brentq(miss, low, high, xtol=SPEED_STEP, rtol=SPEED_STEP))
    if miss(fastest) < 0.0:
        raise HydraulicsError(
            f"{network.path}: {device.actuator} does not move {flow_m3_h:g} m3/h at {fastest:g} times its speed"
        )
    return float(brentq(miss, 1e-3, fastest, xtol=SPEED_STEP, rtol=SPEED_STEP))


def _fit(element: str, curve: list[tuple[float, float, float]], count: int, age_h: float) -> Segments:
    """Choose breakpoints among the points of a curve, then the power there, so that relative errors are small.

    Breakpoints are those whose chords have the smallest largest error. A chord of a bent curve errs to one side, so the
    power at the breakpoints is fitted afterwards: least squares of the relative errors, which halves them.
    """
    flow, power, setting = (np.array(column) for column in zip(*curve, strict=True))
    if not 1 <= count < len(flow):
        raise InputError(f"segments of {element}", "count", count, f"1 to {len(flow) - 1}, fewer than probed points")
    if not (np.diff(flow) > 0.0).all():
        raise HydraulicsError(f"{element}: its flow does not rise with its setting, so power is no function of flow")
    size, scale = len(flow), np.maximum(power, LEAST_FRAC * power.max())
    error = np.full((size, size), np.inf)
    for first in range(size - 1):
        for last in range(first + 1, size):
            inner = slice(first, last + 1)
            line = np.interp(flow[inner], flow[[first, last]], power[[first, last]])
            error[first, last] = np.max(np.abs(line - power[inner]) / scale[inner])
    best, came = error[0], [np.zeros(size, dtype=int)]
    for _ in range(count - 1):
        worst = np.maximum(best[:, None], error)
        came.append(worst.argmin(axis=0))
        best = worst.min(axis=0)
    places = [size - 1]
    for back in reversed(came[1:]):
        places.append(int(back[places[-1]]))
    chosen = sorted({0, *places})
    shares = np.array([np.interp(flow, flow[chosen], unit) for unit in np.eye(len(chosen))]).T
    fitted, *_ = np.linalg.lstsq(shares / scale[:, None], power / scale, rcond=None)
    fit_error = np.max(np.abs(shares @ fitted - power) / scale)
    flows, settings = tuple(flow[chosen].tolist()), tuple(setting[chosen].tolist())
    return Segments(element, flows, tuple(fitted.tolist()), settings, float(fit_error), age_h)
