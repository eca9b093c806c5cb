"""A network and its scenarios as a stochastic PyPSA network: buses, links, stores and generators of its own.

PyPSA knows scenarios for investments; schedules, reserves and end values are added to its linopy model by hand.
"""

import logging
import warnings

import numpy as np
import pandas as pd
import pypsa
import xarray as xr

from econex_pipeline.planning.elements import Source
from econex_pipeline.planning.instance import unit_price

UNLIMITED = 1e4


class PypsaPlan:
    """The two-stage problem of a network in PyPSA."""

    def __init__(self, network, tables, start, end_values, commit_steps):
        self.network, self.tables, self.start = network, tables, start
        self.end_values, self.commit_steps = end_values, commit_steps
        self.scenarios = [f"s{i}" for i in tables.scenarios]

    def build(self) -> pypsa.Network:
        """Make the network and its linopy model."""
        logging.getLogger("pypsa").setLevel(logging.ERROR)
        logging.getLogger("linopy").setLevel(logging.ERROR)
        n = pypsa.Network()
        n.set_snapshots(self.tables.times.tz_localize(None))
        self.dynamic = {}
        n.add("Bus", [node.name for node in self.network.nodes])
        for node in self.network.nodes:
            demand = sum(self.tables.profile(node.place, c) for c in node.demand)
            net = demand - sum(self.tables.profile(node.place, c) for c in node.supply)
            if node.demand or node.supply:
                n.add("Load", f"net {node.name}", bus=node.name)
                self.vary("loads", "p_set", f"net {node.name}", net)
        for arc in self.network.arcs:
            self.arc(n, arc)
        for s in self.network.storages:
            loss = s.standing_loss_frac_h * self.network.step_h
            n.add("Store", s.name, bus=s.node, e_nom=s.capacity, e_initial=self.start[s.name] * (1 - loss),
                  standing_loss=loss)  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            n.set_scenarios(dict(zip(self.scenarios, self.tables.probability, strict=True)))
            self.fill(n)
            self.m = n.optimize.create_model()
        self.extra()
        return n

    def vary(self, component, attribute, name, values):
        shape = (len(self.tables.times), len(self.scenarios))
        values = values if np.ndim(values) else np.asarray(values, dtype=float)
        self.dynamic.setdefault((component, attribute), {})[name] = np.broadcast_to(values, shape)

    def fill(self, n):
        """Write what varies, per scenario and name."""
        for (component, attribute), series in self.dynamic.items():
            columns = pd.MultiIndex.from_product([self.scenarios, series], names=["scenario", "name"])
            values = np.stack(list(series.values()), axis=-1)  # step, scenario, name
            frame = pd.DataFrame(values.reshape(len(values), -1), index=n.snapshots, columns=columns)
            n.c[component].dynamic[attribute] = frame

    def arc(self, n, arc):
        value = lambda v: self.tables.value(v) if isinstance(v, Source) else v  # noqa: E731
        price = sum(
            (self.network.weights.of(c.part) * unit_price(self.network, self.tables, arc, c) for c in arc.costs), 0.0
        )
        capacity = np.asarray(value(arc.capacity), dtype=float)
        size = float(min(capacity.max(), UNLIMITED))
        component = "links" if arc.tail and arc.head else "generators"
        if component == "links":
            couplings = [k for k in self.network.couplings if k.arc == arc.name]
            more = {"bus2": couplings[0].node} if couplings else {}
            n.add("Link", arc.name, bus0=arc.tail, bus1=arc.head, p_nom=size * arc.draw, **more)
            self.vary("links", "efficiency", arc.name, value(arc.gain) / arc.draw)
            for k in couplings:
                self.vary("links", "efficiency2", arc.name, k.sign * value(k.source))
        else:
            n.add("Generator", arc.name, bus=arc.head or arc.tail, p_nom=size, sign=1 if arc.head else -1)
        self.vary(component, "marginal_cost", arc.name, price / arc.draw)
        if size:
            self.vary(component, "p_max_pu", arc.name, np.minimum(capacity, UNLIMITED) / size)

    def flow(self, name):
        arc = self.network.arc[name]
        if arc.tail and arc.head:
            return self.m["Link-p"].sel(name=name, drop=True) / arc.draw
        return self.m["Generator-p"].sel(name=name, drop=True)

    def extra(self):
        """Recovery, schedules, reserves and end values."""
        m, d = self.m, self.network.step_h
        weight = xr.DataArray(self.tables.probability, [("scenario", self.scenarios)])
        times = self.m["Store-e"].indexes["snapshot"]
        first = times[: self.commit_steps]
        both = [weight.indexes["scenario"], times]
        cost = []

        def over(*index):
            return [pd.Index(i, name=i.name) for i in index]

        for r in self.network.recoveries:
            gamma = xr.DataArray(self.tables.value(r.source).T, both)
            m.add_constraints(self.flow(r.power) - gamma * self.flow(r.arc) <= 0, name="recovery")
        for c in self.network.commitments:
            g = m.add_variables(lower=c.lower, upper=c.upper, coords=over(first), name=f"g {c.element}")
            up, down = (
                m.add_variables(lower=0, coords=over(both[0], first), name=f"{way} {c.element}")
                for way in ("up", "down")
            )
            actual = sum(self.flow(a).sel(snapshot=first) for a in c.plus) - sum(
                self.flow(a).sel(snapshot=first) for a in c.minus
            )
            m.add_constraints(actual - g - up + down == 0, name=f"commitment {c.element}")
            cost.append((weight * c.deviation_usd * d * (up + down)).sum())
        for s in self.network.storages:
            stored = m["Store-e"].sel(name=s.name, drop=True)
            if s.reserve:
                missing = m.add_variables(lower=0, coords=over(*both), name=f"missing {s.name}")
                m.add_constraints(stored + missing >= s.reserve, name=f"reserve {s.name}")
                cost.append((weight * d * s.reserve_usd_h * missing).sum())
            worth = []
            for j, tranche in enumerate(self.end_values.get(s.name, ())):
                part = m.add_variables(lower=0, upper=tranche.width, coords=over(both[0]), name=f"end {s.name} {j}")
                worth.append(part)
                cost.append((-tranche.value_usd * weight * part).sum())
            if worth:
                m.add_constraints(sum(worth) - stored.isel(snapshot=-1) <= 0, name=f"end {s.name}")
        m.objective = m.objective.expression + sum(cost)

    def optimum(self) -> float:
        """Solve with HiGHS."""
        self.build()
        self.m.solve("highs", io_api="direct", output_flag=False, threads=1)
        return float(self.m.objective.value)
