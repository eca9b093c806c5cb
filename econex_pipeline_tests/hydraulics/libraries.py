"""The networks that come with WNTR, as test objects."""

from pathlib import Path

import wntr

FOLDER = Path(wntr.__file__).parent
NETWORKS = {path.stem: path for path in sorted((FOLDER / "library" / "networks").glob("*.inp"))}
EXAMPLES = {path.stem: path for path in sorted((FOLDER / "tests" / "networks_for_testing").glob("*.inp"))}
