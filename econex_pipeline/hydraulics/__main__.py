"""Print docs/hydraulics.md."""

from econex_pipeline.hydraulics.describing import page

print(page(), end="")
