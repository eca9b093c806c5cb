"""The one theme of all figures: colours, fonts and the words of the legend. No figure names a colour of its own.

Hues are those of Okabe and Ito [1]_, chosen to stay apart for readers with any common colour blindness; one hue
keeps one meaning in all figures (the battery is purple wherever it appears). Ink, grid and surface are colours the
page replaces by its own, so that figures follow the reader's light or dark setting.

References
----------
.. [1] M. Okabe and K. Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure

P = ParamSpec("P")

INK = "#1d2733"
MUTED = "#5c6b7a"
GRID = "#dde3ea"
SURFACE = "#fefefe"
"""Colours of the frame; `render.svg` turns each into the page's CSS variable of that name."""

BLUE = "#0072b2"
SLATE = "#5e6b7d"
"""Two hues that the page brightens on a dark ground, where they would sink."""

ALARM = "#d55e00"
LAYER_COLOURS = {"E": "#e69f00", "P": BLUE, "W": "#009e73"}
LAYER_NAMES = {"E": "electricity", "P": "potable water", "W": "raw water"}
LAYER_UNITS = {"E": "kW", "P": "m³/h", "W": "m³/h"}
LAYER_AMOUNTS = {"E": "kWh", "P": "m³", "W": "m³"}
STRATEGY_NAMES = {"controlled": "as operated", "no_control": "without control", "plan": "as planned"}
STRATEGY_COLOURS = {"controlled": BLUE, "no_control": "#9aa3ad", "plan": "#cc79a7"}


@dataclass(frozen=True)
class Series:
    """How one series of a balance is drawn: its legend text, colour and, for what should not be, a hatch."""

    label: str
    colour: str
    hatch: str = ""


SERIES: dict[str, dict[str, Series]] = {
    "E": {
        "load": Series("households", SLATE),
        "pumps": Series("water pumps", "#009e73"),
        "treatment": Series("treatment", "#8ed1bd"),
        "pv": Series("sun", "#e69f00"),
        "inlet_turbine": Series("inlet turbine", "#56b4e9"),
        "pumped_hydro": Series("pumped hydro", BLUE),
        "battery": Series("battery", "#cc79a7"),
        "grid": Series("grid", "#b3bac3"),
        "losses": Series("line losses", "#8c7b6b"),
        "dump": Series("dumped", "#8c7b6b", "xx"),
        "curtailed": Series("sun not used", "#e69f00", "////"),
        "unserved": Series("not served", ALARM, "xx"),
    },
    "P": {
        "demand": Series("households", SLATE),
        "mains": Series("mains", BLUE),
        "treatment": Series("treatment", "#009e73"),
        "tanks": Series("tanks", "#56b4e9"),
        "backup": Series("to the garden", "#cc79a7"),
        "spill": Series("spilled", "#e69f00", "////"),
        "leak": Series("leaked", "#e69f00", "xx"),
        "unserved": Series("not served", ALARM, "xx"),
    },
    "W": {
        "irrigation": Series("garden", SLATE),
        "treatment": Series("treatment", "#009e73"),
        "rain": Series("rain", "#56b4e9"),
        "greywater": Series("greywater", "#b07d3c"),
        "backup": Series("from potable water", "#cc79a7"),
        "tanks": Series("tanks", BLUE),
        "sewer": Series("sewer", "#8c7b6b"),
        "spill": Series("spilled", "#e69f00", "////"),
        "leak": Series("leaked", "#e69f00", "xx"),
        "unserved": Series("not served", ALARM, "xx"),
    },
}

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": SURFACE,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # a name with dollar signs is a name
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": SURFACE,
    "savefig.facecolor": SURFACE,
    "patch.facecolor": SURFACE,  # the colour of a cycle, as by default, is looked up anew for each patch
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "econex_pipeline",
    "path.simplify": False,
}

WIDTH_IN = 9.2


def themed(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw a figure under the theme, whatever the process has set elsewhere."""

    @wraps(draw)
    def under_theme(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return under_theme


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Give an empty figure of the theme's width; `render` lays it out.

    Parameters
    ----------
    height_in, width_in : float
        Size [in].
    """
    return Figure(figsize=(width_in, height_in))
