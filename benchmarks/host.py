"""The server under test: the release binary on a fresh data directory, and what is asked of it."""

import contextlib
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow as pa
import requests

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = Path(os.environ.get("DRIFTLINE", TARGET / "release" / "driftline"))
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
JSON = "application/json"


class Server:
    """A running server; use it as a context."""

    def __init__(self, *options: str, scratch: str | None = None):
        self.options = options
        self.scratch = scratch or os.environ.get("DRIFTLINE_BENCH_DIR")

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.data = Path(self.stack.enter_context(tempfile.TemporaryDirectory(dir=self.scratch)))
        self.log = open(self.data / "server.log", "w+")
        self.session = requests.Session()
        self.start()
        return self

    def start(self):
        command = [BINARY, "serve", "--data", self.data / "data", "--listen", "127.0.0.1:0", *self.options]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        while not (found := re.search(r"127\.0\.0\.1:([1-9]\d*)", (self.data / "server.log").read_text())):
            assert self.process.poll() is None, (self.data / "server.log").read_text()
            time.sleep(0.01)
        self.url = f"http://{found[0]}"
        while not self.is_ready():
            time.sleep(0.01)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz").ok
        except requests.ConnectionError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.stack.close()

    def post(self, path: str, body, content_type: str = JSON, session=None) -> dict:
        sender = session or self.session
        headers = {"Content-Type": content_type}
        if isinstance(body, (dict, list)):
            answer = sender.post(self.url + path, json=body)
        else:
            answer = sender.post(self.url + path, data=body, headers=headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def get(self, path: str) -> dict:
        answer = self.session.get(self.url + path)
        assert answer.ok, answer.text[:500]
        return answer.json()

    def evaluate(self, **request) -> dict:
        answer = self.post("/v1/evaluations", {"wait": "10m", "record": False, **request})
        assert answer["status"] == "succeeded", answer
        return answer

    def wait_until_sealed(self, model: str):
        """Returns when all rows of a model lie in segments."""
        while self.get(f"/v1/models/{model}")["unsealed_rows"] > 0:
            time.sleep(0.2)

    def resident_mib(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


def arrow_stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def spread(seconds: list[float]) -> str:
    """The median and the extremes of repeated timings."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.3f} s ({ordered[0]:.3f} to {ordered[-1]:.3f})"


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def timed(work, repeats: int) -> tuple[list[float], object]:
    """Seconds of each repeat, and the last answer."""
    seconds, answer = [], None
    for _ in range(repeats):
        started = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - started)
    return seconds, answer


def build():
    if "DRIFTLINE" not in os.environ:
        subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
