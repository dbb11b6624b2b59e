// The batch: columns by the number of their input, 0 for the description's first.

import * as contract from "./contract";
import { Failure, fail } from "./failure";

/** The columns of an input that may be left out or takes several; any other column's number is its input's. */
export function bound(input: u32): Uint32Array {
  contract.bound(input, contract.fetched);
  return Uint32Array.wrap(contract.bufferAt(load<usize>(contract.fetched), load<u32>(contract.fetched, 4)));
}

/** The data set's name for a column. */
export function nameOf(column: u32): string {
  contract.name(column, contract.fetched);
  return contract.fetchedText();
}

/** How a column is read: "number", "category" or "timestamp". */
export function kindOf(column: u32): string {
  contract.kind(column, contract.fetched);
  return contract.fetchedText();
}

/** The number of rows. */
export function rows(): i32 {
  return contract.rows();
}

function bytes(column: u32): ArrayBuffer {
  contract.bytes(column, contract.fetched);
  return contract.fetchedBuffer();
}

/** A missing cell is a NaN. */
export function numbers(column: u32): Float64Array {
  return Float64Array.wrap(bytes(column));
}

/** Microseconds since 1970-01-01 UTC; a missing cell is the smallest i64. */
export function timestamps(column: u32): Int64Array {
  return Int64Array.wrap(bytes(column));
}

/** One bit for each row, least significant first, 1 = present; null when no cell is missing. */
export function validity(column: u32): Uint8Array | null {
  contract.validity(column, contract.fetched);
  return load<u8>(contract.fetched) ? Uint8Array.wrap(contract.fetchedBuffer(4)) : null;
}

/** The cells of a category column: `labels[codes[row]]`, beyond the end when missing. */
export class Categories {
  constructor(
    /** Mean the same label for the life of the plugin's instance, and nothing beyond. */
    readonly codes: Uint32Array,
    readonly labels: Array<string>,
  ) {}
}

const dictionaries = new Map<u32, Array<string>>();

export function categories(column: u32): Categories {
  // First: this batch's labels are known from then on.
  const codes = Uint32Array.wrap(bytes(column));
  if (!dictionaries.has(column)) dictionaries.set(column, []);
  const labels = dictionaries.get(column);
  contract.labels(column, labels.length, contract.fetched);
  const at = load<usize>(contract.fetched);
  const size = load<u32>(contract.fetched, 4);
  for (let i: u32 = 0; i < size; i++) {
    labels.push(contract.textAt(load<usize>(at + 8 * i), load<u32>(at + 8 * i, 4)));
  }
  return new Categories(codes, labels);
}

/**
 * Binary truth, 1 for positive rows; null after `fail`. Without `positive`, 1 and "true" are positive, and whatever is
 * neither that nor 0 or "false" is a failure; `name` is what the failure calls the column.
 */
export function truth(column: u32, name: string, positive: string | null): Uint8Array | null {
  return kindOf(column) == "category" ? categoryTruth(column, name, positive) : numberTruth(column, name, positive);
}

const NEITHER: u8 = 2;

function categoryTruth(column: u32, name: string, positive: string | null): Uint8Array | null {
  const cells = categories(column);
  const labels = cells.labels;
  const classes = new Uint8Array(labels.length);
  for (let code = 0; code < labels.length; code++) {
    const label = labels[code];
    if (positive !== null) classes[code] = label == positive ? 1 : 0;
    else if (says(label, "true") || label == "1") classes[code] = 1;
    else classes[code] = says(label, "false") || label == "0" ? 0 : NEITHER;
  }
  const truth = new Uint8Array(cells.codes.length);
  for (let row = 0; row < truth.length; row++) {
    const code = cells.codes[row];
    if (code >= <u32>labels.length) return unclear(name, "`(missing)`");
    if (classes[code] == NEITHER) return unclear(name, "`" + labels[code] + "`");
    truth[row] = classes[code];
  }
  return truth;
}

function numberTruth(column: u32, name: string, positive: string | null): Uint8Array | null {
  const cells = numbers(column);
  const wanted: f64 = positive !== null ? parseFloat(positive) : 1;
  if (isNaN(wanted)) {
    fail(Failure.InvalidParameters, "`positive` is `" + positive! + "`, but `" + name + "` holds numbers: give a number");
    return null;
  }
  const truth = new Uint8Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    if (positive === null && cell != 0 && cell != 1) return unclear(name, cell.toString());
    truth[row] = cell == wanted ? 1 : 0;
  }
  return truth;
}

/** Whether a label is an ASCII word in lower case, written in any case. */
function says(label: string, word: string): bool {
  if (label.length != word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if ((label.charCodeAt(i) | 32) != word.charCodeAt(i)) return false;
  }
  return true;
}

function unclear(name: string, label: string): Uint8Array | null {
  fail(
    Failure.InvalidData,
    "`" + name + "` holds " + label + ", which is neither 0 nor 1, false nor true: name the positive label with the " +
      "parameter `positive`, or bind `" + name + "` to a comparison",
  );
  return null;
}
