"""The server at rest, and the latency of a small evaluation."""

import argparse
import time

import numpy as np
import pyarrow as pa

from host import ARROW, Server, arrow_stream, build, timed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=300)
    repeats = parser.parse_args().repeats
    build()
    with Server() as server:
        time.sleep(1)
        print(f"at rest, just started: {server.resident_mib():.0f} MiB resident")
        rng = np.random.default_rng(3)
        rows = 1000
        label = (rng.random(rows) < 0.3).astype(np.int64)
        times = pa.array(np.arange(rows) * 1_000_000, pa.timestamp("us", tz="UTC"))
        table = pa.table({"time": times, "score": rng.random(rows) + 0.2 * label, "label": label})
        server.post("/v1/models/small/predictions", arrow_stream(table), ARROW)
        request = {
            "model": "small",
            "plugin": "roc-auc",
            "inputs": {"score": "score", "label": "label"},
            "window": {"start": "1970-01-01T00:00:00Z", "end": "1970-01-02T00:00:00Z"},
        }
        for record in (False, True):
            turn = iter(range(repeats + 20))
            ask = lambda: server.evaluate(**request, where=f"score > -{next(turn)}", record=record)
            timed(ask, 20)
            seconds, answer = timed(ask, repeats)
            p50, p99 = np.percentile(seconds, [50, 99]) * 1000
            kept = "recorded" if record else "not recorded"
            print(f"ROC AUC of 1,000 rows, {kept}: p50 {p50:.1f} ms, p99 {p99:.1f} ms over HTTP")
            print(f"  the server says {answer['timing']['total_ms']:.1f} ms of the last one")
        print(f"after that: {server.resident_mib():.0f} MiB resident")


if __name__ == "__main__":
    main()
