"""Where the axes of a figure stand: between the legend and what is written around each of them.

Constrained layout measures every text four times, and takes as long as drawing. Here each is measured once, from a
first guess that is near enough for the ticks to stay as they are.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PAD_IN = 0.04
"""Room around the axes and their texts, and on both sides of a legend [in]."""
GUESS_IN: dict[str, float] = {"left": 0.65, "right": 0.15, "bottom": 0.5, "top": 0.35}
"""Margins of the first guess [in]."""
_PLACED: WeakSet[Figure] = WeakSet()
"""Figures that need no measuring any more, when they are rendered once again."""


def lay_out(figure: Figure) -> None:
    """Place the axes of a figure of this package: one grid, with twins, and legends above or on the right.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Legends stand at an ``outside`` location; they are placed when they are drawn.
    """
    if figure in _PLACED:
        return
    _PLACED.add(figure)
    width, height = (float(size) for size in figure.get_size_inches())
    grids = [axes.get_subplotspec() for axes in figure.axes]
    rows = max((grid.get_geometry()[0] for grid in grids if grid is not None), default=1)
    columns = max((grid.get_geometry()[1] for grid in grids if grid is not None), default=1)
    guess = GUESS_IN
    figure.subplots_adjust(
        guess["left"] / width,
        guess["bottom"] / height,
        1.0 - guess["right"] / width,
        1.0 - guess["top"] / height,
        wspace=0.2,
        hspace=0.35,
    )
    renderer = FigureCanvasAgg(figure).get_renderer()
    above_in, beside_in = _legends(figure, renderer)
    room = {side: np.full(count, PAD_IN) for side, count in zip(guess, (columns, columns, rows, rows), strict=True)}
    labels_in = {}
    for axes, grid in zip(figure.axes, grids, strict=True):
        box = axes.get_tightbbox(renderer, for_layout_only=True)
        if grid is None or box is None:
            continue
        inside = axes.get_window_extent(renderer)
        below_px = inside.y0 - axes.xaxis.label.get_position()[1]
        aside_px = axes.yaxis.label.get_position()[0] - inside.x0
        labels_in[axes] = (
            below_px / figure.dpi,
            min(aside_px, 0.0) / figure.dpi,
            max(aside_px - inside.width, 0.0) / figure.dpi,
        )
        row, column = grid.rowspan.start, grid.colspan.start
        for side, place, pixels in (
            ("left", column, inside.x0 - box.x0),
            ("right", column, box.x1 - inside.x1),
            ("bottom", row, inside.y0 - box.y0),
            ("top", row, box.y1 - inside.y1),
        ):
            room[side][place] = max(room[side][place], PAD_IN + float(pixels) / figure.dpi)
    wide_in = (width - beside_in - room["left"].sum() - room["right"].sum()) / columns
    high_in = (height - above_in - room["bottom"].sum() - room["top"].sum()) / rows
    for axes, grid in zip(figure.axes, grids, strict=True):
        if grid is not None and axes in labels_in:
            row, column = grid.rowspan.start, grid.colspan.start
            left_in = room["left"][: column + 1].sum() + room["right"][:column].sum() + column * wide_in
            top_in = above_in + room["top"][: row + 1].sum() + room["bottom"][:row].sum() + row * high_in
            bottom_in = height - top_in - high_in
            axes.set_position((left_in / width, bottom_in / height, wide_in / width, high_in / height))
            below_in, left_of_in, right_of_in = labels_in[axes]
            # labels that know their place, and titles, are not looked for a place again while they are drawn
            axes.xaxis.set_label_coords(0.5, -below_in / high_in)
            axes.yaxis.set_label_coords(left_of_in / wide_in if left_of_in else 1.0 + right_of_in / wide_in, 0.5)
            axes.set_title(axes.get_title(loc="left"), loc="left", y=1.0)


def _legends(figure: Figure, renderer: Any) -> tuple[float, float]:
    """Give the room that legends take above and beside the axes [in]."""
    above_in = beside_in = 0.0
    for legend in figure.legends:
        box = legend.get_window_extent(renderer)
        if legend._outside_loc == "right":  # type: ignore[attr-defined]
            beside_in = max(beside_in, float(box.width) / figure.dpi + 2.0 * PAD_IN)
        else:
            above_in = max(above_in, float(box.height) / figure.dpi + 2.0 * PAD_IN)
    return above_in, beside_in
