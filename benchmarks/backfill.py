"""Half a year of weeks filled in, five metrics over twenty slices, beside the same in pandas and scikit-learn."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from host import ARROW, Server, arrow_stream, build, median, spread

WEEK = 7 * 86_400_000_000
# A Monday.
START = 978_307_200_000_000
WEEKS = 26
SLICES = 20
# Which plugin reports which of the five metrics.
PLUGINS = {
    "roc-auc": {"roc_auc": lambda label, score: roc_auc_score(label, score)},
    "average-precision": {"average_precision": lambda label, score: average_precision_score(label, score)},
    "binary-classification": {"f1": lambda label, score: f1_score(label, score >= 0.5)},
    "calibration": {
        "brier": lambda label, score: brier_score_loss(label, score),
        "log_loss": lambda label, score: log_loss(label, score),
    },
}
METRICS = {name: work for metrics in PLUGINS.values() for name, work in metrics.items()}


def half_a_year(rows: int) -> pa.Table:
    rng = np.random.default_rng(7)
    label = (rng.random(rows) < 0.3).astype(np.int64)
    score = 1 / (1 + np.exp(-(rng.normal(size=rows) + 0.9 * label - 0.6)))
    times = START + np.arange(rows) * (WEEKS * WEEK // rows)
    region = np.array([f"region {i:02}" for i in range(SLICES)])[rng.integers(0, SLICES, rows)]
    instant = pa.array(times, pa.timestamp("us", tz="UTC"))
    return pa.table({"time": instant, "score": score, "label": label, "region": region})


def instant(micros: int) -> str:
    return pd.Timestamp(micros, unit="us", tz="UTC").isoformat()


def peer(file: Path) -> dict:
    """Every metric of every week and region, from one read of the file."""
    frame = pd.read_parquet(file)
    frame["week"] = (frame["time"].astype("datetime64[us, UTC]").astype("int64") - START) // WEEK
    found = {}
    for (week, region), group in frame.groupby(["week", "region"]):
        label, score = group["label"].to_numpy(), group["score"].to_numpy()
        for name, work in METRICS.items():
            found[int(week), region, name] = float(work(label, score))
    return found


def monitor(server: Server, plugin: str, turn: int) -> str:
    """A monitor that nothing was ever computed for: its condition is new each time."""
    name = f"{plugin}-{turn}"
    body = {
        "model": "bench",
        "plugin": plugin,
        "inputs": {"score": "score", "label": "label"},
        "where": f"score > -{turn}",
        "group_by": ["region"],
        "window": {"period": "week"},
        "schedule": {"cron": "0 0 * * 1", "time_zone": "UTC"},
    }
    answer = server.session.put(f"{server.url}/v1/monitors/{name}", json=body)
    assert answer.ok, answer.text
    # What is due by the clock is not what is measured.
    server.post(f"/v1/monitors/{name}/pause", {})
    return name


def ours(server: Server, turn: int) -> tuple[float, dict]:
    names = {plugin: monitor(server, plugin, turn) for plugin in PLUGINS}
    span = {"start": instant(START), "end": instant(START + WEEKS * WEEK)}
    started = time.perf_counter()
    begun = {}
    for plugin, name in names.items():
        answer = server.session.post(f"{server.url}/v1/monitors/{name}/backfill", json=span)
        assert answer.status_code == 202, answer.text
        begun[name] = answer.headers["Location"]
    for name, address in begun.items():
        while (state := server.get(address))["status"] in ("due", "running"):
            time.sleep(0.005)
        assert state["status"] == "succeeded", state
    seconds = time.perf_counter() - started
    found = {}
    for plugin, name in names.items():
        cursor = ""
        while cursor is not None:
            page = server.get(f"/v1/monitors/{name}/results?limit=1000{cursor}")
            for result in page["items"]:
                week = (pd.Timestamp(result["window"]["start"]).value // 1000 - START) // WEEK
                for value in result["values"]:
                    if value["name"] in PLUGINS[plugin]:
                        found[week, result["slice"]["region"], value["name"]] = value["value"]
            cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None
    return seconds, found


def agree(ours: dict, theirs: dict):
    assert ours.keys() == theirs.keys(), (len(ours), len(theirs))
    worst = max(abs(ours[key] - theirs[key]) for key in ours)
    assert worst < 1e-9, worst


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    build()
    table = half_a_year(arguments.rows)
    # Runs of monitors are begun at once: it is their work that is measured, not the scheduler's rhythm.
    with Server() as server, tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "rows.parquet"
        pq.write_table(table, file, compression="zstd")
        for start in range(0, arguments.rows, 500_000):
            server.post("/v1/models/bench/predictions", arrow_stream(table.slice(start, 500_000)), ARROW)
        server.wait_until_sealed("bench")
        our_seconds, their_seconds = [], []
        for turn in range(1, arguments.repeats + 1):
            seconds, found = ours(server, turn)
            our_seconds.append(seconds)
            started = time.perf_counter()
            expected = peer(file)
            their_seconds.append(time.perf_counter() - started)
            agree(found, expected)
        results = WEEKS * SLICES * len(METRICS)
        print(f"{arguments.rows:,} rows, {WEEKS} weeks x {SLICES} slices x {len(METRICS)} metrics = {results:,} numbers, equal to 1e-9")
        print(f"driftline, backfill of {len(PLUGINS)} monitors: {spread(our_seconds)}")
        print(f"pandas + scikit-learn, one read:     {spread(their_seconds)}")
        print(f"ratio {median(their_seconds) / median(our_seconds):.2f}, peak {server.peak_mib():.0f} MiB")


if __name__ == "__main__":
    main()
