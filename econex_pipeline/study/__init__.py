"""Ranges of days of many cases, by every strategy on the same trace: what control, foresight and each device are worth.

Composes the rooms through the shell's settings, without Dagster runs; everything made is kept and reused.
"""

from econex_pipeline.study.days import DayInputs, StudyDays

__all__ = ["DayInputs", "StudyDays"]
