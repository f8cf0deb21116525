"""What our encoder and the collector's fold say, made by e2e/spark/vectors.ts and named by BAROGRAPH_SPARK_VECTORS."""

import json
import os
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def vectors() -> dict[str, Any]:
    """All of it."""
    with open(os.environ["BAROGRAPH_SPARK_VECTORS"], encoding="utf-8") as file:
        return json.load(file)
