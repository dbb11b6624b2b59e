"""A start with a gibibyte of rows that are in no segment yet, after a kill."""

import argparse
import time

import numpy as np

from host import ARROW, QUICK, Server, arrow_stream, build
from ingest import table

PATH = "/v1/models/bench/predictions"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    mib = parser.parse_args().mib
    build()
    rng = np.random.default_rng(5)
    streams = [arrow_stream(table(rng, 20_000)) for _ in range(4)]
    # Nothing is sealed, so that everything stays in the log.
    with Server("--seal-rows", "0") as server:
        rows = 0
        while server.disk_mib() < mib:
            server.post(PATH, streams[rows // 20_000 % 4], ARROW)
            rows += 20_000
        print(f"{rows:,} rows in a log of {server.disk_mib():,.0f} MiB")
        for options in (("--seal-rows", "0"), QUICK):
            server.kill()
            server.options = options
            started = time.perf_counter()
            server.start()
            ready = time.perf_counter()
            assert server.get("/v1/models/bench")["predictions"] == rows
            counted = time.perf_counter()
            server.post(PATH, streams[0], ARROW)
            rows += 20_000
            written = time.perf_counter()
            print(f"restart {'that seals' if options is QUICK else 'that seals nothing'}: ready after {ready - started:.2f} s, the model shown "
                  f"after {counted - started:.2f} s, 20,000 rows more kept after {written - started:.2f} s; "
                  f"peak memory {server.peak_mib():,.0f} MiB")
        started = time.perf_counter()
        server.wait_until_quiet("bench", 1)
        print(f"all sealed {time.perf_counter() - started:.1f} s later; peak memory {server.peak_mib():,.0f} MiB, "
              f"{len(server.listed())} files")


if __name__ == "__main__":
    main()
