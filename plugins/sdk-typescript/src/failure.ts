// How a metric fails on purpose.

export type FailureKind = "invalid-parameters" | "invalid-data" | "failed";

/** Thrown by a metric, its message is shown to the user as written. Anything else thrown is shown with its stack. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly kind: FailureKind = "failed",
  ) {
    super(message);
  }

  static parameters(message: string): Failure {
    return new Failure(message, "invalid-parameters");
  }

  static data(message: string): Failure {
    return new Failure(message, "invalid-data");
  }
}

/** Runs a function; whatever it throws becomes the contract's failure. */
export function guard<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof Failure) throw { tag: thrown.kind, val: thrown.message };
    const stack = thrown instanceof Error && thrown.stack ? `\n${thrown.stack}` : "";
    throw { tag: "failed", val: `${thrown}${stack}` };
  }
}
