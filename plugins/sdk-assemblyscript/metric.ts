// The one class that a metric extends.

import { Parameters } from "./parameters";
import { Report } from "./report";
import { Loaded, Saved } from "./state";

/**
 * A metric: a mergeable summary of rows, and a function from summaries to numbers.
 *
 * For rows A and B in any batches, updating with A and merging what was saved of B must give what updating with both
 * gives, up to rounding: the runtime cuts windows as it likes. Functions that can fail are false after `fail`.
 */
export abstract class Metric {
  /** Takes in the batch. */
  abstract update(): bool;

  /** Saves everything that `merge` needs. */
  abstract save(state: Saved): void;

  /** Adds the rows behind another summary. */
  abstract merge(state: Loaded): bool;

  /** Turns summaries into results; `reference` is there when the user chose one. */
  abstract evaluate(reference: Metric | null, report: Report): bool;
}

export let description: string = "{}";
export let open: (parameters: Parameters) => Metric | null = (_) => null;

/** Makes a metric the plugin of this module. `description` is the contract's JSON object, `make` is null after `fail`. */
export function plugin(json: string, make: (parameters: Parameters) => Metric | null): void {
  description = json;
  open = make;
}
