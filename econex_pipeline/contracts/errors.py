"""The errors a user can cause and mend: each says in one sentence where, what, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class EconexError(Exception):
    """Base of all errors that end with one clear sentence for the user."""


class InputError(EconexError):
    """An input that cannot be used.

    Parameters
    ----------
    where : str or Path
        File (or table) the value stands in.
    field : str
        Dotted path of the field, or the row and column.
    value : object
        What was found there.
    expected : str
        What would be right, with its unit.
    """

    def __init__(self, where: str | Path, field: str, value: object, expected: str) -> None:
        self.where, self.field, self.value, self.expected = str(where), field, value, expected
        super().__init__(f"{where}: {field} is {value!r}; expected {expected}")

    @classmethod
    def saying(cls, where: str | Path, field: str, sentence: str) -> InputError:
        """Make the error with a sentence of its own, where "is ...; expected ..." would not read well."""
        error = cls(where, field, None, sentence)
        error.args = (f"{where}: {field}: {sentence}",)
        return error


class ForecastMissing(InputError):
    """No forecast that can be used for the steps asked for: none so new, none so recent, or one with a hole.

    The loop goes on without one; a plan cannot.
    """


class ContractViolation(EconexError):
    """A table that breaks its contract.

    Parameters
    ----------
    table : str
        Name of the contract table.
    column : str
        Column that is wrong.
    rows : str
        Which rows, as a reader can find them again.
    expected : str
        What the contract asks for, with its unit.
    source : str, optional
        File or asset the table came from.
    """

    def __init__(self, table: str, column: str, rows: str, expected: str, source: str = "") -> None:
        self.table, self.column, self.rows, self.expected, self.source = table, column, rows, expected, source
        origin = f" (from {source})" if source else ""
        super().__init__(f"table {table}{origin}, column {column}, {rows}: expected {expected}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name a misspelt one most likely meant.

    Parameters
    ----------
    name : str
        The name that is not known.
    known : iterable of str
        The names that are.

    Returns
    -------
    str
        ``"; did you mean 'x'?"``, or an empty string where nothing is close.
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
