"""The server under test: the release binary on a fresh data directory, and what is asked of it."""

import contextlib
import os
import re
import sqlite3
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import psutil
import pyarrow as pa
import requests

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
NATIVE = TARGET / "release"
BINARY = Path(os.environ.get("DRIFTLINE", TARGET / "release" / "driftline"))
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
JSON = "application/json"
# What is old enough to be sealed or folded otherwise only after a minute or an hour.
QUICK = ("--seal-age", "2s", "--fold-age", "2s", "--maintenance-interval", "1s")


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
        # A first start compiles the standard plugins in the background, with all cores: that is not what is measured.
        plugins = len(self.get("/v1/plugins?limit=1000")["items"])
        while len(list(self.data.rglob("*.cwasm"))) < plugins:
            time.sleep(0.1)
        return self

    def start(self):
        command = [BINARY, "serve", "--data", self.data / "data", "--listen", "127.0.0.1:0", *self.options]
        before = self.log.tell()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        printed = lambda: (self.data / "server.log").read_text()[before:]
        while not (found := re.search(r"127\.0\.0\.1:([1-9]\d*)", printed())):
            assert self.process.poll() is None, printed()
            time.sleep(0.005)
        self.url = f"http://{found[0]}"
        while not self.is_ready():
            time.sleep(0.005)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz").ok
        except requests.ConnectionError:
            return False

    def __exit__(self, *_):
        self.stop()
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

    def wait_until_quiet(self, model: str, seconds: float = 3):
        """Returns when the files have not changed for some seconds and nothing waits to be sealed or folded."""
        files, since = None, time.monotonic()
        while True:
            time.sleep(0.1)
            if (present := self.files()) != files:
                files, since = present, time.monotonic()
            elif time.monotonic() - since >= seconds:
                # Seldom asked: labels that wait are counted anew for each answer.
                if not self.is_busy(model):
                    return
                since = time.monotonic()

    def is_busy(self, model: str) -> bool:
        state = self.get(f"/v1/models/{model}")
        return state["unsealed_rows"] > 0 or state["delayed_rows"] > 0

    def files(self) -> list[Path]:
        """The files of all segments, replaced ones too that nothing lists any more."""
        return sorted((self.data / "data" / "segments").glob("*/*.parquet"))

    def listed(self, kind: int = 0) -> list[Path]:
        """The files of segments that the catalog lists: 0 predictions, 1 delayed metrics."""
        catalog = sqlite3.connect(f"file:{self.data / 'data' / 'catalog.db'}?mode=ro", uri=True)
        with contextlib.closing(catalog):
            rows = catalog.execute("SELECT model, id FROM segments WHERE kind = ?", (kind,)).fetchall()
        folder = self.data / "data" / "segments"
        return [folder / str(model) / f"{uuid.UUID(bytes=id)}.parquet" for model, id in rows]

    def disk_mib(self) -> float:
        home = self.data / "data"
        kept = (path for path in home.rglob("*") if "cache" not in path.relative_to(home).parts)
        return sum(path.stat().st_size for path in kept if path.is_file()) / 2**20

    def cpu_seconds(self) -> float:
        """Time that the server has computed so far, in all its threads, kernel included."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

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


def build(*programs: str):
    """Builds the server and some programs of `native`, unless another binary is named."""
    if "DRIFTLINE" not in os.environ:
        bins = [word for program in ("driftline", *programs) for word in ("--bin", program)]
        # The whole workspace, so that its crates keep the features they have in a build of everything.
        subprocess.run(["cargo", "build", "--release", "--workspace", *bins], cwd=ROOT, check=True)
