"""Which metric a number on the wire means. `catalogue.json` is made from proto/catalogue.ts; a test compares them."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from unicodedata import category

KINDS = ("level", "total", "direction")


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity; `key` is its name in documents."""

    key: str
    unit: str
    kind: str


def _load() -> dict[int, Metric]:
    rows = json.loads(files(__package__).joinpath("catalogue.json").read_text("utf-8"))
    return {row["number"]: Metric(row["name"], row["unit"], row["kind"]) for row in rows}


BY_NUMBER = _load()
_NAMES = {metric.key for metric in BY_NUMBER.values()}


@lru_cache(maxsize=1_000)
def custom_metric(name: str, unit: str, kind: int) -> Metric | None:
    """The metric that a sender describes itself; None: no such metric may exist. Its key holds unit and kind."""
    if kind >= len(KINDS) or name in _NAMES or not re.fullmatch(r"[a-z][a-zA-Z0-9]{0,31}", name):
        return None
    # What no Unicode of before assigned is for the bridge to refuse: it may know a newer one than this Python.
    if not 1 <= len(unit) <= 16 or any(category(one) == "Cc" for one in unit):
        return None
    escaped = re.sub(r"[.$%]", lambda found: f"%{ord(found[0]):x}", unit)
    return Metric(f"{name}|{escaped}|{KINDS[kind]}", unit, KINDS[kind])
