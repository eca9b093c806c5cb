"""The same mathematics as ordinary Pyomo models: readable, slow, and the judge of the template."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from econex_pipeline.planning.block import data_index, state
from econex_pipeline.planning.instance import Instance


def data_of(instance: Instance, scenario: int) -> dict[str, dict[Any, float]]:
    """Give the data of one scenario by family and key.

    Parameters
    ----------
    instance : Instance
        Template and theta.
    scenario : int
        Position of the scenario.
    """
    template = instance.template
    column = instance.theta[:, scenario].tolist()
    keys = data_index(template.network, template.shape)
    return {
        name: dict(zip(index, column[template.data_slice[name]], strict=True)) for name, index in keys.items()
    }  # fmt: skip


def concrete_model(instance: Instance, scenario: int) -> pyo.ConcreteModel:
    """State the problem of one scenario with floats for data.

    Parameters
    ----------
    instance : Instance
        Template and theta.
    scenario : int
        Position of the scenario.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Objective ``total``.
    """
    model = pyo.ConcreteModel(name=f"{instance.network.name}_{scenario}")
    state(model, instance.network, instance.template.shape, data_of(instance, scenario))
    return model


def extensive_form(instance: Instance) -> pyo.ConcreteModel:
    """State the two-stage problem: a block per scenario, joined by one schedule for all.

    Parameters
    ----------
    instance : Instance
        Template and theta of all scenarios.

    Returns
    -------
    pyomo.environ.ConcreteModel
        Objective ``expectation``; blocks ``scenario[s]``; joining constraint ``one_schedule``.
    """
    model = pyo.ConcreteModel(name=instance.network.name)
    positions = range(len(instance.tables.probability))
    model.scenario = pyo.Block(positions)
    for s in positions:
        state(model.scenario[s], instance.network, instance.template.shape, data_of(instance, s))
        model.scenario[s].total.deactivate()
    keys = data_index(instance.network, instance.template.shape)["deviation_cost"]
    model.schedule = pyo.Var(keys)
    model.one_schedule = pyo.Constraint(
        positions, keys, rule=lambda m, s, element, t: m.scenario[s].schedule[element, t] == m.schedule[element, t]
    )
    weights = instance.tables.probability.tolist()
    model.expectation = pyo.Objective(expr=sum(weights[s] * model.scenario[s].total.expr for s in positions))
    return model
