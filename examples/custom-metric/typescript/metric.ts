// What wrong predictions cost, by segment.
//
// A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their prices
// here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has changed.

import { type Chart, type Description, heights, Metric, plugin, Report, type Rows } from "driftline-sdk";
import { Costs, mean, type SavedSegment, type Segment } from "./costs";

/** The most segments drawn; of more, those with the most rows. */
const DRAWN = 30;

/** What a user may choose; the defaults are in the description. */
interface Parameters {
  readonly cost_false_positive: number;
  readonly cost_false_negative: number;
  readonly threshold: number;
  readonly positive: string | null;
}

class CostBySegment extends Metric<Parameters, SavedSegment[]> {
  static readonly description: Description = {
    name: "cost-by-segment-typescript",
    version: "1.0.0",
    doc: "What wrong predictions cost on average, in all and by segment.",
    inputs: [
      { name: "score", doc: "The model's score; from the threshold on it predicts positive." },
      { name: "label", kind: ["number", "category"], doc: "The truth: 0 or 1, or a boolean." },
      { name: "segment", kind: "category", doc: "What to group by." },
    ],
    outputs: [
      { name: "cost_per_prediction", direction: "lower", range: [0, null], doc: "The mean over all rows." },
      { name: "worst_segment_cost", direction: "lower", range: [0, null], doc: "The largest mean of a segment." },
      { name: "change", direction: "lower", doc: "Cost per prediction, less that of the reference." },
      { name: "cost/*", direction: "lower", range: [0, null], doc: "The mean over the rows of a segment." },
    ],
    parameters: {
      type: "object",
      additionalProperties: false,
      properties: {
        cost_false_positive: {
          type: "number",
          minimum: 0,
          default: 1,
          description: "What it costs to take a negative for a positive.",
        },
        cost_false_negative: {
          type: "number",
          minimum: 0,
          default: 5,
          description: "What it costs to miss a positive.",
        },
        threshold: { type: "number", default: 0.5, description: "From this score on a row is predicted positive." },
        positive: {
          type: ["string", "null"],
          default: null,
          description: "The label of positive rows; without it 1 and true are positive.",
        },
      },
    },
    reference: "optional",
  };

  private readonly costs = new Costs();

  override update(rows: Rows): void {
    const { cost_false_positive, cost_false_negative, threshold, positive } = this.parameters;
    const scores = rows.numbers("score");
    const labels = rows.truth("label", positive);
    const { codes, labels: names } = rows.categories("segment");
    const byCode: Segment[] = [];
    for (let row = 0; row < scores.length; row++) {
      const code = codes[row]!;
      const segment = (byCode[code] ??= this.costs.segment(names[code] ?? "(missing)"));
      const isPredicted = scores[row]! >= threshold;
      if (isPredicted && labels[row] === 0) segment.cost += cost_false_positive;
      if (!isPredicted && labels[row] === 1) segment.cost += cost_false_negative;
      segment.rows += 1;
    }
  }

  override save(): SavedSegment[] {
    return this.costs.save();
  }

  override merge(saved: SavedSegment[]): void {
    this.costs.merge(saved);
  }

  override evaluate(reference: this | null): Report {
    const report = new Report();
    const now = this.costs.mean();
    if (now === undefined) return report.undefined("cost_per_prediction", "no labelled rows in the window");
    report.value("cost_per_prediction", now);
    const before = reference?.costs.mean();
    if (before !== undefined) report.value("change", now - before);
    const segments = this.costs.sorted();
    const [name, worst] = segments.reduce((a, b) => (mean(b[1]) >= mean(a[1]) ? b : a));
    report.value("worst_segment_cost", mean(worst), { note: `segment ${name}` });
    for (const [name, segment] of segments) report.value(`cost/${name}`, mean(segment));
    return report.chart(this.chart(reference?.costs));
  }

  /** A bar for each segment, beside those of the reference. */
  private chart(reference: Costs | undefined): Chart {
    const drawn = this.costs.sorted().sort(([, a], [, b]) => b.rows - a.rows).slice(0, DRAWN);
    const series = [heights("current", drawn.map(([, segment]) => mean(segment)))];
    const before = (name: string): number => {
      const segment = reference?.get(name);
      return segment ? mean(segment) : 0;
    };
    if (reference) series.push(heights("reference", drawn.map(([name]) => before(name))));
    return {
      name: "Cost by segment",
      xLabel: this.inputs.name("segment"),
      yLabel: "cost per prediction",
      kind: "bars",
      categories: drawn.map(([name]) => name),
      series,
    };
  }
}

export const metric = plugin(CostBySegment);
