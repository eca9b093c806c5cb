"""Plan and operate a micro-district whose homes trade electricity, potable water and raw water.

Follow the data: weather -> scenarios -> profiles -> planning -> control <-> twin -> reporting, with hydraulics and
treatment giving the coefficients, and `contracts` naming every column that is passed on the way.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("econex_pipeline")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
