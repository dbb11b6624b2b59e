// Costs and rows, by segment: the state.

import { compareText } from "driftline-sdk";

export function mean(segment) {
  return segment.cost / segment.rows;
}

export class Costs {
  segments = new Map();

  /** The segment of a name, which is new and empty unless it is known. */
  segment(name) {
    let segment = this.segments.get(name);
    if (!segment) this.segments.set(name, (segment = { cost: 0, rows: 0 }));
    return segment;
  }

  get(name) {
    return this.segments.get(name);
  }

  /** All segments in the order of their names. */
  sorted() {
    return [...this.segments].sort(([a], [b]) => compareText(a, b));
  }

  /** The mean cost of a row; undefined without rows. */
  mean() {
    const all = { cost: 0, rows: 0 };
    for (const [, segment] of this.sorted()) add(all, segment);
    return all.rows > 0 ? mean(all) : undefined;
  }

  save() {
    return this.sorted().map(([name, { cost, rows }]) => [name, cost, rows]);
  }

  merge(saved) {
    for (const [name, cost, rows] of saved) add(this.segment(name), { cost, rows });
  }
}

function add(to, other) {
  to.cost += other.cost;
  to.rows += other.rows;
}
