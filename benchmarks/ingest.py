"""Durable ingest: JSON requests of 1,000 predictions with 20 fields, Arrow and Parquet, single predictions, each beside
plain SQLite inserts of as many rows in transactions of the same size."""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import requests

from host import ARROW, NATIVE, PARQUET, Server, arrow_stream, build, median

PATH = "/v1/models/bench/predictions"
FIELDS = 20
ROUNDS = 5


def metrics(rng, rows: int) -> dict[str, np.ndarray]:
    columns = {f"number_{i}": rng.random(rows) for i in range(FIELDS - 6)}
    columns |= {f"count_{i}": rng.integers(0, 1000, rows) for i in range(4)}
    columns |= {f"place_{i}": rng.choice(["north", "south", "east", "west"], rows) for i in range(2)}
    return columns


def json_body(rng, rows: int) -> bytes:
    columns = {name: column.tolist() for name, column in metrics(rng, rows).items()}
    objects = [{"metrics": dict(zip(columns, row))} for row in zip(*columns.values())]
    return json.dumps(objects).encode()


def table(rng, rows: int) -> pa.Table:
    times = pa.array(np.arange(rows) * 1000 + 1_000_000_000_000_000, pa.timestamp("us", tz="UTC"))
    return pa.table({"time": times} | {name: pa.array(column) for name, column in metrics(rng, rows).items()})


def parquet_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def throughput(what: str, bodies: list[bytes], rows: int, content_type: str, requests_in_all: int, connections: int):
    """Sends bodies over some connections, each acknowledged when it is durable."""
    with Server() as server:
        sessions = [requests.Session() for _ in range(connections)]
        share = max(1, requests_in_all // connections)

        def send(number: int):
            for turn in range(share):
                server.post(PATH, bodies[(number + turn) % len(bodies)], content_type, sessions[number])

        send(0)
        sent, rates, cpu = share * connections * rows, [], server.cpu_seconds()
        for _ in range(ROUNDS):
            started = time.perf_counter()
            with ThreadPoolExecutor(connections) as pool:
                list(pool.map(send, range(connections)))
            rates.append(sent / (time.perf_counter() - started))
        cpu = server.cpu_seconds() - cpu
        print(f"{what}: {median(rates):,.0f} rows/s ({min(rates):,.0f} to {max(rates):,.0f} in {ROUNDS} rounds of "
              f"{sent:,} rows, {connections} connections), {cpu / (ROUNDS * sent) * 1e6:.2f} us of CPU a row, "
              f"peak memory {server.peak_mib():,.0f} MiB")


def plain_sqlite(rows: int, batch: int):
    """The same rows into plain SQLite: WAL, synchronous=FULL, one transaction a batch."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("DRIFTLINE_BENCH_DIR")) as scratch:
        command = [NATIVE / "inserts", Path(scratch) / "plain.db", "--rows", str(rows), "--batch", str(batch)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        seconds = json.loads(process.stdout.read())["seconds"]
        usage = os.wait4(process.pid, 0)[2]
        cpu = usage.ru_utime + usage.ru_stime
        print(f"  plain SQLite, {batch:,} a transaction: {rows / seconds:,.0f} rows/s, {cpu / rows * 1e6:.2f} us of CPU a row")


def single(seconds: int):
    """One prediction a request over 64 connections, driven by wrk."""
    if not shutil.which("wrk"):
        print("single predictions: skipped, wrk is not installed (Debian: apt-get install wrk)")
        return
    body = json.dumps({"metrics": {"score": 0.5, "count": 3, "place": "north"}})
    script = f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{body}'\n"
    with Server() as server, tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        command = ["wrk", "-t", "1", "-c", "64", "-d", f"{seconds}s", "--latency", "-s", lua.name, server.url + PATH]
        cpu = server.cpu_seconds()
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu = server.cpu_seconds() - cpu
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1])
        p50, p99 = (re.search(rf"{percent}%\s+(\S+)", report)[1] for percent in (50, 99))
        errors = re.search(r"Non-2xx.*", report)
        sent = int(re.search(r"(\d+) requests in", report)[1])
        print(f"single predictions: {rate:,.0f}/s, p50 {p50}, p99 {p99}, 64 connections, "
              f"{cpu / sent * 1e6:.0f} us of CPU each, peak memory {server.peak_mib():,.0f} MiB "
              f"{errors[0] if errors else ''}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the full amount of data")
    scale = parser.parse_args().scale
    build("inserts")
    rng = np.random.default_rng(1)
    bodies = [json_body(rng, 1000) for _ in range(8)]
    for connections in (1, 4, 16):
        throughput("JSON, 1,000 x 20", bodies, 1000, "application/json", int(480 * scale), connections)
    plain_sqlite(int(200_000 * scale), 1000)
    tables = [table(rng, 100_000) for _ in range(2)]
    for connections in (1, 4):
        streams = [arrow_stream(t) for t in tables]
        throughput("Arrow, 100,000 x 20", streams, 100_000, ARROW, int(20 * scale), connections)
        files = [parquet_file(t) for t in tables]
        throughput("Parquet, 100,000 x 20", files, 100_000, PARQUET, int(20 * scale), connections)
    plain_sqlite(int(1_000_000 * scale), 100_000)
    single(max(2, int(10 * scale)))
    plain_sqlite(int(1000 * scale), 1)


if __name__ == "__main__":
    main()
