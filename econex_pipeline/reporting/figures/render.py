"""From a figure to bytes: PNG for the asset catalogue, inline SVG for the page. Same input, same bytes."""

from __future__ import annotations

import html
import io
import re

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from econex_pipeline.reporting.figures import theme
from econex_pipeline.reporting.figures.layout import lay_out

PNG_DPI = 80
_TIP = "tip:"
_VARIABLES = {
    theme.INK: "var(--ink)",
    theme.MUTED: "var(--muted)",
    theme.GRID: "var(--rule)",
    theme.SURFACE: "var(--surface)",
    theme.BLUE: "var(--blue)",
    theme.SLATE: "var(--slate)",
}


def tip(artist: Artist, text: str) -> None:
    """Give a mark a text that a browser shows under the pointer.

    Parameters
    ----------
    artist : matplotlib.artist.Artist
        The mark, drawn on its own (a bar, a ribbon).
    text : str
        Plain text; escaped when the figure is rendered.
    """
    artist.set_gid(_TIP + text)


def png(figure: Figure) -> bytes:
    """Render for a place that shows pictures only; small enough to be kept in an event log."""
    with mpl.rc_context(theme.RC):
        buffer = io.BytesIO()
        lay_out(figure)
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def svg(figure: Figure, name: str, description: str) -> str:
    """Render as an SVG element to be placed inside an HTML page.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A figure of this package.
    name : str
        Prefix of all ids, unique on the page; letters, digits, hyphen.
    description : str
        What the figure shows, for readers who cannot see it.

    Returns
    -------
    str
        ``<svg ...>...</svg>`` without namespace addresses, clock times or fixed size; ink, grid and surface are CSS
        variables.
    """
    with mpl.rc_context(theme.RC):
        buffer = io.StringIO()
        lay_out(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>", _opening(description), text, count=1)
    text = re.sub(rf"<g id=([\"']){_TIP}(.*?)\1>", r"<g><title>\2</title>", text, flags=re.S)
    text = re.sub(r"<g id=\"(?:patch|line2d|text|matplotlib\.axis|xtick|ytick|axes|legend)[^\"]*\">", "<g>", text)
    text = re.sub(r'(?<=\bid=")(?=[^"])', f"{name}-", text)
    text = re.sub(r"(?<=url\(#)", f"{name}-", text)
    text = re.sub(r'(?<=href="#)', f"{name}-", text)
    text = re.sub(r' (?:d|x|y|transform|points)="[^"]*"', _shorten, text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    text = re.sub(r"\n\s*", "\n", text)
    return text.strip()


def _shorten(attribute: re.Match[str]) -> str:
    """Cut coordinates to a hundredth of a point: finer than any screen."""
    return re.sub(r"(?<=\d\.\d\d)\d+", "", attribute[0])


def _opening(description: str) -> str:
    label = html.escape(description, quote=True).replace("\\", r"\\")
    return rf'<svg viewBox="\1" role="img" aria-label="{label}">'
