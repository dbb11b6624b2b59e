// What a metric says in the end.

/** One reported number, or that there is none and why. */
export class Value {
  /** A NaN when it is not known. */
  standardError: f64 = NaN;
  note: string | null = null;

  constructor(
    readonly name: string,
    /** NaN and infinities mean undefined. */
    readonly number: f64,
  ) {}
}

export class Series {
  constructor(
    readonly name: string,
    readonly x: Array<f64>,
    readonly y: Array<f64>,
  ) {}
}

/** A series at x = 0, 1, 2, … */
export function heights(name: string, y: Array<f64>): Series {
  const x = new Array<f64>(y.length);
  for (let i = 0; i < y.length; i++) x[i] = i;
  return new Series(name, x, y);
}

export class Chart {
  /** The names of x = 0, 1, 2, … when not empty. */
  categories: Array<string> = [];
  series: Array<Series> = [];

  constructor(
    /** "line", "bars" or "heatmap". */
    readonly kind: string,
    readonly name: string,
    readonly xLabel: string,
    readonly yLabel: string,
  ) {}
}

/** Numbers, reasons and pictures. */
export class Report {
  readonly values: Array<Value> = [];
  readonly charts: Array<Chart> = [];

  /** Adds a number, to which a standard error and a note can be given. */
  value(name: string, number: f64): Value {
    const value = new Value(name, number);
    this.values.push(value);
    return value;
  }

  /** Says why there is no number. */
  undefined(name: string, reason: string): void {
    this.value(name, NaN).note = reason;
  }
}

/** Orders texts by their code points, as other languages order UTF-8; `<` orders UTF-16, which differs beyond U+FFFF. */
export function compareText(a: string, b: string): i32 {
  for (let i = 0, size = min(a.length, b.length); i < size; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference != 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates come after everything else. */
function rank(unit: i32): i32 {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}
