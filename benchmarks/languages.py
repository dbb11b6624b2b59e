"""The custom metric in every language over a million rows, as `examples/custom-metric/build-all` has built it."""

import argparse
import time
from pathlib import Path

from host import ARROW, ROOT, Server, arrow_stream, build, median
from rows import CURRENT, MONTH, START, month

EXAMPLES = ROOT / "examples" / "custom-metric"
RUST = EXAMPLES / "rust" / "cost-by-segment.wasm"
INPUTS = {"score": "score", "label": "label", "segment": "category"}
SOURCES = ("*.rs", "*.c", "*.h", "*.cpp", "*.hpp", "*.zig", "*.go", "*.py", "*.js", "*.ts", "description.json")
SKIPPED = ("node_modules", ".venv", "tests", "target")


def lines(language: str) -> int:
    """Lines of the metric's source that are not blank, with its description, without tests and the SDK."""
    folder = EXAMPLES / language
    files = {path for pattern in SOURCES for path in folder.rglob(pattern)}
    own = [path for path in files if not set(SKIPPED) & set(path.relative_to(folder).parts)]
    return sum(1 for path in own for line in path.read_text().splitlines() if line.strip())


def install(server: Server, wasm: bytes) -> tuple[str, float]:
    """The name of an uploaded plugin, and the seconds until it was compiled."""
    started = time.perf_counter()
    answer = server.session.post(f"{server.url}/v1/plugins", data=wasm, headers={"Content-Type": "application/wasm"})
    assert answer.status_code == 201, answer.text[:500]
    return answer.json()["name"], time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("built", type=Path, help="the folder that build-all has filled")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    build()
    components = {"rust": RUST, **{path.stem: path for path in sorted(arguments.built.glob("*.wasm"))}}
    with Server("--seal-age", "2s", "--maintenance-interval", "1s") as server:
        server.post("/v1/models/bench/predictions", arrow_stream(month(arguments.rows, START + MONTH, 2)), ARROW)
        server.wait_until_quiet("bench")
        plugins = {language: install(server, path.read_bytes()) for language, path in components.items()}
        milliseconds = {language: [] for language in components}
        costs = {}
        # In turn, so that all share the state of the machine; the first turn fills caches and is not counted.
        for turn in range(arguments.repeats + 1):
            for language, (name, _) in plugins.items():
                request = {"model": "bench", "plugin": name, "inputs": INPUTS, "window": CURRENT}
                answer = server.evaluate(**request, where=f"always > -{turn + 1}")
                milliseconds[language] += [answer["timing"]["total_ms"]] if turn else []
                costs[language] = answer["results"][0]["values"][0]["value"]
        assert len(set(costs.values())) == 1, costs
        print("| language | lines | kB | uploaded and compiled | evaluated, median | smallest | largest |")
        for language, (_, compiled) in plugins.items():
            size = components[language].stat().st_size / 1000
            took = milliseconds[language]
            print(f"| {language} | {lines(language)} | {size:.0f} | {compiled:.2f} s | {median(took):.0f} ms | {min(took):.0f} | {max(took):.0f} |")


if __name__ == "__main__":
    main()
