"""What a metric says in the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Value:
    """One reported number, or that there is none and why."""

    name: str
    #: None, NaN and infinities mean undefined.
    number: float | None
    standard_error: float | None = None
    note: str | None = None


@dataclass
class Series:
    name: str
    x: list[float]
    y: list[float]


@dataclass
class Chart:
    name: str
    x_label: str
    y_label: str
    #: "line", "bars" or "heatmap".
    kind: str = "line"
    #: When not empty, the names of x = 0, 1, 2, ...
    categories: list[str] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

    def heights(self, name: str, heights: Iterable[float]) -> "Chart":
        """Adds a series at x = 0, 1, 2, ..."""
        y = list(heights)
        self.series.append(Series(name, [float(i) for i in range(len(y))], y))
        return self


@dataclass
class Report:
    """Numbers, reasons and pictures."""

    values: list[Value] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)

    def value(
        self, name: str, number: float, *, standard_error: float | None = None, note: str | None = None
    ) -> "Report":
        self.values.append(Value(name, number, standard_error, note))
        return self

    def undefined(self, name: str, reason: str) -> "Report":
        """Says why there is no number."""
        self.values.append(Value(name, None, None, reason))
        return self
