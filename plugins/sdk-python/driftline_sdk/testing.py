"""Runs a metric over small tables, without WebAssembly."""

import json
from array import array
from typing import Any

from .accumulator import Accumulator, names_of
from .metric import Metric
from .report import Report
from .rows import Rows


class Table:
    """Columns by the name of an input, all of one length: numbers, or texts for a category."""

    def __init__(self, metric: type[Metric], **columns: list[Any]):
        self._names = names_of(metric)
        self._columns = [columns[name] for name in self._names]
        self._labels = [sorted({str(cell) for cell in cells}) for cells in self._columns]

    def rows(self) -> int:
        return len(self._columns[0])

    def bound(self, number: int) -> list[int]:
        return [number]

    def name(self, column: int) -> str:
        return self._names[column]

    def kind(self, column: int) -> str:
        return "category" if any(isinstance(cell, str) for cell in self._columns[column]) else "number"

    def bytes(self, column: int) -> bytes:
        if self.kind(column) == "number":
            return array("d", self._columns[column]).tobytes()
        return array("I", [self._labels[column].index(cell) for cell in self._columns[column]]).tobytes()

    def labels(self, column: int, start: int) -> list[str]:
        return self._labels[column][start:]

    def validity(self, column: int) -> None:
        return None


def evaluate(metric: type[Metric], current: Table, reference: Table | None = None, **parameters: Any) -> Report:
    """What the metric reports; states go through their saved form."""

    def run(table: Table) -> Accumulator:
        first, second = (Accumulator(metric, json.dumps(parameters), Rows(table, names_of(metric))) for _ in "ab")
        first.update()
        second.merge(first.state())
        return second

    return run(current).evaluate(reference and run(reference))
