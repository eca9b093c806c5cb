"""Recipes that a run's choices change: a table made by other choices is another table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from econex_pipeline.contracts import digest_json
from econex_pipeline.orchestration.recipe import Day, Recipe
from econex_pipeline.orchestration.resources import RunOptions


@dataclass(frozen=True)
class ChosenRecipe(Recipe):
    """A recipe whose table depends on options of the run.

    Attributes
    ----------
    choices : tuple of str
        Names of those options. As long as none of them is set, the table is what it is without options.
    """

    choices: tuple[str, ...] = ()

    def digest(self, day: Day) -> str:
        """Digest of everything this table of this day is made from, choices included."""
        chosen = day.options.chosen(self.choices)
        return digest_json({"inputs": super().digest(day), "chosen": chosen}) if chosen else super().digest(day)


def made_with(options: RunOptions, names: Iterable[str]) -> dict[str, Any]:
    """Give the fact kept with a table: the choices it was made with; nothing where there were none."""
    chosen = options.chosen(names)
    return {"chosen": chosen} if chosen else {}
