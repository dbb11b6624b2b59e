//! The Wasm runtime, set up for plugins of one kind.

use wasmtime::{Engine, component::Linker};

use crate::{
    Error, Metering, Options,
    guest::{self, Guest},
    memories::Memories,
    settings::Settings,
    ticker,
};

/// An engine whose clock ticks, and all that guests can call.
pub(crate) struct Runtime {
    pub(crate) settings: Settings,
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
}

impl Runtime {
    pub(crate) fn new(options: &Options, memories: Memories) -> Result<Self, Error> {
        let settings = Settings {
            stack_bytes: options.limits.stack_bytes,
            counts_fuel: options.metering == Metering::Fuel,
            memories,
        };
        let engine = settings.engine()?;
        let linker = guest::linker(&engine).map_err(|error| Error::Setup(format!("{error:#}")))?;
        ticker::start(&engine)?;
        Ok(Self { settings, engine, linker })
    }
}
