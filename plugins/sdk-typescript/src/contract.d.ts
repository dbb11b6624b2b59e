// The contract's imports (wit/metric.wit) as componentize-qjs offers them.

declare module "driftline:metric/columns@0.1.1" {
  const columns: {
    rows(): number;
    bound(input: number): number[];
    name(column: number): string;
    kind(column: number): string;
    validity(column: number): Uint8Array | null;
    labels(column: number, start: number): string[];
    bytes(column: number): Uint8Array;
  };
  export default columns;
}

declare module "driftline:metric/log@0.1.1" {
  const log: { write(level: "debug" | "info" | "warn", message: string): void };
  export default log;
}
