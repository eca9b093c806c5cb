"""Figures: each a function from contract tables to a matplotlib figure, in one theme."""
