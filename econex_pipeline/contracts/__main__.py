"""Print the data dictionary (``python -m econex_pipeline.contracts``), or a table's JSON Schema (``... PLAN``)."""

import json
import sys

from econex_pipeline.contracts.dictionary import json_schema, page

if __name__ == "__main__":
    asked = sys.argv[1:]
    sys.stdout.write("\n".join(json.dumps(json_schema(name), indent=2) for name in asked) + "\n" if asked else page())
