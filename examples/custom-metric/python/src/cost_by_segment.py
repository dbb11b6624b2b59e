"""What wrong predictions cost, by segment.

A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their prices
here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has changed.
"""

from dataclasses import dataclass

from driftline_sdk import Chart, Description, Input, Metric, Output, Report, Rows, parameter

from costs import Costs, Segment

#: The most segments drawn; of more, those with the most rows.
DRAWN = 30


@dataclass(frozen=True)
class Parameters:
    """What a user may choose."""

    cost_false_positive: float = parameter(1.0, "What it costs to take a negative for a positive.", minimum=0)
    cost_false_negative: float = parameter(5.0, "What it costs to miss a positive.", minimum=0)
    threshold: float = parameter(0.5, "From this score on a row is predicted positive.")
    positive: str | None = parameter(None, "The label of positive rows; without it 1 and true are positive.")


class CostBySegment(Metric):
    Parameters = Parameters
    description = Description(
        name="cost-by-segment-python",
        version="1.0.0",
        doc="What wrong predictions cost on average, in all and by segment.",
        inputs=[
            Input("score", doc="The model's score; from the threshold on it predicts positive."),
            Input("label", ["number", "category"], "The truth: 0 or 1, or a boolean."),
            Input("segment", "category", "What to group by."),
        ],
        outputs=[
            Output("cost_per_prediction", "The mean over all rows.", "lower", (0, None)),
            Output("worst_segment_cost", "The largest mean of a segment.", "lower", (0, None)),
            Output("change", "Cost per prediction, less that of the reference.", "lower"),
            Output("cost/*", "The mean over the rows of a segment.", "lower", (0, None)),
        ],
        reference="optional",
    )

    def __init__(self, parameters, inputs):
        super().__init__(parameters, inputs)
        self.costs = Costs()

    def update(self, rows: Rows) -> None:
        chosen = self.parameters
        codes, names = rows.categories("segment")
        by_code: dict[int, Segment] = {code: self.costs.segment(names[code]) for code in set(codes)}
        for score, is_positive, code in zip(rows.numbers("score"), rows.truth("label", chosen.positive), codes):
            segment = by_code[code]
            is_predicted = score >= chosen.threshold
            if is_predicted and not is_positive:
                segment.cost += chosen.cost_false_positive
            elif is_positive and not is_predicted:
                segment.cost += chosen.cost_false_negative
            segment.rows += 1.0

    def save(self):
        return self.costs.save()

    def merge(self, saved) -> None:
        self.costs.merge(saved)

    def evaluate(self, reference: "CostBySegment | None") -> Report:
        report = Report()
        now = self.costs.mean
        if now is None:
            return report.undefined("cost_per_prediction", "no labelled rows in the window")
        report.value("cost_per_prediction", now)
        before = reference and reference.costs.mean
        if before is not None:
            report.value("change", now - before)
        segments = self.costs.sorted()
        worst, costs = max(reversed(segments), key=lambda item: item[1].mean)
        report.value("worst_segment_cost", costs.mean, note=f"segment {worst}")
        for name, segment in segments:
            report.value(f"cost/{name}", segment.mean)
        report.charts.append(self.chart(reference and reference.costs))
        return report

    def chart(self, reference: Costs | None) -> Chart:
        """A bar for each segment, beside those of the reference."""
        drawn = sorted(self.costs.sorted(), key=lambda item: -item[1].rows)[:DRAWN]
        names = [name for name, _ in drawn]
        chart = Chart("Cost by segment", self.inputs.name("segment"), "cost per prediction", "bars", names)
        chart.heights("current", [segment.mean for _, segment in drawn])
        if reference is not None:
            known = reference.segments
            chart.heights("reference", [known[name].mean if name in known else 0.0 for name in names])
        return chart
