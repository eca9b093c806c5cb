"""EPANET's numbers by name: kinds, properties, options, warnings. Nothing but what is used here."""

from __future__ import annotations

from enum import IntEnum

FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD")
WARNINGS = {
    1: "system unbalanced",
    2: "system may be unstable",
    3: "nodes disconnected from any source",
    4: "a pump cannot deliver head or flow",
    5: "a valve cannot deliver flow or pressure",
    6: "negative pressure",
}
UNCONVERGED = (1, 2)
FIRST_ERROR = 100
LONG_S = 2_000_000_000  # longer than any step: keeps EPANET's own pattern, report and end times out of the way


class NodeKind(IntEnum):
    """EPANET's node types."""

    JUNCTION = 0
    RESERVOIR = 1
    TANK = 2


class LinkKind(IntEnum):
    """EPANET's link types."""

    CVPIPE = 0
    PIPE = 1
    PUMP = 2
    PRV = 3
    PSV = 4
    PBV = 5
    FCV = 6
    TCV = 7
    GPV = 8


class NodeValue(IntEnum):
    """Node properties that are read or written here."""

    ELEVATION = 0
    BASEDEMAND = 1
    PATTERN = 2
    TANKLEVEL = 8
    DEMAND = 9
    HEAD = 10
    PRESSURE = 11
    TANKDIAM = 17
    VOLCURVE = 19
    MINLEVEL = 20
    MAXLEVEL = 21
    TANKVOLUME = 24
    MAXVOLUME = 25
    CANOVERFLOW = 26


class LinkValue(IntEnum):
    """Link properties that are read or written here."""

    ROUGHNESS = 2
    INITSTATUS = 4
    INITSETTING = 5
    FLOW = 8
    STATUS = 11
    SETTING = 12
    ENERGY = 13
    LINKPATTERN = 15
    PUMP_EFFIC = 17
    PUMP_ECURVE = 20


class Count(IntEnum):
    """What EPANET counts."""

    NODES = 0
    LINKS = 2
    CONTROLS = 5
    RULES = 6


class Time(IntEnum):
    """Time parameters [s]."""

    DURATION = 0
    HYDSTEP = 1
    PATTERNSTEP = 3
    REPORTSTEP = 5
    NEXTEVENT = 14


class Option(IntEnum):
    """Solver options."""

    TRIALS = 0
    DEMANDMULT = 4
    CHECKFREQ = 15
    MAXCHECK = 16
    DAMPLIMIT = 17
