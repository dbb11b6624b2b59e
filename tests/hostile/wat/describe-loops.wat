;; `describe` never returns.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 32768))
  (func (export "driftline:metric/metric@0.1.0#describe") (result i32)
    (loop $ever (br $ever)) unreachable)
  (func (export "driftline:metric/metric@0.1.0#[static]accumulator.open") (param i32 i32) (result i32) unreachable)
  (func (export "driftline:metric/metric@0.1.0#[method]accumulator.update") (param i32) (result i32) unreachable)
  (func (export "driftline:metric/metric@0.1.0#[method]accumulator.state") (param i32) (result i32) unreachable)
  (func (export "driftline:metric/metric@0.1.0#[method]accumulator.merge") (param i32 i32 i32) (result i32) unreachable)
  (func (export "driftline:metric/metric@0.1.0#evaluate") (param i32 i32 i32) (result i32) unreachable))
