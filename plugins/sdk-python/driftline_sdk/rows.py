"""Rows as a metric reads them: columns by the name of an input."""

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from .failure import Failure


class Categories(NamedTuple):
    """The cells of a category column: `labels[codes[row]]`, beyond the end when missing."""

    #: Mean the same label for the life of the plugin's instance, and nothing beyond.
    codes: array
    labels: list[str]


class Inputs:
    """Which columns are bound to which inputs. `source` is the contract's interface `columns`, or a test's."""

    def __init__(self, source: Any, names: Sequence[str]):
        self._source = source
        self._numbers = {name: number for number, name in enumerate(names)}

    def columns(self, name: str) -> list[int]:
        """The numbers of the columns bound to an input: none when an optional input was left out."""
        if name not in self._numbers:
            raise Failure(f"the plugin reads an input `{name}` that it does not declare")
        return self._source.bound(self._numbers[name])

    def has(self, name: str) -> bool:
        return bool(self.columns(name))

    def name(self, column: str | int) -> str:
        """The data set's name for the (first) column of an input, or for a column."""
        return self._source.name(self._column(column))

    def kind(self, column: str | int) -> str:
        """How the column is read: "number", "category" or "timestamp"."""
        return self._source.kind(self._column(column))

    def _column(self, column: str | int) -> int:
        if isinstance(column, int):
            return column
        if bound := self.columns(column):
            return bound[0]
        raise Failure(f"the plugin reads the optional input `{column}`, which is not bound: bind a column to it")


class Rows(Inputs):
    """The batch of rows to take in. A column is named by its input, or is one of the numbers that `columns` lists.

    Cells come as arrays: one copy of all bytes instead of one object for each cell.
    """

    def __init__(self, source: Any, names: Sequence[str]):
        super().__init__(source, names)
        self._labels: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return self._source.rows()

    def numbers(self, column: str | int) -> array:
        """A missing cell is a NaN."""
        return array("d", self._source.bytes(self._column(column)))

    def timestamps(self, column: str | int) -> array:
        """Microseconds since 1970-01-01 UTC; a missing cell is the smallest 64-bit integer."""
        return array("q", self._source.bytes(self._column(column)))

    def categories(self, column: str | int) -> Categories:
        number = self._column(column)
        # First: this batch's labels are known from then on.
        codes = array("I", self._source.bytes(number))
        labels = self._labels.setdefault(number, [])
        labels += self._source.labels(number, len(labels))
        return Categories(codes, labels)

    def validity(self, column: str | int) -> bytes | None:
        """One bit for each row, least significant first, 1 = present; None when no cell is missing."""
        return self._source.validity(self._column(column))

    def truth(self, name: str, positive: str | None = None) -> Sequence[bool]:
        """Binary truth: whether each row is positive.

        Without `positive`, 1 and "true" are, and whatever is neither that nor 0 or "false" is a failure.
        """
        if self.kind(name) == "category":
            return self._category_truth(name, positive)
        cells = self.numbers(name)
        if positive is None:
            for cell in cells:
                if cell != 0.0 and cell != 1.0:
                    _unclear(name, f"{cell:.17g}")
            return [cell == 1.0 for cell in cells]
        try:
            number = float(positive)
        except ValueError:
            raise Failure.parameters(
                f"`positive` is `{positive}`, but `{name}` holds numbers: give a number"
            ) from None
        return [cell == number for cell in cells]

    def _category_truth(self, name: str, positive: str | None) -> Sequence[bool]:
        codes, labels = self.categories(name)
        if positive is not None:
            classes = [label == positive for label in labels]
        else:
            classes = [{"true": True, "1": True, "false": False, "0": False}.get(label.lower()) for label in labels]
        for code in set(codes):
            if code >= len(labels):
                _unclear(name, "`(missing)`")
            if classes[code] is None:
                _unclear(name, f"`{labels[code]}`")
        return [classes[code] for code in codes]


def _unclear(name: str, label: str) -> NoReturn:
    raise Failure.data(
        f"`{name}` holds {label}, which is neither 0 nor 1, false nor true: "
        f"name the positive label with the parameter `positive`, or bind `{name}` to a comparison"
    )
