//! What the host keeps for one instance while it runs.

use driftline_core::{InputBatch, InputLayout};
use wasmtime::{
    Engine, Store,
    component::{HasSelf, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::{
    Limits, bindings,
    clock::{self, Frozen},
    console::Console,
    dictionary::Dictionary,
    limiter::Limiter,
    log::{Log, Stream},
};

/// Host resources (streams, pollables) that a guest may hold at once.
const HOST_RESOURCES: usize = 10_000;

/// The host's side of an instance.
pub(crate) struct Guest {
    pub(crate) layout: InputLayout,
    pub(crate) batch: Option<InputBatch>,
    pub(crate) dictionaries: Vec<Dictionary>,
    pub(crate) dictionary_bytes: usize,
    pub(crate) log: Log,
    pub(crate) limiter: Limiter,
    pub(crate) now: Frozen,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
}

impl Guest {
    /// A store for one instance, with all limits set but the deadline of its first call.
    pub(crate) fn store(
        engine: &Engine,
        layout: InputLayout,
        now: Frozen,
        limits: &Limits,
    ) -> wasmtime::Result<Store<Self>> {
        let mut store = Store::try_new(engine, Self::new(layout, now, limits))?;
        store.limiter(|guest| &mut guest.limiter);
        store.set_max_component_handles(limits.handles);
        Ok(store)
    }

    fn new(layout: InputLayout, now: Frozen, limits: &Limits) -> Self {
        let log = Log::new(limits);
        let console = |stream| Console { log: log.clone(), stream };
        let mut wasi = WasiCtx::builder();
        wasi.stdout(console(Stream::Out)).stderr(console(Stream::Err)).allow_tcp(false).allow_udp(false);
        clock::freeze(&mut wasi, now.clone());
        let mut table = ResourceTable::new();
        table.set_max_capacity(HOST_RESOURCES);
        Self {
            dictionaries: layout.columns.iter().map(|_| Dictionary::default()).collect(),
            dictionary_bytes: limits.dictionary_bytes,
            layout,
            batch: None,
            limiter: Limiter::new(limits),
            now,
            table,
            wasi: wasi.build(),
            log,
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Everything a guest can call: our contract, and WASI 0.2 with nothing behind it.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    clock::link(&mut linker)?;
    bindings::MetricPlugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest)?;
    Ok(linker)
}
