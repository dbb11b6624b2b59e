// Write Driftline metrics: extend `Metric`, call `plugin`, export the contract's functions (see exports.ts).

import { write } from "./contract";

export { Failure, fail } from "./failure";
export { Metric, plugin } from "./metric";
export { Parameters } from "./parameters";
export { Chart, Report, Series, Value, compareText, heights } from "./report";
export { Categories, bound, categories, kindOf, nameOf, numbers, rows, timestamps, truth, validity } from "./rows";
export { Loaded, Saved } from "./state";

export const enum Level {
  Debug,
  Info,
  Warn,
}

/** Tells the person running the plugin something. */
export function log(level: Level, text: string): void {
  const bytes = String.UTF8.encode(text);
  write(level, changetype<usize>(bytes), bytes.byteLength);
}
