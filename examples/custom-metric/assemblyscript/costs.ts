// Costs and rows, by segment: the state.

import { compareText } from "driftline-sdk-assemblyscript";

export class Segment {
  cost: f64 = 0;
  rows: f64 = 0;

  constructor(readonly name: string) {}

  get mean(): f64 {
    return this.cost / this.rows;
  }

  add(cost: f64, rows: f64): void {
    this.cost += cost;
    this.rows += rows;
  }
}

export class Costs {
  private readonly segments: Map<string, Segment> = new Map();

  /** The segment of a name, which is new and empty unless it is known. */
  segment(name: string): Segment {
    if (!this.segments.has(name)) this.segments.set(name, new Segment(name));
    return this.segments.get(name);
  }

  find(name: string): Segment | null {
    return this.segments.has(name) ? this.segments.get(name) : null;
  }

  /** All segments in the order of their names. */
  sorted(): Array<Segment> {
    return this.segments.values().sort((a, b) => compareText(a.name, b.name));
  }

  /** The segments with the most rows. */
  largest(count: i32): Array<Segment> {
    const byRows = this.segments.values().sort((a, b) => {
      if (a.rows != b.rows) return a.rows < b.rows ? 1 : -1;
      return compareText(a.name, b.name);
    });
    return byRows.slice(0, count);
  }

  /** All rows. */
  total(): Segment {
    const total = new Segment("");
    const segments = this.sorted();
    for (let i = 0; i < segments.length; i++) total.add(segments[i].cost, segments[i].rows);
    return total;
  }
}
