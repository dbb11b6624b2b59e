// Rows as a metric reads them: columns by the name of an input.

import columns from "driftline:metric/columns@0.1.1";
import type { Kind } from "./description";
import { Failure } from "./failure";

/** Which columns are bound to which inputs. */
export class Inputs {
  constructor(private readonly names: readonly string[]) {}

  /** The numbers of the columns bound to an input: none when an optional input was left out. */
  columns(input: string): number[] {
    const number = this.names.indexOf(input);
    if (number < 0) throw new Failure(`the plugin reads an input \`${input}\` that it does not declare`);
    return columns.bound(number);
  }

  has(input: string): boolean {
    return this.columns(input).length > 0;
  }

  /** The data set's name for the (first) column of an input, or for a column. */
  name(input: string | number): string {
    return columns.name(this.column(input));
  }

  /** How the column is read. */
  kind(input: string | number): Kind {
    return columns.kind(this.column(input)) as Kind;
  }

  protected column(input: string | number): number {
    if (typeof input === "number") return input;
    const first = this.columns(input)[0];
    if (first === undefined) {
      throw new Failure(`the plugin reads the optional input \`${input}\`, which is not bound: bind a column to it`);
    }
    return first;
  }
}

/** The cells of a category column: `labels[codes[row]]`, undefined when missing. */
export interface Categories {
  /** Mean the same label for the life of the plugin's instance, and nothing beyond. */
  readonly codes: Uint32Array;
  readonly labels: readonly string[];
}

const dictionaries = new Map<number, string[]>();

/** The batch of rows to take in. An input is named, or one of the numbers that `columns` lists. */
export class Rows extends Inputs {
  /** The number of rows. */
  get length(): number {
    return columns.rows();
  }

  /** A missing cell is a NaN. */
  numbers(input: string | number): Float64Array {
    return new Float64Array(this.bytes(input));
  }

  /** Microseconds since 1970-01-01 UTC; a missing cell is the smallest 64-bit integer. */
  timestamps(input: string | number): BigInt64Array {
    return new BigInt64Array(this.bytes(input));
  }

  categories(input: string | number): Categories {
    const column = this.column(input);
    // First: this batch's labels are known from then on.
    const codes = new Uint32Array(this.bytes(column));
    const labels = dictionaries.get(column) ?? [];
    dictionaries.set(column, labels);
    for (const label of columns.labels(column, labels.length)) labels.push(label);
    return { codes, labels };
  }

  /** Whether the cell of a row is present. */
  presence(input: string | number): (row: number) => boolean {
    const bits = columns.validity(this.column(input));
    return bits ? (row) => ((bits[row >> 3]! >> (row & 7)) & 1) === 1 : () => true;
  }

  /**
   * Binary truth, 1 for positive rows. Without `positive`, 1 and "true" are positive, and whatever is neither that nor
   * 0 or "false" is a failure.
   */
  truth(input: string, positive?: string | null): Uint8Array {
    return this.kind(input) === "category" ? this.categoryTruth(input, positive) : this.numberTruth(input, positive);
  }

  private categoryTruth(input: string, positive?: string | null): Uint8Array {
    const { codes, labels } = this.categories(input);
    const classes = labels.map((label) => {
      if (positive != null) return Number(label === positive);
      const word = label.toLowerCase();
      return word === "true" || word === "1" ? 1 : word === "false" || word === "0" ? 0 : undefined;
    });
    const truth = new Uint8Array(codes.length);
    for (let row = 0; row < codes.length; row++) {
      const code = codes[row]!;
      truth[row] = classes[code] ?? unclear(input, `\`${labels[code] ?? "(missing)"}\``);
    }
    return truth;
  }

  private numberTruth(input: string, positive?: string | null): Uint8Array {
    const cells = this.numbers(input);
    const wanted = positive != null ? Number(positive) : 1;
    if (Number.isNaN(wanted) || positive?.trim() === "") {
      throw Failure.parameters(`\`positive\` is \`${positive}\`, but \`${input}\` holds numbers: give a number`);
    }
    const truth = new Uint8Array(cells.length);
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row]!;
      if (positive == null && cell !== 0 && cell !== 1) unclear(input, String(cell));
      truth[row] = Number(cell === wanted);
    }
    return truth;
  }

  /** One copy instead of one object for each cell. */
  private bytes(input: string | number): ArrayBuffer {
    const bytes = columns.bytes(this.column(input));
    return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
      ? (bytes.buffer as ArrayBuffer)
      : bytes.slice().buffer;
  }
}

function unclear(input: string, label: string): never {
  throw Failure.data(
    `\`${input}\` holds ${label}, which is neither 0 nor 1, false nor true: ` +
      `name the positive label with the parameter \`positive\`, or bind \`${input}\` to a comparison`,
  );
}
