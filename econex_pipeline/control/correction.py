"""What measurements teach the controller: per device, measured over predicted, smoothed over the hours.

A real pump is a little worse than its curve and a real pipe a little rougher than its drawing. The controller does not
know why; it scales the coefficients of the next hour by what it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from econex_pipeline.control.coefficients import Coefficients

GAIN = 0.3
"""Weight of the newest hour in the exponential filter [A]."""
LIMITS = (0.5, 2.0)
"""A ratio outside is a fault, not a property of the plant: it is not learnt [A]."""


@dataclass(frozen=True)
class Corrections:
    """Factors on the brain's coefficients, by ``element:quantity``; one where nothing was seen yet."""

    factors: Mapping[str, float] = field(default_factory=dict)

    def factor(self, element: str, quantity: str) -> float:
        """Give the factor of one coefficient."""
        return self.factors.get(f"{element}:{quantity}", 1.0)

    def learn(self, element: str, quantity: str, measured: float, predicted: float) -> Corrections:
        """Take one more hour into account.

        Parameters
        ----------
        element, quantity : str
            Which coefficient.
        measured, predicted : float
            What came and what the uncorrected coefficient said; same unit.
        """
        if predicted <= 0.0 or not LIMITS[0] <= measured / predicted <= LIMITS[1]:
            return self
        key = f"{element}:{quantity}"
        ratio = measured / predicted
        old = self.factors.get(key)
        new = ratio if old is None else old + GAIN * (ratio - old)
        return Corrections({**self.factors, key: new})

    def apply(self, coefficients: Coefficients) -> Coefficients:
        """Give coefficients with the factors multiplied in."""
        if not self.factors:
            return coefficients
        return {key: value * self.factor(*key) for key, value in coefficients.items()}

    def to_dict(self) -> dict[str, float]:
        """Give the factors as plain numbers."""
        return dict(self.factors)

    @classmethod
    def from_dict(cls, content: Mapping[str, float]) -> Corrections:
        """Rebuild from what `to_dict` gave."""
        return cls(dict(content))
