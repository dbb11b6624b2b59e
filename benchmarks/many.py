"""A thousand models with a thousand rows each: sending, looking, evaluating, files and memory."""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import requests

from host import Server, build, spread

CONNECTIONS = 4
START_MS = 1_700_000_000_000
WINDOW = {"start": "2023-11-01T00:00:00Z", "end": "2024-11-01T00:00:00Z"}


def body(rng, rows: int) -> bytes:
    scores, labels = rng.random(rows).round(6).tolist(), (rng.random(rows) < 0.3).astype(int).tolist()
    pairs = enumerate(zip(scores, labels))
    return json.dumps([
        {"time": START_MS + at * 60_000, "metrics": {"score": score, "label": label}} for at, (score, label) in pairs
    ]).encode()


def each(models: int, work) -> list[float]:
    """Seconds of `work(model, session)` for each model, a few at once."""
    def some(number: int) -> list[float]:
        session, seconds = requests.Session(), []
        for model in range(number, models, CONNECTIONS):
            started = time.perf_counter()
            work(f"model-{model}", session)
            seconds.append(time.perf_counter() - started)
        return seconds

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [seconds for part in pool.map(some, range(CONNECTIONS)) for seconds in part]


def report(server: Server, what: str, models: int, work):
    cpu, started = server.cpu_seconds(), time.perf_counter()
    seconds = each(models, work)
    took, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
    print(f"{what}: {took:.1f} s in all, {spread(seconds)} each, {cpu / models * 1000:.2f} ms of CPU each; "
          f"memory {server.resident_mib():,.0f}, peak {server.peak_mib():,.0f} MiB")


def run(models: int, rows: int, *options: str):
    rng = np.random.default_rng(5)
    bodies = [body(rng, rows) for _ in range(8)]

    def send(model: str, session):
        server.post(f"/v1/models/{model}/predictions", bodies[int(model.removeprefix("model-")) % 8], session=session)

    def evaluate(model: str, session):
        request = {"model": model, "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
                   "window": WINDOW, "record": False, "wait": "1m"}
        answer = server.post("/v1/evaluations", request, session=session)
        assert answer["results"][0]["rows"]["used"] == rows, answer

    # Nothing is kept: each evaluation reads its rows.
    with Server(*options, "--state-cache-mib", "0") as server:
        print(f"\n{models:,} models with {rows:,} rows each {' '.join(options)}")
        report(server, "rows sent", models, send)
        if options:
            started = time.perf_counter()
            while len(server.listed()) < models:
                time.sleep(0.2)
            print(f"all sealed {time.perf_counter() - started:.1f} s later")
        print(f"{len(server.listed()):,} files, {server.disk_mib():,.0f} MiB")
        for turn in ("first", "second"):
            get = lambda model, session: session.get(f"{server.url}/v1/models/{model}").raise_for_status()
            report(server, f"GET the model, {turn} time", models, get)
            report(server, f"ROC AUC, {turn} time", models, evaluate)
        server.stop()
        started = time.perf_counter()
        server.start()
        print(f"restarted in {time.perf_counter() - started:.2f} s; memory {server.resident_mib():,.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    arguments = parser.parse_args()
    build()
    run(arguments.models, arguments.rows)
    run(arguments.models, arguments.rows, "--seal-rows", str(arguments.rows))


if __name__ == "__main__":
    main()
