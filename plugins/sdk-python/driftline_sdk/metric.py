"""The one class that a metric extends."""

from dataclasses import dataclass
from typing import Any, ClassVar

from .description import Description
from .report import Report
from .rows import Inputs, Rows


@dataclass(frozen=True)
class NoParameters:
    """The parameters of a metric that has none."""


class Metric:
    """A mergeable summary of rows, and a function from summaries to numbers.

    For rows A and B in any batches, updating with A and merging what was saved of B must give what updating with both
    gives, up to rounding: the runtime cuts windows as it likes.
    """

    description: ClassVar[Description]
    #: A dataclass of `parameter`s.
    Parameters: ClassVar[type] = NoParameters

    def __init__(self, parameters: Any, inputs: Inputs):
        self.parameters = parameters
        self.inputs = inputs

    def update(self, rows: Rows) -> None:
        """Takes in rows."""
        raise NotImplementedError

    def save(self) -> Any:
        """Everything that `merge` needs, as something that JSON can hold."""
        raise NotImplementedError

    def merge(self, saved: Any) -> None:
        """Adds the rows behind another summary."""
        raise NotImplementedError

    def evaluate(self, reference: Any) -> Report:
        """Turns summaries into results; `reference` is None unless the user chose one."""
        raise NotImplementedError
