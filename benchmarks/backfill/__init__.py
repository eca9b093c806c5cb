"""A year of hours through webserver and daemon: its inputs, its definitions, and the same with an empty body."""
