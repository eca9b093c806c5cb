"""The same mathematics as ordinary Pyomo models: readable, slow, and the judge of the template."""

from __future__ import annotations

import pyomo.environ as pyo

from econex_pipeline.planning.block import data_index, state
from econex_pipeline.planning.instance import Instance


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
    state(model, instance.network, instance.template.shape, instance.data_of(scenario))
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
        state(model.scenario[s], instance.network, instance.template.shape, instance.data_of(s))
        model.scenario[s].total.deactivate()
    keys = data_index(instance.network, instance.template.shape)["deviation_cost"]
    model.schedule = pyo.Var(keys)
    model.one_schedule = pyo.Constraint(
        positions, keys, rule=lambda m, s, element, t: m.scenario[s].schedule[element, t] == m.schedule[element, t]
    )
    weights = instance.tables.probability.tolist()
    model.expectation = pyo.Objective(expr=sum(weights[s] * model.scenario[s].total.expr for s in positions))
    return model
