"""Alarms: what is wrong now, since when, who was told, and when it is over."""
