"""What runs by itself once it is turned on: schedules, the sensors that catch up and plan anew, and retention.

`settings` says when, `due` what should be there, `history` what is; `triggers` ask for the rest, and `replan` for the
plan of a day whose inputs have changed.
"""
