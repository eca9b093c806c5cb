"""The page docs/hydraulics.md, made from the same tables that judge a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from econex_pipeline.hydraulics.dataset.attributes import Attribute, attributes_of, default_of
from econex_pipeline.hydraulics.dataset.entities import TYPES
from econex_pipeline.hydraulics.dataset.options import DataOptions, RunOptions, SolverOptions
from econex_pipeline.hydraulics.dataset.tape import PLAYED
from econex_pipeline.hydraulics.engines.abilities import UNABLE

INTRODUCTION = """\
# The drinking-water model

<!-- Made by `make docs` from the tables in econex_pipeline/hydraulics; do not edit by hand. -->

A network is a *dataset*: entities with attributes, in SI units, and data options. A *run configuration* says how it is
solved. A *model* is a dataset set going: it takes changes from outside and tells what comes of them.

```python
from pathlib import Path
from econex_pipeline.hydraulics.dataset import read_inp
from econex_pipeline.hydraulics.model import Model, play

imported = read_inp(Path("network.inp"), controls="strip")
model = Model.initialize(imported.dataset, imported.options)
for update in play(model, imported.tape, range(0, 25 * 3600, 3600)):
    levels = update.published["water_tank_entities"]["drinking_water.level"]
```

## To bring a network

1. **From EPANET.** `read_inp(path)` takes any of EPANET's units. [CONTROLS] and [RULES] have no place in a dataset:
   the file is refused, or they are left out with `controls="strip"`. Emitters are refused. Patterns become a
   companion *tape*, the solver's options a run configuration. Water quality and prices are not read. `write_inp` goes
   the other way, in CMH.
2. **From JSON.** `read_json(path)`: the groups below under `data`, each a mapping of columns, one of them `id`;
   `general.hydraulic` holds the data options. Curves are lists of pairs. `null` stands for a value that does not
   exist or has not come. `write_json` goes the other way.
3. **Try it.** `Model.initialize` says what is missing (`NotReady`) or what the engine cannot do (`InputError`), by
   name.

Ids are unique over the whole dataset; references (names) over the nodes and over the links.

## The model

`update(t, changes)` moves on to t under the inputs that held, applies the changes, solves that instant, and tells
what holds at t and when something happens next of itself. A change acts from its own second on, at t = 0 and between
sub-steps too. Energy, spill and shortfall count since the update before. An attribute has one publisher: what the
model publishes cannot be changed, and what one source publishes no other may (`operational.status` alone goes both
ways). `snapshot()` and `restore()` lead the same way twice, bit for bit; a snapshot makes the engine guess flows
afresh, which moves results within solver accuracy.

What is reported and never passed: an instant that does not converge, with damping either (`HydraulicsError`); a head
beyond `max_head` or a flow that is no number, as when water is asked that cannot come or is pressed into a full tank;
a junction whose books do not close; more sub-steps than `max_substeps`. An FCV that cannot deliver is among the
warnings of an update.

To know:

- The pressure of a fluid of another specific gravity is told as head of water, as EPANET does.
- A speed s moves a head pump's curve by affinity: flow with s, head with s squared. A power pump has no speed.
- Of `min_level` and `min_volume` the higher level holds. An INP file's minimum volume is not read: to EPANET it is
  the volume below the minimum level and holds nothing back.
- A PRV set to 0 closes against a tank or reservoir behind it. Against demand it does not: it lets demand through at
  pressure 0. To close a valve, give it the status `closed`.
- A TCV's setting is at least its minor loss.
- EPANET counts whole seconds, and so does time here.
"""


def page() -> str:
    """Give the text of docs/hydraulics.md."""
    parts = [INTRODUCTION, "## Attributes\n"]
    parts.append(
        "INIT: needed before a model can start. OPT: optional, or needed by some types. *changes*: may change while\n"
        "the model runs. PUB: published by the model.\n"
    )
    for group, kind in TYPES.items():
        published = [(f"`{name}`", unit, "PUB", meaning) for name, (unit, meaning) in kind.PUBLISHED.items()]
        parts += [
            f"### `{group}`\n",
            f"{str(kind.__doc__).strip().splitlines()[0]}\n",
            _attributes(kind) + _rows(published),
        ]
    parts += ["## Data options: the dataset's `general.hydraulic`\n", _options(DataOptions)]
    parts += ["## Run configuration\n", _options(RunOptions)]
    parts += ["### Solver options: its `options.hydraulic`\n", _options(SolverOptions)]
    parts.append("A key in the wrong one of the two places is an error, an unknown key one that names the nearest.\n")
    parts += ["## Engines\n", "What an engine cannot do is refused when a model is built, by name.\n"]
    for engine, unable in UNABLE.items():
        parts.append(f"`{engine}` refuses:\n\n" + "\n".join(f"- {what}" for what in unable) + "\n")
    played = "\n".join(f"- `{group}`: `{column}`" for group, column in PLAYED.items())
    parts += ["## The companion tape\n", f"What a tape may play, each value constant over a period:\n\n{played}"]
    return "\n".join(parts) + "\n"


def _attributes(kind: type[Any]) -> str:
    described = attributes_of(kind).items()
    head = "| column | unit | need | meaning |\n|---|---|---|---|\n"
    return head + _rows(
        (f"`{item.name}`", item.unit, _need(item), _meaning(kind, name, item)) for name, item in described
    )


def _options(kind: type[Any]) -> str:
    described = attributes_of(kind)
    names = [item.name for item in fields(kind) if item.name in described]
    head = "| option | unit | default | meaning |\n|---|---|---|---|\n"
    return head + _rows(
        (f"`{name}`", described[name].unit, str(default_of(kind, name)), _meaning(kind, name, described[name], False))
        for name in names
    )


def _need(item: Attribute) -> str:
    return item.need.value + (", changes" if item.changes else "")


def _meaning(kind: type[Any], name: str, item: Attribute, with_default: bool = True) -> str:
    text = item.meaning
    if item.choices and not all(choice in text for choice in item.choices):
        text += f" ({', '.join(item.choices)})"
    bounds = [f"> {item.above:g}"] * (item.above > -math.inf) + [f">= {item.at_least:g}"] * (item.at_least > -math.inf)
    bounds += [f"<= {item.at_most:g}"] * (item.at_most < math.inf)
    default = default_of(kind, name)
    if with_default and default is not None and name != "id":
        bounds.append(f"default {str(default).lower() if isinstance(default, bool) else default}")
    return f"{text}; {', '.join(bounds)}" if bounds else text


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
