"""Write Driftline metrics: subclass `Metric`, then `python -m driftline_sdk.componentize your_module:YourMetric`."""

from .description import Description, Input, Output, parameter
from .failure import Failure
from .metric import Metric, NoParameters
from .report import Chart, Report, Series, Value
from .rows import Categories, Inputs, Rows

__all__ = [
    "Categories",
    "Chart",
    "Description",
    "Failure",
    "Input",
    "Inputs",
    "Metric",
    "NoParameters",
    "Output",
    "Report",
    "Rows",
    "Series",
    "Value",
    "parameter",
]
