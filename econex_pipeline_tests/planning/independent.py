"""The pilot's two-stage problem once more, in linopy, written from the district file without the package's network.

It shares nothing with `econex_pipeline.planning` but the tables it reads and the size of the tiny flow cost.
"""

import linopy
import numpy as np
import pandas as pd
import xarray as xr

FLOW_USD = 1e-5


class Pilot:
    """Collects balances and cost term by term."""

    def __init__(self, district, scenarios, coefficients, prices, start, commit_steps):
        self.d, self.start = district, start
        self.times = pd.DatetimeIndex(prices["time_utc"].dt.tz_localize(None), name="t")
        self.step_h = district.step_h
        indexed = scenarios.assign(t=scenarios["time_utc"].dt.tz_localize(None), s=scenarios["scenario"])
        self.profile = indexed.set_index(["s", "t", "node"]).drop(columns=["time_utc", "scenario"]).to_xarray()
        self.probability = self.profile["probability"].isel(t=0, node=0, drop=True)
        frame = coefficients.assign(t=coefficients["time_utc"].dt.tz_localize(None), s=coefficients["scenario"])
        own = frame.set_index(["element", "quantity", "t", "s"])["value"].to_xarray()
        self.coefficient = own.reindex(s=self.probability["s"]).fillna(own.sel(s=0, drop=True))
        self.price = prices.assign(t=self.times).set_index("t").drop(columns="time_utc").to_xarray()
        self.committed = self.times[:commit_steps]
        self.m = linopy.Model()
        self.balance, self.given, self.cost = {}, {}, []
        self.x, self.upper = {}, {}
        hours = self.step_h * np.arange(1, len(self.times) + 1)
        self.late = xr.DataArray(FLOW_USD * hours, [self.times])
        o = district.objective
        self.drain = o.alpha * self.price["sewer_usd_m3"] + o.beta * o.waste_usd_m3

    def k(self, element, quantity):
        return self.coefficient.sel(element=element, quantity=quantity, drop=True)

    def of(self, node, column):
        return self.profile[column].sel(node=node, drop=True)

    def flow(self, name, upper=np.inf, tail=None, head=None, gain=1.0, draw=1.0, cost=None):
        shape = xr.DataArray(np.ones((self.probability.size, len(self.times))), [self.probability["s"], self.times])
        x = self.m.add_variables(lower=0.0, upper=shape * upper, name=name)
        self.x[name], self.upper[name] = x, upper
        if tail is not None:
            self.add(tail, -draw * x)
        if head is not None:
            self.add(head, gain * x)
        if cost is not None:
            self.cost.append((cost * x * self.step_h * self.probability).sum())
        return x

    def add(self, node, term):
        self.balance[node] = term if node not in self.balance else self.balance[node] + term

    def give(self, node, data):
        self.given[node] = self.given.get(node, 0.0) + data

    def devices(self):
        d, o = self.d, self.d.objective
        power = lambda node: (node, "E")  # noqa: E731
        for name, a in d.arcs.items():
            tail, head = (a.tail, a.layer), (a.head, a.head_layer or a.layer)
            if a.kind == "line":
                self.flow(name, a.capacity_kw, tail, head, 1 - a.loss_frac, cost=self.late)
                self.flow(name + "r", a.capacity_kw, head, tail, 1 - a.loss_frac, cost=self.late)
            elif a.kind in ("pumped", "gravity", "turbined"):
                kept = 1.0 - (a.leak_frac or 0.0)
                x = self.flow(name, self.k(name, "rated_flow_m3_h"), tail, head, kept, cost=self.late)
                if a.kind == "pumped":
                    self.add(power(a.energy_node), -self.k(name, "energy_kwh_m3") * self.weighed(name, a, x))
                if a.kind == "turbined":
                    self.add(power(a.energy_node), self.k(name, "yield_kwh_m3") * self.weighed(name, a, x))
            else:
                cost = self.late + (a.cost_usd_m3 or 0.0)
                self.flow(name, a.capacity_m3_h, tail, head, 1.0 - (a.leak_frac or 0.0), cost=cost)
        self.treatment = {}
        for name, u in d.treatments.items():
            eta = self.k(name, "recovery_frac")
            cap = self.k(name, "capacity_m3_h")
            x = self.flow(name, cap, (u.node, "W"), (u.node, "P"), eta, cost=(1 - eta) * self.drain)
            self.add(power(u.node), -self.k(name, "energy_kwh_m3") * x)
            self.treatment[name] = x
        grid, mains, price = d.utilities.grid, d.utilities.mains, self.price
        buy = o.alpha * price["buy_price_usd_kwh"] + o.beta * o.carbon_usd_kg * price["carbon_kg_kwh"]
        self.bought = self.flow("import", grid.import_kw, head=power(grid.node), cost=buy)
        self.sold = self.flow("export", grid.export_kw, power(grid.node), cost=-o.alpha * price["sell_price_usd_kwh"])
        water = o.alpha * price["water_buy_usd_m3"] + o.beta * o.scarcity_usd_m3 + self.late
        x = self.flow("mains", self.k("mains", "rated_flow_m3_h"), head=(mains.node, "P"), cost=water)
        y = self.flow("prs", head=power(mains.energy_node))
        self.m.add_constraints(y - self.k("mains", "recovery_kwh_m3") * x <= 0, name="prs_limit")
        for place, node in d.nodes.items():
            if node.pv:
                self.flow(f"pv_{place}", self.of(place, "pv_kw"), head=power(place))
            if node.electricity:
                self.demand(place, "E", "load_kw", o.unserved_energy_usd_kwh)
            if node.potable:
                self.demand(place, "P", "potable_m3_h", o.unserved_water_usd_m3)
                self.give((place, "W"), self.of(place, "greywater_m3_h"))
            if node.roof:
                self.give((place, "W"), self.of(place, "rain_harvest_m3_h"))
            if node.garden:
                self.demand(place, "W", "irrigation_m3_h", o.unserved_water_usd_m3)
        self.drains()

    def weighed(self, name, arc, x):
        """The flow, or where the machine has a curve, its pieces in order, each by its factor."""
        if not arc.energy_chords:
            return x
        rated, before, pieces, after = self.k(name, "rated_flow_m3_h"), 0.0, [], None
        for j, chord in enumerate(arc.energy_chords):
            width = (chord.up_to_frac - before) * rated
            piece = self.flow(f"{name}_piece_{j}", width)
            if after is not None:
                self.m.add_constraints(piece - width * after <= 0, name=f"after_{name}_{j}")
            after, before = self.binary(f"full_{name}_{j}"), chord.up_to_frac
            self.m.add_constraints(piece - width * after >= 0, name=f"full_{name}_{j}")
            pieces.append((chord.energy_factor, piece))
        self.m.add_constraints(sum(1 * piece for _, piece in pieces) - x == 0, name=f"pieces_{name}")
        return sum(factor * piece for factor, piece in pieces)

    def binary(self, name):
        return self.m.add_variables(
            binary=True, coords=[self.probability["s"].to_index(), self.times], name=f"bin_{name}"
        )

    def limits(self):
        """What a device may not do: change fast, run low, run against another."""
        ours = {"grid_import": "import", "grid_export": "export"}
        least, on = {}, {}
        for name, part in {**self.d.arcs, **self.d.treatments}.items():
            least[name] = getattr(part, "minimum_m3_h", None) or 0.0
            if getattr(part, "ramp_m3_h_per_h", None):
                change = (1 * self.x[name] - (1 * self.x[name]).shift(t=1).fillna(0)).isel(t=slice(1, None))
                most = part.ramp_m3_h_per_h * self.step_h
                self.m.add_constraints(change <= most, name=f"up_{name}_ramp")
                self.m.add_constraints(change >= -most, name=f"down_{name}_ramp")
        apart = [
            [ours.get(n, n).replace(".charge", "_in").replace(".discharge", "_out") for n in group]
            for group in self.d.exclusive
        ]
        for name in {*(n for n, least_flow in least.items() if least_flow), *(n for group in apart for n in group)}:
            on[name] = self.binary(name)
            self.m.add_constraints(self.x[name] - self.upper[name] * on[name] <= 0, name=f"off_{name}")
            self.m.add_constraints(self.x[name] - least.get(name, 0.0) * on[name] >= 0, name=f"least_{name}")
        for i, group in enumerate(apart):
            self.m.add_constraints(sum(1 * on[name] for name in group) <= 1, name=f"apart_{i}")

    def demand(self, place, layer, column, penalty):
        demand = self.of(place, column)
        self.give((place, layer), -demand)
        self.flow(f"unserved_{place}_{layer}", demand, head=(place, layer), cost=penalty)

    def drains(self):
        """The pilot's: raw water reaches the homes and the hub, rain falls on home 2, the basins are a closed loop."""
        waste = self.d.objective.beta * self.d.objective.waste_usd_m3
        for place in ("home_1", "home_2", "hub"):
            cap = self.d.utilities.sewer.capacity_m3_h
            self.flow(f"sewer_{place}", cap, (place, "W"), cost=self.drain)
            self.flow(f"brim_{place}_P", np.inf, (place, "P"), cost=self.drain + self.late)
        for place in ("home_1", "hub", "basin", "upper"):
            self.flow(f"brim_{place}_W", np.inf, (place, "W"), cost=self.drain + self.late)
        self.flow("brim_home_2_W", self.of("home_2", "rain_harvest_m3_h"), ("home_2", "W"), cost=waste)

    def storage(self, name, s):
        node = (name, "E") if s.layer == "E" else (s.node, s.layer)
        shape = xr.DataArray(np.ones((self.probability.size, len(self.times))), [self.probability["s"], self.times])
        after = self.m.add_variables(lower=0.0, upper=shape * s.capacity, name=f"after_{name}")
        kept = 1.0 - s.standing_loss_frac_h * self.step_h
        self.add(node, -(after - kept * (1 * after).shift(t=1).fillna(0)) / self.step_h)
        begin = xr.zeros_like(shape)
        begin[:, 0] = kept * self.start[name] / self.step_h
        self.give(node, begin)
        if s.reserve_m3:
            missing = self.m.add_variables(lower=0.0 * shape, name=f"missing_{name}")
            self.m.add_constraints(after + missing >= s.reserve_m3, name=f"reserve_{name}")
            price = self.d.objective.reserve_usd_m3_h * self.step_h
            self.cost.append((price * missing * self.probability).sum())
        if s.layer == "E":
            one_way, house = s.round_trip_frac**0.5, (s.node, "E")
            self.flow(f"{name}_in", s.power_kw, house, node, one_way, cost=self.late)
            self.flow(f"{name}_out", s.power_kw, node, house, draw=1 / one_way, cost=self.late)
        left = after.isel(t=-1)
        extra = 0.0
        for arc, a in self.d.arcs.items():
            if a.kind == "turbined" and (a.tail, a.layer) == node:
                extra = float(self.k(arc, "yield_kwh_m3").mean() * self.price["sell_price_usd_kwh"].mean())
        bottom, worth = 0.0, 0.0
        for j, tranche in enumerate(self.d.end_values.get(name, [])):
            width = xr.full_like(self.probability, tranche.up_to - bottom)
            part = self.m.add_variables(lower=0.0, upper=width, name=f"tranche_{name}_{j}")
            self.cost.append((-(tranche.value + self.d.objective.alpha * extra) * part * self.probability).sum())
            worth, bottom = worth + part, tranche.up_to
        if bottom:
            self.m.add_constraints(worth - left <= 0, name=f"end_{name}")

    def first_stage(self):
        o, grid = self.d.objective, self.d.utilities.grid
        exchange = (self.bought - self.sold).sel(t=self.committed)
        shape = xr.DataArray(np.ones(len(self.committed)), [self.committed])
        g = self.m.add_variables(lower=-grid.export_kw * shape, upper=grid.import_kw * shape, name="g")
        self.deviation("grid", exchange, g, o.grid_deviation_usd_kwh)
        for name, x in self.treatment.items():
            if self.d.treatments[name].commit == "day_ahead":
                cap = self.d.treatments[name].capacity_m3_h
                g = self.m.add_variables(lower=0.0 * shape, upper=cap * shape, name=f"g_{name}")
                self.deviation(name, x.sel(t=self.committed), g, o.treatment_deviation_usd_m3)

        for name, a in self.d.arcs.items():
            if a.commit == "day_ahead":
                line = a.kind == "line"
                actual = self.x[name] - self.x[name + "r"] if line else 1 * self.x[name]
                cap = a.capacity_kw * shape if line else self.upper[name].sel(t=self.committed)
                g = self.m.add_variables(lower=-cap if line else 0.0 * shape, upper=cap, name=f"g_{name}")
                self.deviation(
                    name, actual.sel(t=self.committed), g, a.deviation_usd_kwh if line else a.deviation_usd_m3
                )

    def deviation(self, name, actual, schedule, price):
        shape = xr.DataArray(
            np.ones((self.probability.size, len(self.committed))), [self.probability["s"], self.committed]
        )
        up = self.m.add_variables(lower=0.0 * shape, name=f"up_{name}")
        down = self.m.add_variables(lower=0.0 * shape, name=f"down_{name}")
        self.m.add_constraints(actual - schedule - up + down == 0, name=f"commit_{name}")
        self.cost.append((price * self.step_h * (up + down) * self.probability).sum())

    def build(self) -> linopy.Model:
        self.devices()
        for name, s in self.d.storages.items():
            self.storage(name, s)
        self.limits()
        self.first_stage()
        for node, terms in self.balance.items():
            self.m.add_constraints(terms == -self.given.get(node, 0.0), name="balance_" + ".".join(node))
        self.m.add_objective(sum(self.cost[1:], self.cost[0]))
        return self.m

    def optimum(self) -> float:
        self.build()
        self.m.solve("highs", io_api="direct", output_flag=False, threads=1, mip_rel_gap=0.0)
        return float(self.m.objective.value)
