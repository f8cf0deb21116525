"""The job's database: raw runs, what controls them, cells, rollups. Every write may be made again by anybody."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bson import Binary
from bson.codec_options import CodecOptions
from bson.datetime_ms import DatetimeConversion
from pymongo import ASCENDING, InsertOne, MongoClient, ReplaceOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from .counting import Raw
from .documents import Document
from .rules import Control
from .zones import HOUR_MS

SCHEMA_VERSION = 1
WHAT = "barograph spark"
_WRITES_AT_ONCE = 500
_PATIENCE_MS = 30_000
_DUPLICATE = 11_000
_INDEXES = {
    "raw": (("device", "sensor", "hours"), ("device", "sensor", "epoch", "first"), ("device", "end")),
    "controls": (("partition", "device", "at"),),
    "cells": (("device", "set", "sensor", "kind", "start"),),
    "rollups": (("device", "set", "sensor", "level", "start"),),
}


class OtherDatabase(RuntimeError):
    """The database is not one of this job."""


class Store:
    """One connection; each task of Spark has its own."""

    def __init__(self, url: str) -> None:
        self._client: MongoClient[Document] = MongoClient(url, serverSelectionTimeoutMS=_PATIENCE_MS)
        options = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
        self._db = self._client.get_default_database().with_options(
            codec_options=options,
            write_concern=WriteConcern("majority", j=True),
            read_concern=ReadConcern("majority"),
        )

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()

    def prepare(self, identity: Mapping[str, Any]) -> None:
        """
        Makes the database ready. Throws OtherDatabase when it is somebody else's, or of another log (`identity`): only
        one job's documents may be in it.
        """
        meta = self._db["meta"]
        schema = meta.find_one({"_id": "schema"})
        if schema is None and self._db.list_collection_names():
            raise OtherDatabase("the database holds something else: the job needs one of its own")
        if schema is not None and (schema.get("what"), schema.get("version")) != (WHAT, SCHEMA_VERSION):
            what = f"{schema.get('what')!r}, version {schema.get('version')}"
            raise OtherDatabase(f"the database is of {what}: the job needs one of its own")
        known = meta.find_one({"_id": "log"})
        if known is not None:
            del known["_id"]
            if known != identity:
                raise OtherDatabase(
                    f"the database was filled from another log ({known}, now {dict(identity)}): "
                    "begin with an empty database and another checkpoint folder"
                )
        meta.replace_one(
            {"_id": "schema"}, {"_id": "schema", "what": WHAT, "version": SCHEMA_VERSION}, upsert=True
        )
        meta.replace_one({"_id": "log"}, {"_id": "log", **identity}, upsert=True)
        for name, indexes in _INDEXES.items():
            for keys in indexes:
                self._db[name].create_index([(key, ASCENDING) for key in keys])

    def put_raws(self, raws: Sequence[Raw], hours: Sequence[list[int]]) -> None:
        """Stores what is not there yet. The same place of the log always holds the same."""
        _insert(self._db["raw"], [_raw_document(raw, its) for raw, its in zip(raws, hours)])

    def raws(self, device: str, sensor: str, span: tuple[int, int], hours: list[int], end: int) -> list[Raw]:
        """What the log has before `end` of a stretch of time; `hours`: since 1970, those that matter in it."""
        found = self._db["raw"].find(
            {
                **{"device": device, "sensor": sensor, "hours": {"$in": hours}, "at": {"$lt": end}},
                **{"start": {"$lt": span[1]}, "end": {"$gte": span[0]}},
            }
        )
        return [_raw(document) for document in found]

    def raws_of(
        self, device: str, sensor: str, epoch: str, numbers: tuple[int, int], end: int
    ) -> list[Raw]:
        """What the log has before `end` of some numbers of an epoch."""
        first, last = numbers
        found = self._db["raw"].find(
            {
                **{"device": device, "sensor": sensor, "epoch": epoch, "at": {"$lt": end}},
                **{"first": {"$lte": last}, "last": {"$gte": first}},
            }
        )
        return [_raw(document) for document in found]

    def newest_time(self, device: str, end: int) -> int | None:
        """Largest event time before a place of the log."""
        newest = self._db["raw"].find({"device": device, "at": {"$lt": end}}).sort("end", -1).limit(1)
        return next((document["end"] for document in newest), None)

    def hours_of(self, device: str, end: int) -> Iterator[tuple[str, list[int]]]:
        """Sensor and hours of all that the log has before `end`."""
        wanted = {"sensor": 1, "hours": 1}
        for document in self._db["raw"].find({"device": device, "at": {"$lt": end}}, wanted):
            yield document["sensor"], document["hours"]

    def put_control(self, control: Control) -> None:
        """Stores a record that is no reading."""
        identity = f"{control.partition:05d}/{control.at:016d}/{control.kind}"
        document = {
            **{"_id": identity, "partition": control.partition, "at": control.at, "device": control.device},
            **{"kind": control.kind, "body": Binary(control.body), "found": dict(control.found)},
        }
        self._db["controls"].replace_one({"_id": identity}, document, upsert=True)

    def controls(self, partition: int, devices: list[str], end: int) -> list[Control]:
        """What the log has before `end` of these devices, in its order."""
        found = self._db["controls"].find(
            {"partition": partition, "device": {"$in": devices}, "at": {"$lt": end}}
        )
        controls = [
            Control(*(document[name] for name in ("partition", "at", "device", "kind", "body", "found")))
            for document in found
        ]
        return sorted(controls, key=lambda control: control.at)

    def cells(
        self, device: str, sensor: str, window_set: int, kind: str, span: tuple[int, int]
    ) -> list[Document]:
        """Cells that begin in a stretch of time, in its order."""
        found = self._db["cells"].find(
            {
                **{"device": device, "set": window_set, "sensor": sensor, "kind": kind},
                "start": {"$gte": span[0], "$lt": span[1]},
            }
        )
        return sorted(found, key=lambda cell: cell["start"])

    def put_cells(self, documents: list[Document]) -> None:
        """Writes cells where those that are there are not further."""
        _replace_older(self._db["cells"], documents)

    def put_rollups(self, documents: list[Document]) -> None:
        """Writes windows where those that are there are not further."""
        _replace_older(self._db["rollups"], documents)

    def drop_level(self, device: str, sensor: str, level: str, before: Any) -> None:
        """Deletes windows of a level that end by then."""
        which = {"device": device, "sensor": sensor, "level": level, "end": {"$lte": before}}
        self._db["rollups"].delete_many(which)

    def swap(self, partition: int, device: str, window_set: int, at: int) -> None:
        """Lets another set of windows hold, and deletes those of before."""
        sets = self._db["sets"]
        document = {
            **{"_id": device, "partition": partition, "current": window_set, "number": window_set},
            **{"at": {"g": 0, "n": at}, "claimed": window_set},
        }
        before = {"_id": device, "current": {"$lt": window_set}}
        _bulk(sets, [ReplaceOne(before, document, upsert=True)])
        for name in ("rollups", "cells"):
            self._db[name].delete_many({"device": device, "set": {"$lt": window_set}})


def _raw_document(raw: Raw, hours: list[int]) -> Document:
    return {
        "_id": f"{raw.partition:05d}/{raw.at:016d}/{raw.index:04d}",
        **{"partition": raw.partition, "at": raw.at, "index": raw.index, "device": raw.device},
        **{"sensor": raw.sensor, "epoch": raw.epoch, "kind": raw.kind, "first": raw.first, "last": raw.last},
        **{"start": raw.start, "end": raw.end, "hours": hours, "clock": raw.clock, "until": raw.until},
        "body": Binary(raw.body),
    }


def _raw(document: Mapping[str, Any]) -> Raw:
    names = ("partition", "at", "index", "device", "sensor", "epoch", "kind", "first", "last", "start", "end")
    return Raw(*(document[name] for name in (*names, "clock", "until")), bytes(document["body"]))


def hours_between(start: int, end: int) -> list[int]:
    """Hours since 1970 that a stretch of time touches."""
    return list(range(start // HOUR_MS, (end - 1) // HOUR_MS + 1))


def _insert(collection: Collection[Document], documents: list[Document]) -> None:
    for i in range(0, len(documents), _WRITES_AT_ONCE):
        _bulk(collection, [InsertOne(document) for document in documents[i : i + _WRITES_AT_ONCE]])


def _replace_older(collection: Collection[Document], documents: list[Document]) -> None:
    """A document is written when there is none or an older one; where one is further, ours is not needed any more."""
    for i in range(0, len(documents), _WRITES_AT_ONCE):
        writes = [
            ReplaceOne({"_id": document["_id"], "o": {"$lt": document["o"]}}, document, upsert=True)
            for document in documents[i : i + _WRITES_AT_ONCE]
        ]
        _bulk(collection, writes)


def _bulk(collection: Collection[Document], writes: list[Any]) -> None:
    """Writes in any order; that a document is there already is no error."""
    if not writes:
        return
    try:
        collection.bulk_write(writes, ordered=False)
    except BulkWriteError as failed:
        details = failed.details or {}
        others = [one for one in details.get("writeErrors", []) if one.get("code") != _DUPLICATE]
        if others or details.get("writeConcernErrors"):
            raise
