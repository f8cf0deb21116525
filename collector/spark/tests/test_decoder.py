"""Random batches that our TypeScript encoder wrote come out of the decoder in Python as they went in."""

import base64
import unittest
from typing import Any

import numpy as np

from barograph_spark import angle, columns, wire

from .vectors import vectors


def _plain(batch: wire.Batch) -> dict[str, Any]:
    entries = columns.decode(batch.runs)
    runs, begin = [], 0
    for run in batch.runs:
        its = slice(begin, begin + run.count)
        begin += run.count
        runs.append(
            {
                **{"sensor": run.sensor, "epoch": run.epoch, "intervalMs": run.interval_ms},
                **{"firstSeq": int(entries.seq[its][0]), "times": entries.time[its].tolist()},
                "marks": np.flatnonzero(entries.is_mark[its]).tolist(),
                "columns": [_column(entries.columns[one.metric.key], its) for one in run.columns],
            }
        )
    return {
        **{"device": batch.device, "clock": batch.clock, "runs": runs},
        "summaries": [_summary(one) for one in batch.summaries],
        "site": batch.site
        and {
            **{"version": batch.site.version, "timeZone": batch.site.time_zone},
            "validFrom": batch.site.valid_from,
        },
    }


def _column(its: columns.Values, of_run: slice) -> dict[str, Any]:
    values = [
        value if given else None
        for value, given in zip(its.values[of_run].tolist(), its.given[of_run].tolist())
    ]
    metric = its.metric
    return {
        **{"key": metric.key, "unit": metric.unit, "kind": metric.kind},
        **{"values": values, "flags": its.flags[of_run].tolist()},
    }


def _summary(one: wire.Summary) -> dict[str, Any]:
    def figures(its: wire.MinuteFigures) -> dict[str, Any]:
        names = wire.MinuteFigures.__slots__[1:]
        return {"key": its.metric.key, "numbers": [getattr(its, name) for name in names]}

    return {
        **{"sensor": one.sensor, "epoch": one.epoch, "intervalMs": one.interval_ms},
        **{"firstSeq": one.first_seq, "lastSeq": one.last_seq},
        "minutes": [
            {
                **{"start": minute.start, "received": minute.received},
                "figures": [figures(its) for its in minute.figures],
            }
            for minute in one.minutes
        ],
    }


class DecoderTest(unittest.TestCase):
    """Bytes to numbers."""

    maxDiff = 2_000

    def test_random_batches_are_what_the_encoder_was_given(self) -> None:
        batches = vectors()["batches"]
        self.assertGreater(len(batches), 50)
        for one in batches:
            self.assertEqual(_plain(wire.decode_batch(base64.b64decode(one["bytes"]))), one["batch"])

    def test_all_runs_at_once_are_what_each_is_alone(self) -> None:
        batches = [wire.decode_batch(base64.b64decode(one["bytes"])) for one in vectors()["batches"]]
        runs = [run for batch in batches for run in batch.runs]
        together = columns.decode(runs)
        begin = 0
        for run in runs:
            alone = columns.decode([run])
            its = slice(begin, begin + run.count)
            begin += run.count
            self.assertEqual(together.time[its].tolist(), alone.time.tolist())
            for key, values in alone.columns.items():
                self.assertEqual(together.columns[key].values[its].tolist(), values.values.tolist())
                self.assertEqual(together.columns[key].given[its].tolist(), values.given.tolist())

    def test_bytes_that_are_cut_off_are_refused_or_a_shorter_message(self) -> None:
        refused = 0
        for one in vectors()["batches"][:50]:
            data = base64.b64decode(one["bytes"])
            for length in range(0, len(data), 7):
                try:
                    columns.decode(wire.decode_batch(data[:length]).runs)
                except wire.Malformed:
                    refused += 1
        self.assertGreater(refused, 100)

    def test_every_thousandth_of_a_degree_has_the_same_sine_and_cosine(self) -> None:
        all_angles = np.arange(360_001)
        self.assertEqual(angle.sine_of(all_angles).tolist(), vectors()["angles"]["sines"])
        self.assertEqual(angle.cosine_of(all_angles).tolist(), vectors()["angles"]["cosines"])
