"""Random logs become the documents that the collector's fold makes of them, however they are cut, repeated and killed."""

import base64
import copy
import random
import unittest
from typing import Any

from bson import Decimal128
from bson.datetime_ms import DatetimeMS

from barograph_spark.partition import PartitionWork, Record

from .memory_store import MemoryStore
from .vectors import vectors


def _records(log: dict[str, Any]) -> list[Record]:
    return [
        Record(one["at"], one["device"], one["headers"], base64.b64decode(one["value"]))
        for one in log["records"]
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, DatetimeMS):
        return int(value)
    if isinstance(value, Decimal128):
        return str(value)
    if isinstance(value, dict):
        return {name.replace("%24", "$").replace("%2E", ".").replace("%25", "%"): _plain(its) for name, its in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _comparable(store: MemoryStore) -> dict[str, Any]:
    found = {}
    for document in store.rollups.values():
        rest = dict(_plain(document))
        for name in ("_id", "o", "revision", "change"):
            del rest[name]
        if rest.pop("set") == store.sets.get(rest["device"], 0):
            found[f"{rest['level']}/{rest['start']}"] = rest
    return found


def _expected(log: dict[str, Any]) -> dict[str, Any]:
    return {f"{one['level']}/{one['start']}": one for one in log["rollups"]}


def _take(store: MemoryStore, records: list[Record]) -> None:
    PartitionWork(store, 0, 1).take(records)  # type: ignore[arg-type]


class DocumentsTest(unittest.TestCase):
    """From records to rollups."""

    maxDiff = 3_000

    def _compare(self, store: MemoryStore, log: dict[str, Any]) -> None:
        expected, got = _expected(log), _comparable(store)
        self.assertEqual(sorted(got), sorted(expected), f"log {log['seed']}")
        for name, document in expected.items():
            self.assertEqual(got[name], document, f"log {log['seed']}, window {name}")
        for document in store.rollups.values():
            name = f"{document['level']}/{int(document['start'])}"
            if name in log["positions"]:
                self.assertEqual(document["o"], f"000000.{log['positions'][name]:016d}", name)

    def test_in_one_piece(self) -> None:
        for log in vectors()["logs"]:
            store = MemoryStore()
            _take(store, _records(log))
            self._compare(store, log)

    def test_in_small_batches_that_die_at_any_write_and_come_again(self) -> None:
        deaths = 0
        for log in vectors()["logs"]:
            chances = random.Random(log["seed"])
            store, records = MemoryStore(), _records(log)
            while records:
                size = chances.randint(1, 12)
                # The same records come again until they are through, as the checkpoint has it.
                while True:
                    store.writes_left = chances.randint(0, 150) if chances.random() < 0.5 else None
                    try:
                        _take(store, records[:size])
                        break
                    except InterruptedError:
                        deaths += 1
                records = records[size:]
            self._compare(store, log)
        self.assertGreater(deaths, 20)

    def test_a_worker_that_was_taken_for_dead_writes_nothing_wrong(self) -> None:
        for log in vectors()["logs"][:10]:
            chances = random.Random(log["seed"])
            store, records = MemoryStore(), _records(log)
            pieces = [records[i : i + 15] for i in range(0, len(records), 15)]
            for i, piece in enumerate(pieces):
                _take(store, piece)
                # One of an older piece goes on from where it stood.
                late = pieces[chances.randint(0, i)]
                store.writes_left = chances.randint(0, 300)
                try:
                    _take(store, late)
                except InterruptedError:
                    pass
                store.writes_left = None
            # It may bring back a window that a level's expiry deleted; the next expiry deletes it again.
            for record in records:
                if record.headers["kind"] == "expire":
                    _take(store, [record])
            self._compare(store, log)

    def test_another_checkpoint_that_begins_anew_changes_nothing(self) -> None:
        for log in vectors()["logs"][:5]:
            store = MemoryStore()
            _take(store, _records(log))
            before = copy.deepcopy(_comparable(store))
            records = _records(log)
            for i in range(0, len(records), 20):
                _take(store, records[i : i + 20])
            self.assertEqual(_comparable(store), before)

    def test_what_is_not_ours_is_passed_over(self) -> None:
        log = vectors()["logs"][0]
        store, records = MemoryStore(), _records(log)
        end = records[-1].at + 1
        foreign = [
            Record(end, "balcony", {}, b"?"),
            Record(end + 1, "balcony", {"kind": "batch", "version": "1"}, b"\x08\x01\x12"),
            Record(end + 2, "balcony", {"kind": "batch", "version": "2"}, b""),
        ]
        effect = PartitionWork(store, 0, 1).take([*records, *foreign])  # type: ignore[arg-type]
        self.assertEqual(effect.unreadable, len(foreign))
        self._compare(store, log)
