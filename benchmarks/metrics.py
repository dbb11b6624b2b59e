"""Every standard metric over a million rows beside its reference implementation, both from memory and both from storage."""

import argparse
import os
import tempfile
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import pandas as pd
import pyarrow.parquet as pq

import peers
from host import ARROW, Server, arrow_stream, build, median, spread, timed
from rows import CURRENT, REFERENCE, START, MONTH, many_columns, month

warnings.simplefilter("ignore")
COLUMNS = ("metric", "from memory", "peer from memory", "ratio", "from storage", "peer from Parquet", "ratio", "peer")


class Bench:
    """Both months, for the server in sealed segments and for the peers in files; for each metric in the memory of both."""

    def __init__(self, stored: Server, holding: Server, scratch: Path, rows: int, repeats: int):
        self.stored, self.holding, self.repeats = stored, holding, repeats
        self.turn = self.held = 0
        self.files = {}
        for name, start, seed in (("reference", START, 1), ("current", START + MONTH, 2)):
            table = month(rows, start, seed)
            self.files[name] = scratch / f"{name}.parquet"
            pq.write_table(table, self.files[name], compression="zstd")
            upload(stored, "bench", table)
        stored.wait_until_sealed("bench")

    def hold(self, columns: list[str], sides: list[str]) -> str:
        """A model of these columns whose rows are never sealed; after the first evaluation they are in memory, decoded."""
        self.held += 1
        model = f"held-{self.held}"
        tables = [pq.read_table(self.files[side], columns=sorted({"time", *columns})) for side in sides]
        for table in tables:
            # A large body would go to segments by itself.
            upload(self.holding, model, table, body=5_000_000)
        unsealed = self.holding.get(f"/v1/models/{model}")["unsealed_rows"]
        assert unsealed == sum(table.num_rows for table in tables), f"{unsealed} rows are in memory"
        return model

    def ours(self, server: Server, model: str, peer: "peers.Peer") -> dict:
        """The values of a metric, by name; a condition that is new each time keeps results from being used again."""
        self.turn += 1
        new = {self.stored: f"always > -{self.turn}", self.holding: f"time > to_timestamp_micros({self.turn})"}
        request = {"inputs": peer.inputs, "parameters": peer.parameters, "where": new[server]}
        if peer.reference:
            request["reference"] = REFERENCE
        result = server.evaluate(model=model, plugin=peer.plugin, window=CURRENT, **request)["results"][0]
        assert result.get("failure") is None, result
        return {value["name"]: value["value"] for value in result["values"]}

    def frames(self, columns: list[str], sides: list[str]) -> list[pd.DataFrame]:
        return [pd.read_parquet(self.files[side], columns=columns) for side in sides]

    def measure(self, peer: "peers.Peer"):
        """One line of the table."""
        sides = ["reference", "current"] if peer.reference else ["current"]
        frames = self.frames(peer.columns, sides[::-1])
        held = self.hold(peer.columns, sides)
        contenders = {
            "memory": lambda: self.ours(self.holding, held, peer),
            "peer from memory": lambda: peer.work(*frames),
            "storage": lambda: self.ours(self.stored, "bench", peer),
            "peer from storage": lambda: peer.work(*self.frames(peer.columns, sides[::-1])),
        }
        # Compiles the plugin and fills caches of files, as reading the frames did.
        contenders["memory"](), contenders["storage"]()
        seconds = {name: [] for name in contenders}
        answers = {}
        # In turn, so that all share the state of the machine.
        for _ in range(self.repeats):
            for name, work in contenders.items():
                took, answers[name] = timed(work, 1)
                seconds[name] += took
        agree(peer, answers["storage"], answers["peer from memory"])
        agree(peer, answers["memory"], answers["peer from memory"])
        ratio = lambda ours: f"{median(seconds[f'peer from {ours}']) / median(seconds[ours]):.2f}x"
        pairs = [[spread(seconds[ours]), spread(seconds[f"peer from {ours}"]), ratio(ours)] for ours in ("memory", "storage")]
        row(peer.plugin, *pairs[0], *pairs[1], peer.name)


def agree(peer: "peers.Peer", ours: dict, theirs: dict):
    for name, expected in theirs.items():
        off = abs(ours[name] - expected) / max(abs(expected), 1e-12)
        assert off <= peer.within, f"{peer.plugin}: {name} is {ours[name]} beside {expected}"


def row(*cells: str):
    print(f"| {cells[0]:24} | " + " | ".join(f"{cell:>26}" for cell in cells[1:-1]) + f" | {cells[-1]} |", flush=True)


def upload(server: Server, model: str, table, body: int = 50_000_000):
    """Sends rows in bodies of about so many bytes."""
    step = max(1, body // (8 * table.num_columns))
    for offset in range(0, table.num_rows, step):
        server.post(f"/v1/models/{model}/predictions", arrow_stream(table.slice(offset, step)), ARROW)


def wide(server: Server, rows: int, columns: int):
    """PSI and KS of many columns at once, beside Evidently's functions column by column, its data in memory."""
    tables = [many_columns(rows, columns, start, seed) for start, seed in ((START, 3), (START + MONTH, 4))]
    for table in tables:
        upload(server, "wide", table)
    server.wait_until_sealed("wide")
    names = [name for name in tables[0].column_names if name != "time"]
    reference, current = (table.select(names).to_pandas() for table in tables)
    print(f"\n{columns} columns of {rows:,} rows against {rows:,}, once each")
    request = {"model": "wide", "window": CURRENT, "reference": REFERENCE, "inputs": {"value": names}}
    for plugin, output, parameters, name, work in (
        ("psi", "psi", {"mode": "evidently"}, "Evidently", peers.evidently_psi),
        ("ks", "statistic", {}, "Evidently (SciPy)", peers.scipy_ks),
    ):
        (ours,), answer = timed(lambda: server.evaluate(plugin=plugin, parameters=parameters, **request), 1)
        (theirs,), values = timed(lambda: [work(current[[n]], reference[[n]])[output] for n in names], 1)
        found = [next(v["value"] for v in result["values"] if v["name"] == output) for result in answer["results"]]
        assert all(abs(a - b) <= 1e-9 * abs(b) for a, b in zip(found, values, strict=True)), plugin
        print(f"| {plugin:4} | driftline {ours:8.2f} s | {name} in memory {theirs:8.2f} s | {theirs / ours:.2f}x |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--columns", type=int, default=100, help="of the wide comparison; 0 leaves it out")
    parser.add_argument("--only", nargs="*", default=[], help="plugins")
    arguments = parser.parse_args()
    build()
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("DRIFTLINE_BENCH_DIR")) as scratch,
        Server(scratch=scratch) as server,
        Server("--seal-rows", "0", "--row-cache-mib", "1024", scratch=scratch) as holding,
    ):
        bench = Bench(server, holding, Path(scratch), arguments.rows, arguments.repeats)
        print(f"{arguments.rows:,} rows (against as many, where there is a reference); ratios are the peer's time to ours")
        row(*COLUMNS)
        for peer in peers.PEERS:
            if not arguments.only or peer.plugin in arguments.only:
                bench.measure(peer)
        if arguments.columns:
            wide(server, arguments.rows, arguments.columns)


main()
