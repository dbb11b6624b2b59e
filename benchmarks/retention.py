"""What retention leaves of old rows: bytes on disk before and after, and the same answers from kept states."""

import argparse
import time

import numpy as np

import scan
from growth import instant
from host import ARROW, QUICK, Server, arrow_stream, build

DAY = 86_400_000_000
DAYS = 60
RAW_DAYS = 30


def evaluate(server: Server, start: int) -> list:
    """Drift against fixed edges by day, in each place: states of a few hundred bytes."""
    window = {"start": instant(start), "end": instant(start + DAYS * DAY)}
    reference = {"start": instant(start + (DAYS - 7) * DAY), "end": instant(start + DAYS * DAY)}
    answer = server.evaluate(model="bench", plugin="psi", inputs={"value": "score"}, window=window, every="1d",
                             parameters={"edges": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]},
                             reference=reference, group_by=["place"], record=True)
    return [(result["window"], result.get("slice"), result["values"]) for result in answer["results"]]


def size(server: Server) -> str:
    folders = {name: server.data / "data" / name for name in ("segments", "rollups")}
    mib = {name: sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 2**20 for name, folder in folders.items()}
    return f"{mib['segments']:,.1f} MiB of rows, {mib['rollups']:,.2f} MiB of kept states"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows = parser.parse_args().rows
    build()
    # Whole days that end with yesterday.
    start = int(time.time()) // 86_400 * DAY - DAYS * DAY
    scan.START = start
    rng = np.random.default_rng(5)
    with Server(*QUICK) as server:
        for first in range(0, rows, scan.BATCH):
            table = scan.predictions(rng, first, min(scan.BATCH, rows - first), DAYS * DAY // rows)
            server.post("/v1/models/bench/predictions", arrow_stream(table), ARROW)
        server.wait_until_quiet("bench")
        before = evaluate(server, start)
        print(f"{rows:,} rows of {DAYS} days: {size(server)}; {len(before)} results")
        retention = {"retention": {"raw_days": RAW_DAYS, "summary_days": 400}}
        assert server.session.put(f"{server.url}/v1/models/bench", json=retention).ok
        # Retention is looked after at the start, then every hour.
        server.stop()
        started = time.perf_counter()
        server.start()
        while server.get("/v1/models/bench")["predictions"] > rows * (RAW_DAYS + 1) / DAYS:
            time.sleep(0.1)
        server.wait_until_quiet("bench")
        print(f"rows older than {RAW_DAYS} days are gone after {time.perf_counter() - started:.1f} s: {size(server)}")
        after = evaluate(server, start)
        differing = [pair for pair in zip(before, after) if pair[0] != pair[1]]
        assert len(before) == len(after) and not differing, f"{len(before)} {len(after)} results; {differing[:2]}"
        print("the same answers, to the bit")


if __name__ == "__main__":
    main()
