// What a metric says in the end.

/** One reported number, or that there is none and why. */
export interface Value {
  name: string;
  /** Null, NaN and infinities mean undefined. */
  number: number | null;
  standardError: number | null;
  note: string | null;
}

export interface Series {
  name: string;
  x: number[];
  y: number[];
}

export interface Chart {
  name: string;
  xLabel: string;
  yLabel: string;
  kind: "line" | "bars" | "heatmap";
  /** When not empty, the names of x = 0, 1, 2, … */
  categories: string[];
  series: Series[];
}

/** Numbers, reasons and pictures. */
export class Report {
  readonly values: Value[] = [];
  readonly charts: Chart[] = [];

  /** Adds a number; `more` may hold its standard error and a remark. */
  value(name: string, number: number, more: Partial<Pick<Value, "standardError" | "note">> = {}): this {
    this.values.push({ name, number, standardError: null, note: null, ...more });
    return this;
  }

  /** Says why there is no number. */
  undefined(name: string, reason: string): this {
    this.values.push({ name, number: null, standardError: null, note: reason });
    return this;
  }

  chart(chart: Chart): this {
    this.charts.push(chart);
    return this;
  }
}

/** A series at x = 0, 1, 2, … */
export function heights(name: string, y: number[]): Series {
  return { name, x: y.map((_, i) => i), y };
}

/** Orders texts by their code points, as other languages order UTF-8; `<` orders UTF-16, which differs beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates come after everything else. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}
