"""The drinking-water model: a dataset set going, moved by changes from outside, telling what comes of them."""

from econex_pipeline.hydraulics.model.model import Model, Snapshot
from econex_pipeline.hydraulics.model.playing import play
from econex_pipeline.hydraulics.model.publishing import Update

__all__ = ["Model", "Snapshot", "Update", "play"]
