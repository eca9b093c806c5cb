"""How an error reaches the person who can mend it: one sentence, no traceback in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from econex_pipeline.contracts import EconexError


@contextmanager
def plainly() -> Iterator[None]:
    """Turn an error that a user can mend into a Dagster failure that carries its one sentence.

    Such an error is not tried again: the same input fails the same way. Any other error passes as it is.
    """
    try:
        yield
    except EconexError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
