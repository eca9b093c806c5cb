"""What a day came to: indicators, figures and the page. Nothing here decides anything.

Figures are in `econex_pipeline.reporting.figures`, each a function from contract tables to a matplotlib figure;
`figures.render.png` turns one into bytes for the asset catalogue.
"""

from econex_pipeline.reporting.day_report import DayReport
from econex_pipeline.reporting.indicators import compare, kpis, kpis_of_plan
from econex_pipeline.reporting.page import render_report

__all__ = ["DayReport", "compare", "kpis", "kpis_of_plan", "render_report"]
