"""Names that other solvers can read: family, layer, node, device and step, joined by dots, then the scenario."""

from __future__ import annotations

from econex_pipeline.planning.elements import Network
from econex_pipeline.planning.template import Template
from econex_pipeline.planning.words import parsed

_AT_ARC = ("flow", "on", "full", "piece", "ramp_up", "ramp_down", "chords", "chord_full", "chord_order", "on_off", "minimum_output")  # fmt: skip  # noqa: E501


def readable_names(template: Template) -> tuple[list[str], list[str]]:
    """Name columns and rows of a template.

    Parameters
    ----------
    template : Template
        Of a network and shape.

    Returns
    -------
    tuple of list of str
        Columns and rows, for example ``flow.W.basin.phs_pump.t13`` and ``mass_balance.E.hub.t13``: no brackets, commas
        or blanks, so that they stand in MPS and LP files.
    """
    network = template.network
    return (
        [_readable(network, name) for name in template.column_names],
        [_readable(network, name) for name in template.row_names],
    )


def with_scenario(names: list[str], scenario: int) -> list[str]:
    """Add the scenario to names."""
    return [f"{name}.s{scenario}" for name in names]


def _readable(network: Network, name: str) -> str:
    family, (element, *rest) = parsed(name)
    steps = [f"t{key}" for key in rest[-1:]]
    if family == "tranche":
        steps = [f"j{key}" for key in rest]
    elif len(rest) > 1:
        steps = [f"j{rest[0]}", f"t{rest[1]}"]
    return ".".join([family, *_place(network, family, element), *steps])


def _place(network: Network, family: str, element: str) -> list[str]:
    """Give layer, node and device of an element."""
    if family == "mass_balance":
        node = network.node[element]
        own = [element] if element in network.storage else []
        return [node.layer, node.place, *own]
    if family == "exclusive":
        return ["_or_".join(network.exclusive[int(element)])]
    if family in _AT_ARC:
        arc = network.arc[element]
        node = network.node[str(arc.tail if arc.tail is not None else arc.head)]
        return [arc.layer, node.place, element]
    if element in network.storage:
        storage = network.storage[element]
        return [storage.layer, network.node[storage.node].place, element]
    return [element]
