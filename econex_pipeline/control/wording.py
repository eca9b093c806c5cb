"""How amounts, prices and names are written in a reason."""

from __future__ import annotations


def plain(name: str) -> str:
    """Write a name of the district as words."""
    return name.replace("_", " ")


def place(node: str | None) -> str:
    """Name the place of a node of the network."""
    return "outside" if node is None else plain(node.rsplit(".", 1)[0])


def amount(value: float, unit: str) -> str:
    """Write a rate or an amount; two decimals where it is small."""
    return f"{value:.{2 if value < 1.0 else 1}f} {unit}"


def price(value: float) -> str:
    """Write a price; two decimals, and a third where it is small and tells something."""
    third = abs(value) < 0.1 and round(value, 3) != round(value, 2)
    return f"{round(value, 3 if third else 2) + 0.0:.{3 if third else 2}f}"


def than(value: float, other: float) -> str:
    """Write a price beside another one; equal ones once."""
    return "as much" if price(value) == price(other) else price(value)
