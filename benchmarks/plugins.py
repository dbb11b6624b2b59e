"""Many uploads of distinct plugins, a start with all of them installed, and the first and later calls of plugins."""

import argparse
import shutil
import time
from pathlib import Path

from host import JSON, ROOT, Server, build, median, spread

EXAMPLE = ROOT / "examples" / "custom-metric" / "rust" / "cost-by-segment.wasm"
NAME = b"cost-by-segment"
INPUTS = {"score": "score", "label": "label", "segment": "segment"}
WINDOW = {"start": 0, "end": 1000}


def named(wasm: bytes, number: int) -> bytes:
    """The same plugin under a name of the same length."""
    assert NAME in wasm, "the plugin must say its name in plain text"
    return wasm.replace(NAME, b"cost-by-%07d" % number)


def install(server: Server, wasm: bytes) -> str:
    answer = server.session.post(f"{server.url}/v1/plugins", data=wasm, headers={"Content-Type": "application/wasm"})
    assert answer.status_code == 201, answer.text[:500]
    return answer.json()["name"]


def ask(server: Server, plugin: str, turn: int) -> float:
    """Seconds of an evaluation that was not asked before."""
    started = time.perf_counter()
    server.evaluate(model="m", plugin=plugin, inputs=INPUTS, window=WINDOW, where=f"score > -{turn + 1}")
    return time.perf_counter() - started


def repeated(server: Server, path: str, repeats: int = 20) -> list[float]:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        server.get(path)
        seconds.append(time.perf_counter() - started)
    return seconds


def disk_mib(server: Server) -> tuple[float, float]:
    home = server.data / "data"
    size = lambda folder: sum(path.stat().st_size for path in (home / folder).rglob("*") if path.is_file()) / 2**20
    return size("plugins"), size("cache")


def fill(server: Server):
    rows = [{"time": n, "metrics": {"score": n / 1000, "label": n % 2, "segment": "ab"[n % 3 % 2]}} for n in range(1000)]
    server.post("/v1/models/m/predictions", rows, JSON)


def uploads(server: Server, wasm: bytes, count: int):
    fill(server)
    print(f"{len(wasm) / 1000:.0f} kB each; before: {server.resident_mib():.0f} MiB of memory")
    names, seconds, begun = [], [], time.perf_counter()
    for number in range(count):
        started = time.perf_counter()
        names.append(install(server, named(wasm, number)))
        seconds.append(time.perf_counter() - started)
    took, third = time.perf_counter() - begun, max(1, count // 3)
    print(f"{count:,} uploads in {took:.0f} s: {spread(seconds)} each; the first third {median(seconds[:third]):.3f} s, "
          f"the last {median(seconds[-third:]):.3f} s; memory {server.resident_mib():.0f}, peak {server.peak_mib():.0f} MiB")
    components, machine_code = disk_mib(server)
    print(f"on disk: components {components:.0f} MiB, machine code {machine_code:.0f} MiB")
    print(f"list of 100: {spread(repeated(server, '/v1/plugins'))}; of 1000: {spread(repeated(server, '/v1/plugins?limit=1000'))}")
    print(f"one plugin: {spread(repeated(server, f'/v1/plugins/{names[count // 2]}'))}")
    server.stop()
    started = time.perf_counter()
    server.start()
    print(f"started again in {time.perf_counter() - started:.2f} s, {server.resident_mib():.0f} MiB of memory")
    some = names[:: max(1, count // 20)]
    print(f"evaluated, each for the first time since: {spread([ask(server, name, 1) for name in some])}")
    print(f"again: {spread([ask(server, name, 2) for name in some])}; memory {server.resident_mib():.0f} MiB")


def first_calls(server: Server, path: Path, repeats: int):
    """Compiled at the first call, started from machine code on disk, and with that in memory."""
    plugin = install(server, path.read_bytes())
    cold, cached, warm = [], [], []
    for _ in range(repeats):
        server.stop()
        shutil.rmtree(server.data / "data" / "cache")
        server.start()
        cold.append(ask(server, plugin, 0))
        server.stop()
        server.start()
        # The server's own first steps are not the plugin's.
        server.post("/v1/sql", {"sql": "SELECT count(*) AS n FROM m"})
        cached.append(ask(server, plugin, 1))
        warm += [ask(server, plugin, turn) for turn in range(2, 12)]
    print(f"| {path.stem} | {path.stat().st_size / 1000:.0f} kB | {median(cold):.2f} s | {median(cached) * 1e3:.0f} ms | {median(warm) * 1e3:.1f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=int, default=1000)
    parser.add_argument("--upload", type=Path, default=EXAMPLE, help="the plugin that is uploaded under other names")
    parser.add_argument("--first-calls", type=Path, nargs="*", default=[EXAMPLE], help="plugins to be timed one by one")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    build()
    if arguments.plugins:
        with Server() as server:
            uploads(server, arguments.upload.read_bytes(), arguments.plugins)
    if arguments.first_calls:
        print("| plugin | size | compiled at the first call | from machine code on disk | in memory |")
    for path in arguments.first_calls:
        with Server() as server:
            fill(server)
            first_calls(server, path, arguments.repeats)


if __name__ == "__main__":
    main()
