// The contract's exports: a plugin's module says `export * from "driftline-sdk-assemblyscript/exports"`, and
// is compiled with `--transform driftline-sdk-assemblyscript/names.mjs`.

import { newHandle, returned, storeList, storeText, textAt } from "./contract";
import { failedWith, failureText } from "./failure";
import { Metric, description, open as make } from "./metric";
import { Parameters } from "./parameters";
import { Chart, Report, Series, Value } from "./report";
import { Loaded, Saved } from "./state";

export { after, cabi_realloc } from "./contract";

const accumulators = new Map<u32, Metric>();
let last: u32 = 0;

function finish(isSuccess: bool): usize {
  store<u8>(returned, isSuccess ? 0 : 1);
  if (!isSuccess) {
    store<u8>(returned, <u8>failedWith, 4);
    storeText(returned + 8, failureText);
  }
  return returned;
}

export function describe(): usize {
  storeText(returned, description);
  return returned;
}

export function open(at: usize, size: u32): usize {
  const metric = make(new Parameters(textAt(at, size)));
  if (metric) {
    accumulators.set(++last, metric);
    store<u32>(returned, newHandle(last), 4);
  }
  return finish(metric !== null);
}

export function close(self: u32): void {
  accumulators.delete(self);
}

export function update(self: u32): usize {
  return finish(accumulators.get(self).update());
}

export function state(self: u32): usize {
  const saved = new Saved();
  accumulators.get(self).save(saved);
  storeList(returned + 4, saved.bytes.buffer, saved.bytes.length);
  return finish(true);
}

export function merge(self: u32, at: usize, size: u32): usize {
  const loaded = new Loaded(at, size);
  return finish(accumulators.get(self).merge(loaded) && loaded.finish());
}

export function evaluate(current: u32, hasReference: u32, reference: u32): usize {
  const report = new Report();
  const isSuccess = accumulators.get(current).evaluate(hasReference ? accumulators.get(reference) : null, report);
  storeItems<Value>(returned + 4, report.values, 56, storeValue);
  storeItems<Chart>(returned + 12, report.charts, 48, storeChart);
  return finish(isSuccess);
}

/** A list of records, each of `size` bytes. */
function storeItems<T>(to: usize, items: Array<T>, size: i32, storeItem: (to: usize, item: T) => void): void {
  const buffer = new ArrayBuffer(items.length * size);
  for (let i = 0; i < items.length; i++) storeItem(changetype<usize>(buffer) + i * size, items[i]);
  storeList(to, buffer, items.length);
}

function storeValue(to: usize, value: Value): void {
  storeText(to, value.name);
  storeOption(to + 8, value.number);
  storeOption(to + 24, value.standardError);
  const note = value.note;
  if (note !== null) {
    store<u8>(to, 1, 40);
    storeText(to + 44, note);
  }
}

function storeOption(to: usize, number: f64): void {
  store<u8>(to, isFinite(number) ? 1 : 0);
  store<f64>(to, number, 8);
}

function storeChart(to: usize, chart: Chart): void {
  storeText(to, chart.name);
  storeText(to + 8, chart.xLabel);
  storeText(to + 16, chart.yLabel);
  storeText(to + 24, chart.kind);
  storeItems<string>(to + 32, chart.categories, 8, storeText);
  storeItems<Series>(to + 40, chart.series, 24, storeSeries);
}

function storeSeries(to: usize, series: Series): void {
  storeText(to, series.name);
  storeItems<f64>(to + 8, series.x, 8, storeNumber);
  storeItems<f64>(to + 16, series.y, 8, storeNumber);
}

function storeNumber(to: usize, number: f64): void {
  store<f64>(to, number);
}
