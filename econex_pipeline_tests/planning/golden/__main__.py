"""Renew the LP texts: ``python -m econex_pipeline_tests.planning.golden``; then read what has changed."""

from pathlib import Path

from econex_pipeline.planning.exporting import write_model
from econex_pipeline_tests.planning.small import CASES

if __name__ == "__main__":
    for name, make in CASES.items():
        print(write_model(make(), Path(__file__).parent / f"{name}.lp"))
