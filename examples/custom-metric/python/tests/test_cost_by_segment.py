"""The metric over small tables, without WebAssembly: `python -m unittest`."""

import unittest

from driftline_sdk.testing import Table, evaluate

from cost_by_segment import CostBySegment


def table(*rows):
    score, label, segment = zip(*rows) if rows else ([], [], [])
    return Table(CostBySegment, score=list(score), label=list(label), segment=list(segment))


class Costs(unittest.TestCase):
    def test_errors_are_paid_for_by_their_kind(self):
        current = table((0.9, 0, "eu"), (0.1, 1, "eu"), (0.9, 1, "us"), (0.5, 0, "us"))
        reference = table((0.9, 0, "eu"), (0.1, 0, "us"))
        report = evaluate(CostBySegment, current, reference)
        values = {value.name: value.number for value in report.values}
        self.assertEqual(
            values,
            {"cost_per_prediction": 1.75, "change": 1.25, "worst_segment_cost": 3.0, "cost/eu": 3.0, "cost/us": 0.5},
        )

    def test_a_window_without_rows_has_no_cost(self):
        self.assertIsNone(evaluate(CostBySegment, table()).values[0].number)


if __name__ == "__main__":
    unittest.main()
