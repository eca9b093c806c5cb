"""One reason for what a device does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why a device does what it does.

    Attributes
    ----------
    element : str
        The device, by its name in OPERATIONS; a battery by its storage.
    text : str
        What it does and why; the device's name goes before it.
    more, less : float or None
        The two numbers compared, `more` at least `less` [USD per kWh or m3]; None where a limit decided alone.
    """

    element: str
    text: str
    more: float | None = None
    less: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Give the reason as plain numbers and text."""
        numbers = {} if self.more is None or self.less is None else {"more": self.more, "less": self.less}
        return {"element": self.element, "text": self.text, **{k: round(value, 6) for k, value in numbers.items()}}
