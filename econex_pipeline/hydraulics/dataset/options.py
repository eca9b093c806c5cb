"""The two kinds of options, kept apart: what is true of the network, and how it is to be solved.

Data options stand in the dataset's ``general.hydraulic``; solver options in the run configuration's
``options.hydraulic``. A key in the wrong place is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from econex_pipeline.contracts.errors import InputError, nearest
from econex_pipeline.hydraulics.dataset.attributes import Kind, Need, attribute, attributes_of, default_of

OPT = Need.OPT


@dataclass(frozen=True, kw_only=True)
class _Options:
    def __post_init__(self) -> None:
        for name, described in attributes_of(type(self)).items():
            value = described.checked("options", getattr(self, name))
            object.__setattr__(self, name, default_of(type(self), name) if value is None else value)


@dataclass(frozen=True, kw_only=True)
class DataOptions(_Options):
    """What is true of the network whoever solves it: the dataset's ``general.hydraulic``."""

    headloss: str = attribute(
        "headloss", "-", OPT, "headloss formula", Kind.CHOICE, "H-W", choices=("H-W", "D-W", "C-M")
    )
    viscosity: float = attribute(
        "viscosity", "-", OPT, "kinematic viscosity, relative to water at 20 degrees C", default=1.0, above=0.0
    )
    specific_gravity: float = attribute(
        "specific_gravity", "-", OPT, "density relative to water at 4 degrees C", default=1.0, above=0.0
    )
    demand_model: str = attribute(
        "demand_model", "-", OPT, "demand-driven or pressure-driven", Kind.CHOICE, "DDA", choices=("DDA", "PDA")
    )
    demand_multiplier: float = attribute(
        "demand_multiplier", "-", OPT, "factor on every demand", default=1.0, at_least=0.0
    )
    minimum_pressure: float = attribute(
        "minimum_pressure", "m", OPT, "pressure at which no demand is met (PDA)", default=0.0, at_least=0.0
    )
    required_pressure: float = attribute(
        "required_pressure", "m", OPT, "pressure at which all demand is met (PDA)", default=0.1, at_least=0.0
    )
    pressure_exponent: float = attribute(
        "pressure_exponent", "-", OPT, "exponent between the two (PDA)", default=0.5, above=0.0
    )
    pump_efficiency: float = attribute(
        "pump_efficiency", "-", OPT, "of pumps without an efficiency curve", default=0.75, above=0.0, at_most=1.0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.demand_model == "PDA" and self.required_pressure < self.minimum_pressure + 0.1:
            raise InputError(
                "general.hydraulic", "required_pressure", self.required_pressure, "0.1 m above minimum_pressure or more"
            )


@dataclass(frozen=True, kw_only=True)
class SolverOptions(_Options):
    """How a network is solved: the run configuration's ``options.hydraulic``."""

    trials: float = attribute("trials", "-", OPT, "largest number of iterations", default=200, at_least=1)
    accuracy: float = attribute(
        "accuracy", "-", OPT, "sum of flow changes over sum of flows", default=0.001, above=0.0, at_most=0.1
    )
    headerror: float = attribute("headerror", "m", OPT, "largest head error; 0: not tested", default=0.0, at_least=0.0)
    flowchange: float = attribute(
        "flowchange", "m3/s", OPT, "largest flow change; 0: not tested", default=0.0, at_least=0.0
    )
    damplimit: float = attribute(
        "damplimit", "-", OPT, "accuracy below which steps are damped; 0: never", default=0.0, at_least=0.0
    )
    checkfreq: float = attribute("checkfreq", "-", OPT, "iterations between status checks", default=2, at_least=1)
    maxcheck: float = attribute("maxcheck", "-", OPT, "iterations with status checks", default=10, at_least=1)
    unbalanced: str = attribute(
        "unbalanced",
        "-",
        OPT,
        "STOP: raise at once; CONTINUE: once more with damping, then raise",
        Kind.CHOICE,
        "CONTINUE",
        choices=("STOP", "CONTINUE"),
    )
    unbalanced_value: float = attribute(
        "unbalanced_value", "-", OPT, "further iterations with all statuses frozen", default=10, at_least=0
    )


ENGINES = ("epanet", "wntr")


@dataclass(frozen=True, kw_only=True)
class RunOptions(_Options):
    """The run configuration.

    Attributes
    ----------
    engine, hydraulic_timestep, max_substeps
        As described beside each.
    solver : SolverOptions
        How an instant is solved.
    """

    engine: str = attribute(
        "engine", "-", OPT, "epanet: in process; wntr: where EPANET cannot", Kind.CHOICE, "epanet", choices=ENGINES
    )
    hydraulic_timestep: float = attribute(
        "hydraulic_timestep", "s", OPT, "largest sub-step, in whole seconds", default=300, at_least=1
    )
    max_substeps: float = attribute(
        "max_substeps", "-", OPT, "sub-steps of one update above which a chattering network is given up",
        default=2000, at_least=1,
    )  # fmt: skip
    max_head: float = attribute(
        "max_head", "m", OPT, "heads and pressures beyond this are refused as nonsense", default=1e4, above=0.0
    )
    solver: SolverOptions = SolverOptions()

    @classmethod
    def from_config(cls, config: Mapping[str, Any], source: str = "run configuration") -> RunOptions:
        """Read a run configuration.

        Parameters
        ----------
        config : mapping
            Keys of this class, and ``options.hydraulic`` with solver options; ``dataset`` and ``simulation_duration``
            are for the one who runs it and pass.
        source : str, optional
            Where it came from, for messages.

        Raises
        ------
        InputError
            If a key is unknown, belongs in the dataset, or its value is wrong.
        """
        known = tuple(attributes_of(cls))
        passing = ("dataset", "simulation_duration")
        values = {key: value for key, value in config.items() if key in known}
        for key in config:
            if key not in (*known, *passing, "options"):
                raise InputError.saying(source, key, f"unknown key '{key}'{nearest(key, known)}")
        inner = config.get("options", {})
        for key in inner:
            if key != "hydraulic":
                raise InputError.saying(source, f"options.{key}", f"unknown key '{key}'{nearest(key, ('hydraulic',))}")
        return cls(
            **values, solver=read_options(SolverOptions, inner.get("hydraulic", {}), f"{source} options.hydraulic")
        )


_Kind = TypeVar("_Kind", DataOptions, SolverOptions)


def read_options(kind: type[_Kind], values: Mapping[str, Any], source: str) -> _Kind:
    """Read data or solver options.

    Raises
    ------
    InputError
        If a key is unknown or belongs to the other kind.
    """
    other, place = (
        (SolverOptions, "the run configuration's options.hydraulic")
        if kind is DataOptions
        else (DataOptions, "the dataset's general.hydraulic")
    )
    if not isinstance(values, Mapping):
        raise InputError(source, "hydraulic", values, "a mapping of options")
    known = {item.name for item in fields(kind)}
    for key in values:
        if key in attributes_of(other):
            raise InputError.saying(source, key, f"'{key}' belongs in {place}, not here")
        if key not in known:
            raise InputError.saying(source, key, f"unknown key '{key}'{nearest(key, known)}")
    try:
        return kind(**values)
    except InputError as error:
        raise InputError.saying(source, error.field, str(error)) from None
