// What wrong predictions cost, by segment.
//
// A bank loses little by checking a good customer and much by missing a fraud; the two kinds of error have their prices
// here. The metric reports the cost for each prediction in every segment, and, with a reference, how it has changed.

import {
  Chart, Loaded, Metric, Parameters, Report, Saved, categories, heights, nameOf, numbers, plugin, truth,
} from "driftline-sdk-assemblyscript";

import { Costs, Segment } from "./costs";
import { description } from "./description";

export * from "driftline-sdk-assemblyscript/exports";

// The inputs, numbered as in the description.
const SCORE = 0;
const LABEL = 1;
const SEGMENT = 2;

/** The most segments drawn; of more, those with the most rows. */
const DRAWN = 30;

class CostBySegment extends Metric {
  private readonly costFalsePositive: f64;
  private readonly costFalseNegative: f64;
  private readonly threshold: f64;
  private readonly positive: string | null;
  private readonly costs: Costs = new Costs();

  constructor(parameters: Parameters) {
    super();
    this.costFalsePositive = parameters.number("cost_false_positive");
    this.costFalseNegative = parameters.number("cost_false_negative");
    this.threshold = parameters.number("threshold");
    this.positive = parameters.text("positive");
  }

  update(): bool {
    const labels = truth(LABEL, "label", this.positive);
    if (!labels) return false;
    const scores = numbers(SCORE);
    const cells = categories(SEGMENT);
    const codes = cells.codes;
    const byCode = new StaticArray<Segment | null>(cells.labels.length);
    for (let row = 0; row < scores.length; row++) {
      const code = codes[row];
      let segment = byCode[code];
      if (!segment) byCode[code] = segment = this.costs.segment(cells.labels[code]);
      const isPredicted = scores[row] >= this.threshold;
      if (isPredicted && !labels[row]) segment.cost += this.costFalsePositive;
      if (!isPredicted && labels[row]) segment.cost += this.costFalseNegative;
      segment.rows += 1;
    }
    return true;
  }

  save(state: Saved): void {
    const segments = this.costs.sorted();
    for (let i = 0; i < segments.length; i++) {
      state.text(segments[i].name);
      state.number(segments[i].cost);
      state.number(segments[i].rows);
    }
  }

  merge(state: Loaded): bool {
    while (!state.isEmpty) {
      const segment = this.costs.segment(state.text());
      const cost = state.number();
      segment.add(cost, state.number());
    }
    return true;
  }

  evaluate(reference: Metric | null, report: Report): bool {
    const total = this.costs.total();
    if (total.rows == 0) {
      report.undefined("cost_per_prediction", "no labelled rows in the window");
      return true;
    }
    report.value("cost_per_prediction", total.mean);
    const before = reference ? (<CostBySegment>reference).costs : null;
    if (before) {
      const then = before.total();
      if (then.rows > 0) report.value("change", total.mean - then.mean);
    }
    const segments = this.costs.sorted();
    let worst = segments[0];
    for (let i = 0; i < segments.length; i++) if (segments[i].mean >= worst.mean) worst = segments[i];
    report.value("worst_segment_cost", worst.mean).note = "segment " + worst.name;
    for (let i = 0; i < segments.length; i++) report.value("cost/" + segments[i].name, segments[i].mean);
    report.charts.push(this.chart(before));
    return true;
  }

  /** A bar for each segment, beside those of the reference. */
  private chart(reference: Costs | null): Chart {
    const drawn = this.costs.largest(DRAWN);
    const chart = new Chart("bars", "Cost by segment", nameOf(SEGMENT), "cost per prediction");
    const now: Array<f64> = [];
    const then: Array<f64> = [];
    for (let i = 0; i < drawn.length; i++) {
      chart.categories.push(drawn[i].name);
      now.push(drawn[i].mean);
      const before = reference ? reference.find(drawn[i].name) : null;
      then.push(before ? before.mean : 0);
    }
    chart.series.push(heights("current", now));
    if (reference) chart.series.push(heights("reference", then));
    return chart;
  }
}

plugin(description, (parameters) => new CostBySegment(parameters));
