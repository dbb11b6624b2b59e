// The one class that a metric extends, and the glue between it and the contract.

import log from "driftline:metric/log@0.1.1";
import type { Description } from "./description";
import { Failure, guard } from "./failure";
import type { Report } from "./report";
import { Inputs, Rows } from "./rows";

/**
 * A metric: a mergeable summary of rows, and a function from summaries to numbers.
 *
 * For rows A and B in any batches, updating with A and merging what was saved of B must give what updating with both
 * gives, up to rounding: the runtime cuts windows as it likes. `Saved` is what JSON can hold.
 */
export abstract class Metric<Parameters = unknown, Saved = unknown> {
  /** @param parameters what the user chose, with the schema's defaults filled in */
  constructor(
    protected readonly parameters: Parameters,
    protected readonly inputs: Inputs,
  ) {}

  /** Takes in rows. */
  abstract update(rows: Rows): void;

  /** Everything that `merge` needs. */
  abstract save(): Saved;

  /** Adds the rows behind another summary. */
  abstract merge(saved: Saved): void;

  /** Turns summaries into results; `reference` is there when the user chose one. */
  abstract evaluate(reference: this | null): Report;
}

export interface MetricClass {
  new (parameters: never, inputs: Inputs): Metric;
  readonly description: Description;
}

/** What a plugin's module exports under the name `metric`: `export const metric = plugin(MyMetric)`. */
export function plugin(metric: MetricClass) {
  const { description } = metric;
  const names = (description.inputs ?? []).map((input) => input.name);
  const rows = new Rows(names);

  class Accumulator {
    private constructor(readonly summary: Metric) {}

    static open(parameters: string): Accumulator {
      return guard(() => new Accumulator(new metric(JSON.parse(parameters) as never, rows)));
    }

    update(): void {
      guard(() => this.summary.update(rows));
    }

    state(): Uint8Array {
      return guard(() => encode(this.summary.save()));
    }

    merge(state: Uint8Array): void {
      guard(() => this.summary.merge(decode(state)));
    }
  }

  return {
    Accumulator,
    describe: () => JSON.stringify(description),
    evaluate: (current: Accumulator, reference: Accumulator | null): Report =>
      guard(() => current.summary.evaluate(reference?.summary ?? null)),
  };
}

/** Tells the person running the plugin something. */
export function tell(level: "debug" | "info" | "warn", message: string): void {
  log.write(level, message);
}

/** JSON in ASCII, so that a byte is a character: QuickJS has no TextEncoder. */
function encode(saved: unknown): Uint8Array {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const text = JSON.stringify(saved).replace(/[\u007f-\uffff]/g, escape);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function decode(state: Uint8Array): unknown {
  let text = "";
  for (let start = 0; start < state.length; start += 4096) {
    text += String.fromCharCode(...state.subarray(start, start + 4096));
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw Failure.data(`the saved state can't be read (${error}): it was not made by this plugin`);
  }
}
