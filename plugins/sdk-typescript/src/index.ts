// Write Driftline metrics: extend `Metric`, export `plugin(YourMetric)` as `metric`, bundle, componentize.

/// <reference path="./contract.d.ts" />

export type { Description, Input, Kind, Output } from "./description";
export { Failure, type FailureKind } from "./failure";
export { Metric, type MetricClass, plugin, tell } from "./metric";
export { type Chart, compareText, heights, Report, type Series, type Value } from "./report";
export { type Categories, Inputs, Rows } from "./rows";
