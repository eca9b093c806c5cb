"""Whether the forecast's law keeps its promises over a year."""
