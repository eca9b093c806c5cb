"""The district as a whole, and the checks that need more than one of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from econex_pipeline.contracts.errors import nearest
from econex_pipeline.district.arcs import Arc
from econex_pipeline.district.events import Event, moment
from econex_pipeline.district.part import Frozen
from econex_pipeline.district.plant import Node, Storage, Treatment, Utilities
from econex_pipeline.district.surroundings import (
    ForecastLaw,
    Objective,
    ScenarioSet,
    Site,
    Tariffs,
    Tranche,
    TwinSettings,
    WeatherSource,
)

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class District(Frozen):
    """A micro-district under one case: everything the other rooms need to know of it.

    Attributes
    ----------
    case : str
        Name of the what-if this district was read for.
    exclusive : tuple of tuple of str
        Flows of which only one runs at a time, for example pump and turbine: a binary choice in every step.
    events : dict of str to Event
        What goes wrong in the real district, and when.
    data_dir : Path
        The data folder; `directory` is the district's own within it.
    """

    name: Name
    title: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    step_minutes: Literal[15, 20, 30, 60]
    network_file: str
    notes: tuple[str, ...] = ()
    site: Site
    weather: WeatherSource
    forecast: ForecastLaw
    scenarios: ScenarioSet
    nodes: Annotated[dict[Name, Node], Field(min_length=1)]
    storages: dict[Name, Storage]
    arcs: dict[Name, Arc]
    treatments: dict[Name, Treatment] = Field(default_factory=dict)
    utilities: Utilities
    exclusive: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    tariffs: Tariffs
    objective: Objective
    end_values: dict[Name, list[Tranche]]
    twin: TwinSettings
    events: dict[Name, Event] = Field(default_factory=dict)
    case: Name
    case_description: str
    data_dir: Path

    @property
    def directory(self) -> Path:
        """Folder of the district's files."""
        return self.data_dir / "districts" / self.name

    @property
    def network_path(self) -> Path:
        """The EPANET file."""
        return self.directory / self.network_file

    @property
    def flows(self) -> list[str]:
        """Names of the flows a decision sets: arcs, lines in both directions, treatments, batteries, utilities."""
        names = [*self.arcs, *self.treatments, "grid_import", "grid_export"]
        names += [f"{name}.reverse" for name, arc in self.arcs.items() if arc.both_ways]
        names += [f"{name}.{way}" for name in self.batteries for way in ("charge", "discharge")]
        if self.utilities.mains is not None:
            names.append("mains_import")
            names += ["mains_export"] if self.utilities.mains.export_m3_h > 0.0 else []
        return names

    @property
    def step_h(self) -> float:
        """Length of a step [h]."""
        return self.step_minutes / 60.0

    @property
    def tanks(self) -> dict[str, Storage]:
        """The storages that hold water."""
        return {name: storage for name, storage in self.storages.items() if storage.layer != "E"}

    @property
    def batteries(self) -> dict[str, Storage]:
        """The storages that hold electricity."""
        return {name: storage for name, storage in self.storages.items() if storage.layer == "E"}

    def tank_at(self, node: str, layer: str) -> str | None:
        """Name the tank that holds a layer's water at a node, if there is one."""
        for name, storage in self.storages.items():
            if storage.node == node and storage.layer == layer != "E":
                return name
        return None

    @model_validator(mode="after")
    def _nodes_exist(self) -> District:
        used = {f"storages.{name}.node": storage.node for name, storage in self.storages.items()}
        used |= {f"treatments.{name}.node": treatment.node for name, treatment in self.treatments.items()}
        for name, arc in self.arcs.items():
            used |= {f"arcs.{name}.tail": arc.tail, f"arcs.{name}.head": arc.head}
            if arc.energy_node is not None:
                used[f"arcs.{name}.energy_node"] = arc.energy_node
        used["utilities.grid.node"] = self.utilities.grid.node
        if self.utilities.mains is not None:
            used["utilities.mains.node"] = self.utilities.mains.node
            used["utilities.mains.energy_node"] = self.utilities.mains.energy_node or self.utilities.mains.node
        for field, node in used.items():
            if node not in self.nodes:
                raise ValueError(f"{field} is '{node}', which is no node of the district{nearest(node, self.nodes)}")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> District:
        seen: dict[str, str] = {}
        for group in ("nodes", "storages", "arcs", "treatments"):
            for name in getattr(self, group):
                if name in seen:
                    raise ValueError(f"the name '{name}' stands in {seen[name]} and in {group}; names are unique")
                seen[name] = group
        return self

    @model_validator(mode="after")
    def _exclusive_flows_exist(self) -> District:
        for group in self.exclusive:
            for name in group:
                if name not in self.flows:
                    raise ValueError(f"exclusive names '{name}', which is no flow here{nearest(name, self.flows)}")
            if len(set(group)) < len(group):
                raise ValueError(f"exclusive names a flow twice: {', '.join(group)}")
        return self

    @model_validator(mode="after")
    def _one_tank_a_node_and_layer(self) -> District:
        held: dict[tuple[str, str], str] = {}
        for name, storage in self.tanks.items():
            other = held.setdefault((storage.node, storage.layer), name)
            if other != name:
                raise ValueError(
                    f"storages.{name} and storages.{other} both hold layer {storage.layer} at node '{storage.node}'; "
                    "give one of them a node of its own, joined by an arc"
                )
        return self

    @model_validator(mode="after")
    def _end_values_are_concave(self) -> District:
        for name, tranches in self.end_values.items():
            if name not in self.storages:
                raise ValueError(f"end_values.{name} is no storage of the district{nearest(name, self.storages)}")
            field = f"end_values.{name}"
            energy = self.storages[name].layer == "E"
            if any((tranche.up_to_kwh is not None) != energy for tranche in tranches):
                raise ValueError(f"{field} must be in {'kWh' if energy else 'm3'}, the unit of its storage")
            edges = [0.0, *(tranche.up_to for tranche in tranches)]
            worths = [tranche.value for tranche in tranches]
            if edges != sorted(set(edges)):
                raise ValueError(f"{field}: the tranches' upper ends must grow, found {edges[1:]}")
            if worths != sorted(worths, reverse=True):
                raise ValueError(f"{field}: the first units are worth most (concave), found values {worths}")
        return self

    @model_validator(mode="after")
    def _demand_for_water_has_its_tank(self) -> District:
        """EPANET needs a tank where potable water is drawn or a garden is watered: a pump delivers into storage."""
        for name, node in self.nodes.items():
            if node.potable is not None and self.tank_at(name, "P") is None:
                raise ValueError(f"nodes.{name} draws potable water but no storage of layer P stands there")
            if (node.garden is not None or node.roof is not None) and self.tank_at(name, "W") is None:
                raise ValueError(f"nodes.{name} has a garden or a roof but no storage of layer W stands there")
        for name, treatment in self.treatments.items():
            for layer in ("W", "P"):
                if self.tank_at(treatment.node, layer) is None:
                    raise ValueError(f"treatments.{name} needs a storage of layer {layer} at node '{treatment.node}'")
        return self

    @model_validator(mode="after")
    def _events_happen_to_what_is_there(self) -> District:
        pumps = [name for name, arc in self.arcs.items() if arc.kind == "pumped"]
        drawing = {
            "potable_m3_h": [name for name, node in self.nodes.items() if node.potable is not None],
            "load_kw": [name for name, node in self.nodes.items() if node.electricity is not None],
        }
        can_happen_to = {
            "leak": ("a tank", [*self.tanks]),
            "pump_wear": ("an arc of kind 'pumped'", pumps),
            "sensor_drift": ("a storage", [*self.storages]),
            "sensor_dropout": ("a storage or a treatment", [*self.storages, *self.treatments]),
            "demand_burst": ("a node of the district", [*self.nodes]),
        }
        for name, event in self.events.items():
            what, known = can_happen_to.get(event.kind, ("", [None]))
            if event.element not in known:
                near = nearest(str(event.element), (str(other) for other in known))
                raise ValueError(f"events.{name}.element is '{event.element}', which is not {what}{near}")
            for field, nodes in drawing.items():
                if getattr(event, field) is not None and event.element not in nodes:
                    raise ValueError(f"events.{name}.{field}: node '{event.element}' has no such demand to add to")
            if event.kind == "mains_outage" and self.utilities.mains is None:
                raise ValueError(f"events.{name}: the district has no mains that could be out")
            for field in ("start", "end"):
                if moment(getattr(event, field)).minute % self.step_minutes:
                    raise ValueError(
                        f"events.{name}.{field} is '{getattr(event, field)}', which is not at the start of a step of "
                        f"{self.step_minutes} min"
                    )
        return self
