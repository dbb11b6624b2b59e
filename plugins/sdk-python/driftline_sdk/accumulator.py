"""A running metric: what the contract calls an accumulator, for WebAssembly and for native tests alike."""

import json
from typing import Any

from .failure import Failure
from .metric import Metric
from .report import Report
from .rows import Rows


class Accumulator:
    def __init__(self, metric: type[Metric], parameters: str, rows: Rows):
        given = json.loads(parameters)
        try:
            fitting = metric.Parameters(**given)
        except TypeError as error:
            raise Failure.parameters(f"the parameters don't fit: {error}") from None
        self.rows = rows
        self.summary = metric(fitting, rows)

    def update(self) -> None:
        self.summary.update(self.rows)

    def state(self) -> bytes:
        return json.dumps(self.summary.save(), separators=(",", ":")).encode()

    def merge(self, state: bytes) -> None:
        try:
            saved: Any = json.loads(state)
        except ValueError as error:
            raise Failure.data(f"the saved state can't be read ({error}): it was not made by this plugin") from None
        self.summary.merge(saved)

    def evaluate(self, reference: "Accumulator | None") -> Report:
        return self.summary.evaluate(reference and reference.summary)


def names_of(metric: type[Metric]) -> list[str]:
    return [each.name for each in metric.description.inputs]
