"""The engines that solve a dataset: EPANET in process, and WNTR's own simulator where EPANET cannot."""

from econex_pipeline.hydraulics.engines.abilities import refuse_unable
from econex_pipeline.hydraulics.engines.base import Engine, Inputs, Instant, Totals
from econex_pipeline.hydraulics.engines.epanet import EpanetEngine
from econex_pipeline.hydraulics.engines.simulator import SimulatorEngine

__all__ = ["Engine", "EpanetEngine", "Inputs", "Instant", "SimulatorEngine", "Totals", "refuse_unable"]
