"""Costs and rows, by segment: the state."""

from dataclasses import astuple, dataclass, field


@dataclass(slots=True)
class Segment:
    cost: float = 0.0
    rows: float = 0.0

    def add(self, cost: float, rows: float) -> None:
        self.cost += cost
        self.rows += rows

    @property
    def mean(self) -> float:
        return self.cost / self.rows


@dataclass
class Costs:
    segments: dict[str, Segment] = field(default_factory=dict)

    def segment(self, name: str) -> Segment:
        """The segment of a name, which is new and empty unless it is known."""
        return self.segments.setdefault(name, Segment())

    def sorted(self) -> list[tuple[str, Segment]]:
        """All segments in the order of their names."""
        return sorted(self.segments.items(), key=lambda item: item[0])

    @property
    def mean(self) -> float | None:
        """The mean cost of a row; None without rows."""
        total = Segment()
        for _, segment in self.sorted():
            total.add(segment.cost, segment.rows)
        return total.mean if total.rows > 0 else None

    def save(self) -> list[tuple[str, float, float]]:
        return [(name, *astuple(segment)) for name, segment in self.sorted()]

    def merge(self, saved: list[tuple[str, float, float]]) -> None:
        for name, cost, rows in saved:
            self.segment(name).add(cost, rows)
