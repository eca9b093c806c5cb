"""The options of a run as the launchpad takes them: with types that refuse a wrong value before the run starts.

Dagster makes a launchpad's schema from a resource's fields, but leaves their bounds to the resource, which is made when
the run has started already. Here each bound becomes a type of its own, which Dagster asks when a run is launched: from
the launchpad, a schedule, a backfill or the command line. Types, bounds and descriptions are read from `RunOptions`,
where they stand once.

The page itself knows kinds of values and names only, no code of ours: it refuses a wrong name, kind or engine while it
is typed, and a number out of its bounds when the run is launched, with the sentence that is raised here.
"""

from __future__ import annotations

from enum import Enum
from types import NoneType
from typing import Any, get_args

import dagster as dg
from annotated_types import Ge, Gt, Le, Lt
from dagster._config.config_type import ConfigScalar, ConfigScalarKind
from pydantic.fields import FieldInfo

from econex_pipeline.contracts import InputError
from econex_pipeline.orchestration.resources import RunOptions

_KINDS = {int: ConfigScalarKind.INT, float: ConfigScalarKind.FLOAT}
_SIGNS = {Ge: ">=", Gt: ">", Le: "<=", Lt: "<"}


class Bounded(ConfigScalar):
    """A number within bounds.

    Parameters
    ----------
    field : str
        Name of the option.
    kind : type
        `int` or `float`.
    info : pydantic.fields.FieldInfo
        Its bounds.
    """

    def __init__(self, field: str, kind: type, info: FieldInfo) -> None:
        self.field = field
        self.bounds = [bound for bound in info.metadata if type(bound) in _SIGNS]
        self.words = " and ".join(f"{_SIGNS[type(bound)]} {_limit(bound):g}" for bound in self.bounds)
        super().__init__(
            key=f"{kind.__name__}_{field}", given_name=f"{kind.__name__} {self.words}", scalar_kind=_KINDS[kind]
        )

    def post_process(self, value: float) -> float:
        """Give the value back; Dagster calls this when a run is launched.

        Raises
        ------
        InputError
            If it is not within the bounds. Dagster would put an error of its own between two of its stack traces.
        """
        if not all(_holds(bound, value) for bound in self.bounds):
            raise InputError("launchpad", f"resources.options.config.{self.field}", value, f"a number {self.words}")
        return value


def options_resource() -> dg.ResourceDefinition:
    """Give the resource that hands the choices of the launchpad to a run."""

    def make(context: dg.InitResourceContext) -> RunOptions:
        return RunOptions(**context.resource_config)

    schema = {name: _field(name, info) for name, info in RunOptions.model_fields.items()}
    return dg.ResourceDefinition(make, config_schema=schema, description=RunOptions.__doc__)


def _field(name: str, info: FieldInfo) -> dg.Field:
    kinds = get_args(info.annotation) or (info.annotation,)
    kind = next(kind for kind in kinds if kind is not NoneType)
    default = info.default
    if isinstance(kind, type) and issubclass(kind, Enum):
        config: Any = dg.Enum(kind.__name__, [dg.EnumValue(member.value) for member in kind])
        default = default.value
    else:
        config = Bounded(name, kind, info) if kind in _KINDS else kind
    if NoneType in kinds:
        config = dg.Noneable(config)
    words = f" A number {Bounded(name, kind, info).words}." if kind in _KINDS else ""
    return dg.Field(config, is_required=False, default_value=default, description=f"{info.description}{words}")


def _limit(bound: Ge | Gt | Le | Lt) -> float:
    return float(next(getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)))


def _holds(bound: Ge | Gt | Le | Lt, value: float) -> bool:
    limit = _limit(bound)
    return {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[_SIGNS[type(bound)]]
