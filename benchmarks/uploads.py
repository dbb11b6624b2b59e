"""Uploads of a gigabyte in each format: how fast they are, and how much memory the server takes for a body it never holds."""

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from host import ARROW, PARQUET, Server, build
from ingest import table

PATH = "/v1/models/bench/predictions"
BLOCK = 100_000
CHUNK = 1 << 20


class JsonLines:
    """Writes tables as one object a line, with the interface of Arrow's writers."""

    def __init__(self, sink, _: pa.Schema):
        self.sink = sink
        self.written = {}

    def write_table(self, rows: pa.Table):
        # Python takes its time for a block, and there are but a few different ones.
        if id(rows) not in self.written:
            self.written[id(rows)] = self.lines(rows)
        self.sink.write(self.written[id(rows)])

    def lines(self, rows: pa.Table) -> bytes:
        times = rows["time"].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_pylist()
        cells = rows.drop_columns(["time"]).to_pylist()
        lines = (json.dumps({"time": at, "metrics": row}) for at, row in zip(times, cells))
        return ("\n".join(lines) + "\n").encode()

    def close(self):
        pass


FORMATS = {
    "NDJSON": ("application/x-ndjson", JsonLines),
    "CSV": ("text/csv", pa.csv.CSVWriter),
    "Arrow": (ARROW, pa.ipc.new_stream),
    "Parquet": (PARQUET, pq.ParquetWriter),
}


def write(path: Path, writer, blocks: list[pa.Table], size: int) -> int:
    """Writes blocks in turn until the file has its size; gives the number of rows."""
    rows = 0
    with open(path, "wb") as sink:
        writing = writer(sink, blocks[0].schema)
        while sink.tell() < size:
            block = blocks[rows // BLOCK % len(blocks)]
            writing.write_table(block)
            rows += len(block)
        writing.close()
    return rows


ENCODINGS = {
    "gzip": lambda path: gzip.open(path, "wb", compresslevel=1),
    "zstd": lambda path: pa.CompressedOutputStream(str(path), "zstd"),
}


def compressed(path: Path, encoding: str) -> Path:
    target = path.with_suffix(f".{encoding}")
    with open(path, "rb") as plain, ENCODINGS[encoding](target) as sink:
        while chunk := plain.read(CHUNK):
            sink.write(chunk)
    return target


def upload(what: str, path: Path, rows: int, size: int, headers: dict):
    """One request to a server that has just started."""
    with Server() as server, open(path, "rb") as body:
        idle, cpu, started = server.resident_mib(), server.cpu_seconds(), time.perf_counter()
        answer = server.session.post(server.url + PATH, data=body, headers=headers)
        seconds, cpu = time.perf_counter() - started, server.cpu_seconds() - cpu
        assert answer.ok and answer.json()["accepted"] == rows, answer.text[:500]
        print(f"{what}: {size / 2**20:,.0f} MiB ({path.stat().st_size / 2**20:,.0f} sent), {rows:,} rows in {seconds:.1f} s: "
              f"{size / 2**20 / seconds:,.0f} MiB/s, {rows / seconds:,.0f} rows/s, {cpu / rows * 1e6:.2f} us of CPU a row; "
              f"memory {idle:,.0f} MiB before, peak {server.peak_mib():,.0f} MiB, "
              f"{(server.peak_mib() - idle) * 2**20 / size:.0%} of the body more; {len(server.listed())} files")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--format", choices=FORMATS, nargs="+", default=list(FORMATS))
    arguments = parser.parse_args()
    build()
    rng = np.random.default_rng(5)
    blocks = [table(rng, BLOCK) for _ in range(4)]
    for name in arguments.format:
        content_type, writer = FORMATS[name]
        with tempfile.TemporaryDirectory(dir=Server().scratch) as scratch:
            path = Path(scratch) / "body"
            rows = write(path, writer, blocks, arguments.mib << 20)
            size, headers = path.stat().st_size, {"Content-Type": content_type}
            upload(name, path, rows, size, headers)
            for encoding in ENCODINGS if name == "NDJSON" else ():
                packed = compressed(path, encoding)
                upload(f"{name}, {encoding}", packed, rows, size, headers | {"Content-Encoding": encoding})


if __name__ == "__main__":
    main()
