"""What it takes to compile plugins in the child process that a server starts: time, processor, memory, beside its limits."""

import argparse
import resource
import struct
import subprocess
import time
from pathlib import Path

from host import BINARY, ROOT, build

# As in `Limits` of the sandbox.
MIB, LIMIT_MIB, LIMIT_S = 2**20, 1024, 60
EXAMPLE = ROOT / "examples" / "custom-metric" / "rust" / "cost-by-segment.wasm"


def compiled(wasm: bytes, mib: int, threads: int = 4) -> tuple[bool, float, float]:
    """Whether it compiles within so much address space, and the seconds of the clock and of processors."""
    request = struct.pack("<QQBB", mib * MIB, 10 * LIMIT_S, 0, 0) + wasm
    environment = {"RAYON_NUM_THREADS": str(threads), "MALLOC_ARENA_MAX": "2"}
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before, started = used(), time.perf_counter()
    child = subprocess.run([BINARY, "compile"], input=request, capture_output=True, env=environment)
    return child.returncode == 0, time.perf_counter() - started, used() - before


def needed(wasm: bytes) -> int:
    """The least address space, in steps of 16 MiB, within which it compiles."""
    low, high = 0, LIMIT_MIB // 16
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if compiled(wasm, middle * 16)[0] else (middle, high)
    return high * 16


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plugins", type=Path, nargs="*", default=[EXAMPLE])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    build()
    print(f"| plugin | kB | clock (limit {LIMIT_S} s) | processor | on one thread | address space (limit {LIMIT_MIB} MiB) |")
    for path in arguments.plugins:
        wasm = path.read_bytes()
        runs = [compiled(wasm, LIMIT_MIB) for _ in range(arguments.repeats)]
        assert all(done for done, _, _ in runs), path
        clock, processor = min(run[1] for run in runs), min(run[2] for run in runs)
        single = compiled(wasm, LIMIT_MIB, 1)[1]
        print(f"| {path.stem} | {len(wasm) / 1000:.0f} | {clock:.2f} s | {processor:.2f} s | {single:.2f} s | {needed(wasm)} MiB |", flush=True)


if __name__ == "__main__":
    main()
