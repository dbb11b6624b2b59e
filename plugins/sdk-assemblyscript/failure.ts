// How a metric fails on purpose: AssemblyScript has no exceptions.

export const enum Failure {
  /** The parameters fit the schema but make no sense together. */
  InvalidParameters,
  /** The rows or a saved state cannot be used. */
  InvalidData,
  /** Anything else. */
  Failed,
}

export let failedWith: Failure = Failure.Failed;
export let failureText: string = "";

/** Says what went wrong, shown to the user as written; always false, so that it can end a function. */
export function fail(failure: Failure, text: string): bool {
  failedWith = failure;
  failureText = text;
  return false;
}
