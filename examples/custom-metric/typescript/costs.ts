// Costs and rows, by segment: the state.

import { compareText } from "driftline-sdk";

export interface Segment {
  cost: number;
  rows: number;
}

/** A segment's name, cost and rows. */
export type SavedSegment = readonly [name: string, cost: number, rows: number];

export function mean(segment: Segment): number {
  return segment.cost / segment.rows;
}

export class Costs {
  private readonly segments = new Map<string, Segment>();

  /** The segment of a name, which is new and empty unless it is known. */
  segment(name: string): Segment {
    let segment = this.segments.get(name);
    if (!segment) this.segments.set(name, (segment = { cost: 0, rows: 0 }));
    return segment;
  }

  get(name: string): Segment | undefined {
    return this.segments.get(name);
  }

  /** All segments in the order of their names. */
  sorted(): [name: string, segment: Segment][] {
    return [...this.segments].sort(([a], [b]) => compareText(a, b));
  }

  /** The mean cost of a row; undefined without rows. */
  mean(): number | undefined {
    const all = { cost: 0, rows: 0 };
    for (const [, segment] of this.sorted()) add(all, segment);
    return all.rows > 0 ? mean(all) : undefined;
  }

  save(): SavedSegment[] {
    return this.sorted().map(([name, { cost, rows }]) => [name, cost, rows]);
  }

  merge(saved: readonly SavedSegment[]): void {
    for (const [name, cost, rows] of saved) add(this.segment(name), { cost, rows });
  }
}

function add(to: Segment, other: Segment): void {
  to.cost += other.cost;
  to.rows += other.rows;
}
