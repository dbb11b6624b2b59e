// What a plugin says of itself: the JSON object of the contract's `describe`.

export type Kind = "number" | "category" | "timestamp";

export interface Input {
  readonly name: string;
  /** How cells are read, the preferred kind first; numbers unless told otherwise. */
  readonly kind?: Kind | readonly Kind[];
  /** Whether the plugin wants rows whose cell is missing; else the runtime leaves them out. */
  readonly nullable?: boolean;
  readonly optional?: boolean;
  readonly repeated?: boolean;
  readonly doc?: string;
}

export interface Output {
  /** A name that ends in `/*` stands for many. */
  readonly name: string;
  /** Which way is better. */
  readonly direction?: "higher" | "lower" | "neutral";
  /** The smallest and the largest possible value. */
  readonly range?: readonly [number | null, number | null];
  /** Suggested levels at which a monitor warns and alerts. */
  readonly thresholds?: { readonly warning: number; readonly critical: number };
  readonly doc?: string;
}

export interface Description {
  readonly name: string;
  /** A semantic version. */
  readonly version: string;
  readonly doc?: string;
  readonly inputs?: readonly Input[];
  readonly outputs?: readonly Output[];
  /** A JSON Schema of type object. */
  readonly parameters?: object;
  readonly reference?: "none" | "optional" | "required";
  readonly merges?: boolean;
}
