"""The streaming query: each micro-batch of the topic goes to the tasks as it is, one for each partition."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQuery

from .partition import PartitionWork, records_of
from .store import OtherDatabase, Store

EFFECT = "partition int, records long, readings long, unreadable long, windows long"
_NAMES = ("records", "readings", "unreadable", "windows")
FAILED = 1
WRONG_DATABASE = 2


def work_on(url: str, partitions: int) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """
    What a task does with its part of a micro-batch: all new records of one partition, and so all of its devices, in
    order. Nothing has to be shuffled, and two tasks never write the same document.
    """

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        by_partition: dict[int, list[dict[str, Any]]] = {}
        for batch in batches:
            for row in batch.to_pylist():
                by_partition.setdefault(row["partition"], []).append(row)
        if not by_partition:
            return
        store = Store(url)
        try:
            for partition, rows in by_partition.items():
                effect = PartitionWork(store, partition, partitions).take(records_of(rows))
                numbers = {name: [getattr(effect, name)] for name in _NAMES}
                yield pa.RecordBatch.from_pydict(
                    {"partition": pa.array([partition], pa.int32()), **numbers}
                )
        finally:
            store.close()

    return work


def arguments(words: list[str]) -> argparse.Namespace:
    """The job's options; scripts/spark has the same, and explains them to people."""
    parser = argparse.ArgumentParser(prog="barograph-spark")
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--mongodb", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--topic-prefix", default="barograph")
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--most-records", type=int, default=20_000)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--continue-after-loss", action="store_true")
    parser.add_argument("--kafka-option", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def _kafka_options(options: argparse.Namespace) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in options.kafka_option]
    return {"bootstrap.servers": options.kafka} | {name: value for name, _, value in pairs}


def log_identity(spark: SparkSession, options: argparse.Namespace, topic: str) -> dict[str, Any]:
    """Which topic this is, and its partitions: asked of Kafka by the client that Spark brings along."""
    jvm = spark._jvm  # noqa: SLF001
    properties = jvm.java.util.Properties()
    for name, value in _kafka_options(options).items():
        properties.setProperty(name, value)
    admin = jvm.org.apache.kafka.clients.admin.AdminClient.create(properties)
    try:
        names = jvm.java.util.Collections.singletonList(topic)
        description = admin.describeTopics(names).allTopicNames().get().get(topic)
        return {
            "topic": topic,
            "id": str(description.topicId().toString()),
            "partitions": int(description.partitions().size()),
        }
    finally:
        admin.close()


def _say(options: argparse.Namespace, words: str, **numbers: Any) -> None:
    line = json.dumps({"event": words, **numbers}) if options.json else " ".join(
        [words, *(f"{name}={value}" for name, value in numbers.items())]
    )
    print(line, flush=True)


def _short(words: str) -> str:
    """Without Java's stack."""
    lines = [line for line in words.splitlines() if line.strip() and not line.startswith(("\tat ", "   at "))]
    return "\n".join(lines[:12])


def start(spark: SparkSession, options: argparse.Namespace) -> StreamingQuery:
    """Starts the query. Throws OtherDatabase when the database is not for it."""
    topic = f"{options.topic_prefix}.readings"
    identity = log_identity(spark, options, topic)
    store = Store(options.mongodb)
    try:
        store.prepare(identity)
    finally:
        store.close()
    work = work_on(options.mongodb, identity["partitions"])

    def take(batch: DataFrame, number: int) -> None:
        began = time.monotonic()
        effects = batch.mapInArrow(work, EFFECT).collect()
        sums = {name: sum(effect[name] for effect in effects) for name in _NAMES}
        _say(options, "stored", batch=number, **sums, ms=round(1000 * (time.monotonic() - began)))

    source = (
        spark.readStream.format("kafka")
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", str(options.most_records))
        .option("failOnDataLoss", str(not options.continue_after_loss).lower())
    )
    for name, value in _kafka_options(options).items():
        source = source.option(f"kafka.{name}", value)
    rows = source.load().select("key", "value", "partition", "offset", F.col("headers"))
    writer = rows.writeStream.foreachBatch(take).option("checkpointLocation", options.checkpoint)
    trigger = {"availableNow": True} if options.once else {"processingTime": f"{options.every} seconds"}
    return writer.trigger(**trigger).start()


def main(words: list[str]) -> int:
    """Runs until it is stopped, or until the end of the topic with --once."""
    options = arguments(words)
    spark = SparkSession.builder.appName("barograph").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        query = start(spark, options)
    except OtherDatabase as reason:
        print(f"barograph-spark: {reason}", file=sys.stderr)
        return WRONG_DATABASE
    stopping = False

    def stop(*_: Any) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _say(options, "running", topic=f"{options.topic_prefix}.readings")
    try:
        while not stopping and not query.awaitTermination(1):
            pass
    except StreamingQueryException as failed:
        print(f"barograph-spark: {_short(str(failed))}", file=sys.stderr)
        return FAILED
    except Py4JError as failed:
        print(f"barograph-spark: Spark's JVM does not answer any more ({failed})", file=sys.stderr)
        return FAILED
    if stopping:
        query.stop()
    _say(options, "stopped")
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
