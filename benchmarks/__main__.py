"""`python -m benchmarks [name]`: run all comparisons but the longest, or one, and print one line each."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from benchmarks.comparison import Comparison

NOT_BENCHMARKS = {"__main__", "comparison"}

ON_REQUEST = {"plan_solve_1000", "year_backfill"}
"""Minutes long: run by name only."""


def names() -> list[str]:
    """Every module of this folder that is a benchmark."""
    here = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(m.name for m in here if not m.ispkg and m.name not in NOT_BENCHMARKS)


def main(arguments: list[str]) -> int:
    """Run the benchmarks asked for; 0 where each could be run, 1 for a name that does not exist."""
    known = names()
    unknown = [name for name in arguments if name not in known]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 1
    for name in arguments or [name for name in known if name not in ON_REQUEST]:
        result = importlib.import_module(f"benchmarks.{name}").run()
        for comparison in [result] if isinstance(result, Comparison) else result:
            print(comparison.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
