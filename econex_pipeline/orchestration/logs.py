"""Where a run of the command line leaves its log: a file, so that the terminal stays readable."""

import logging
import warnings
from pathlib import Path

import dagster as dg

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FILE_LOGGER = "file"


def open_log(path: Path) -> logging.Handler:
    """Send everything that is logged or warned in this process to a file, and nothing to the terminal.

    Parameters
    ----------
    path : Path
        The file; an older one is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.captureWarnings(True)
    warnings.simplefilter("default")
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("dagster", "sqlalchemy", "alembic"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    return handler


def file_logger(handler: logging.Handler) -> dg.LoggerDefinition:
    """Give a Dagster logger that writes a run's events to an open log."""

    @dg.logger
    def to_file(context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("run", logging.DEBUG)
        logger.addHandler(handler)
        return logger

    return to_file
