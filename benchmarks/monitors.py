"""A thousand models with ten monitors each, every hour: CPU, memory, lateness, and what the catalog grows by."""

import argparse
import contextlib
import http.server
import json
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import requests

from host import Server, build, spread, timed
from many import CONNECTIONS, each

HOUR_MS = 3_600_000
REGIONS = ("eu", "us", "asia")
# Of so many models one is bad, and told of.
BAD = 50
BUDGET = 0.1


def rows(rng, count: int, start_ms: int, end_ms: int, is_bad: bool) -> bytes:
    label = rng.random(count) < 0.3
    metrics = {
        "score": np.clip(rng.normal(0.35 + 0.3 * label, 0.2), 0, 1).round(6).tolist(), "label": label.astype(int).tolist(),
        "value": (rng.normal(size=count) + 3 * is_bad).round(6).tolist(), "other": rng.normal(size=count).round(6).tolist(),
        "region": np.array(REGIONS)[rng.integers(0, len(REGIONS), count)].tolist(),
    }
    times = np.linspace(start_ms, end_ms, count, endpoint=False).astype(int).tolist()
    cells = zip(*metrics.values())
    return json.dumps([{"time": at, "metrics": dict(zip(metrics, row))} for at, row in zip(times, cells)]).encode()


def monitors(reference: dict) -> dict[str, dict]:
    """Ten of the kinds that people have: drift, performance, quality; some by slice."""
    truth, value = {"score": "score", "label": "label"}, {"value": "value"}
    above, below = lambda bound: [{"constant": {"upper": bound}}], lambda bound: [{"constant": {"lower": bound}}]
    return {
        "psi": {"plugin": "psi", "inputs": value, "reference": reference, "thresholds": above(0.5)},
        "psi-all": {"plugin": "psi", "inputs": {"value": ["value", "other", "score"]}, "reference": reference,
                    "thresholds": above(0.5)},
        "ks": {"plugin": "ks", "inputs": value, "reference": reference, "thresholds": above(0.5)},
        "wasserstein": {"plugin": "wasserstein", "inputs": value, "reference": reference, "thresholds": above(1)},
        "new-categories": {"plugin": "new-categories", "inputs": {"value": "region"}, "reference": reference,
                           "thresholds": above(0.5)},
        "auc": {"plugin": "roc-auc", "inputs": truth, "thresholds": below(0.5)},
        "auc-by-region": {"plugin": "roc-auc", "inputs": truth, "group_by": ["region"], "thresholds": below(0.5)},
        "precision": {"plugin": "average-precision", "inputs": truth, "thresholds": below(0.2)},
        "quality": {"plugin": "data-quality", "inputs": value, "thresholds": above(0.1)},
        "mean": {"plugin": "summary", "inputs": value, "group_by": ["region"],
                 "thresholds": [{"output": "mean", "constant": {"upper": 1}}]},
    }


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    notices = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Receiver.notices += 1
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Catalog:
    """What the server wrote down, read beside it."""

    def __init__(self, server: Server):
        self.path = server.data / "data" / "catalog.db"

    def ask(self, query: str, *parameters) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as catalog:
            return catalog.execute(query, parameters).fetchall()

    def bytes(self) -> int:
        (pages,), (size,), (free,) = (self.ask(f"PRAGMA {name}")[0] for name in ("page_count", "page_size", "freelist_count"))
        return (pages - free) * size

    def tables(self) -> dict[str, int]:
        """Bytes of each table with its indices; nothing where SQLite was built without `dbstat`."""
        try:
            return dict(self.ask("SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m USING (name) GROUP BY 1"))
        except sqlite3.OperationalError:
            return {}

    def ended(self, due: datetime) -> int:
        return self.ask("SELECT count(*) FROM runs WHERE due = ? AND finished IS NOT NULL", micros(due))[0][0]

    def of_runs(self, due: datetime) -> list[tuple]:
        return self.ask("SELECT not_before, started, finished, status, outcome FROM runs WHERE due = ?", micros(due))


def micros(time: datetime) -> int:
    return round(time.timestamp() * 1e6)


def set_up(server: Server, models: int, count: int, due: list[datetime], jitter: str, port: int):
    rng, until = np.random.default_rng(5), int(due[0].timestamp()) * 1000
    begin = until - 48 * HOUR_MS
    bodies = [rows(rng, count, begin, until, number == 0) for number in range(8)]
    reference = {"start": instant(begin), "end": instant(begin + 24 * HOUR_MS)}
    schedule = {"cron": ",".join(str(at.minute) for at in due) + " * * * *"}
    common = {"window": {"last": "1d"}, "schedule": schedule, "jitter": jitter, "alerts": {"channels": ["ops"]}}
    definitions = monitors(reference)
    put = lambda session, path, body: session.put(server.url + path, json=body).raise_for_status()
    put(server.session, "/v1/channels/ops", {"type": "webhook", "url": f"http://127.0.0.1:{port}/"})

    def send(model: str, session):
        number = int(model.removeprefix("model-"))
        body = bodies[0] if number % BAD == 0 else bodies[1 + number % 7]
        server.post(f"/v1/models/{model}/predictions", body, session=session)

    def watch(model: str, session):
        for name, definition in definitions.items():
            put(session, f"/v1/monitors/{model}-{name}", {"model": model, **common, **definition})

    each(models, send)
    started = time.perf_counter()
    each(models, watch)
    took = (time.perf_counter() - started) / (models * len(definitions))
    print(f"PUT of a monitor, {CONNECTIONS} at once: {took * 1000:.2f} ms each")


def instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def hour(server: Server, what: str, due: datetime, runs: int, cpu: float):
    """Waits for the runs of an instant and tells what they cost."""
    catalog = Catalog(server)
    size, tables, deadline = catalog.bytes(), catalog.tables(), time.monotonic() + 600
    while catalog.ended(due) < runs:
        assert time.monotonic() < deadline, f"{catalog.ended(due)} of {runs} runs have ended"
        time.sleep(0.5)
    cpu = server.cpu_seconds() - cpu
    found = catalog.of_runs(due)
    failed = [outcome for *_, status, outcome in found if status != "succeeded"]
    assert not failed, f"{len(failed)} failed: {failed[0]}"
    late = np.array([started - not_before for not_before, started, *_ in found]) / 1e6
    length = (max(end for _, _, end, *_ in found) - min(begin for _, begin, *_ in found)) / 1e6
    p50, p95 = np.percentile(late, [50, 95])
    print(f"{what}: {runs:,} runs within {length:.1f} s, {runs / length:.0f} a second")
    print(f"  CPU {cpu:.1f} s, {cpu / runs * 1000:.2f} ms a run: "
          f"{cpu / runs * 10_000 / 3600:.1%} of a core at 10,000 an hour (budget {BUDGET:.0%})")
    print(f"  late p50 {p50:.3f} s, p95 {p95:.3f} s, max {late.max():.3f} s")
    print(f"  memory {server.resident_mib():,.0f}, peak {server.peak_mib():,.0f} MiB; "
          f"catalog grew by {(catalog.bytes() - size) / runs:,.0f} bytes a run to {catalog.bytes() / 2**20:,.0f} MiB")
    grown = {name: (after - tables.get(name, 0)) / runs for name, after in catalog.tables().items()}
    print("  " + ", ".join(f"{name} {by:,.0f}" for name, by in sorted(grown.items(), key=lambda item: -item[1])[:6] if by >= 1))


def lists(server: Server):
    for path in ("/v1/monitors", "/v1/monitors?limit=1000", "/v1/monitors/status", "/v1/monitors/status?limit=1000",
                 "/v1/alerts", "/metrics"):
        def get():
            answer = requests.get(server.url + path)
            assert answer.ok, answer.text[:300]
        seconds, _ = timed(get, 5)
        print(f"GET {path}: {spread(seconds)}")


def rest(server: Server, seconds: float):
    cpu = server.cpu_seconds()
    time.sleep(seconds)
    print(f"at rest: {(server.cpu_seconds() - cpu) / seconds:.2%} of a core, {server.resident_mib():,.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000, help="of each model, over two days")
    parser.add_argument("--spread", type=int, default=60, metavar="SECONDS", help="the jitter of the first hour")
    arguments = parser.parse_args()
    build()
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    port, runs = receiver.server_address[1], arguments.models * len(monitors({}))
    with Server("--notify-allow", "127.0.0.1") as server:
        # Room for the monitors to be put; the second instant comes when the runs of the first have ended.
        first = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1 + -(-runs // 20_000))
        second = first + timedelta(minutes=1 + -(-arguments.spread // 60))
        print(f"\n{arguments.models:,} models with {arguments.rows:,} rows and {runs // arguments.models} monitors each")
        set_up(server, arguments.models, arguments.rows, [first, second], f"{arguments.spread}s", port)
        assert datetime.now(UTC) < first, "the machine was too slow: fewer models"
        rest(server, min(5, (first - datetime.now(UTC)).total_seconds()))
        lists(server)
        time.sleep(max(0, (first - datetime.now(UTC)).total_seconds()))
        hour(server, f"spread over {arguments.spread} s", first, runs, server.cpu_seconds())
        server.stop()
        time.sleep(max(0, (second - datetime.now(UTC)).total_seconds() + arguments.spread))
        server.start()
        hour(server, "caught up, all at once", second, runs, server.cpu_seconds())
        print(f"{Receiver.notices:,} notices")
        lists(server)
        rest(server, 5)


if __name__ == "__main__":
    main()
