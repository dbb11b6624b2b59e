//! The contract's types and calls, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "metric-plugin",
    imports: { default: trappable },
});

pub(crate) use self::{
    driftline::metric::{columns, log},
    exports::driftline::metric::metric as wit,
};
