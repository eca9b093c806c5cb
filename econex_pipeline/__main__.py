"""`python -m econex_pipeline --case base --day 2025-07-15`."""

import sys

from econex_pipeline.orchestration.runner import main

sys.exit(main())
