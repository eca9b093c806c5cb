"""How the definitions are loaded: without looking for garbage meanwhile.

Loading makes some hundred thousand objects that live as long as the process. Python's collector would go through them
again and again while they are made, which takes a quarter of the time, and afterwards at every collection.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def made_to_stay() -> Iterator[None]:
    """Collect nothing meanwhile, and leave alone for good what was made."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collecting:
            gc.enable()
