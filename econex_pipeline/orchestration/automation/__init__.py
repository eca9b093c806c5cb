"""What runs by itself once it is turned on: schedules, the sensor that catches up, and retention.

`settings` says when, `due` what should be there, `history` what is, `triggers` ask for the rest.
"""
