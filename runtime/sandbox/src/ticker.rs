//! The clock that guests' deadlines are counted on.

use std::{thread, time::Duration};

use wasmtime::Engine;

use crate::Error;

/// The length of a tick; deadlines are a whole number of them.
pub(crate) const TICK_MS: u64 = 10;

/// Starts a thread that ticks until the engine is gone.
pub(crate) fn start(engine: &Engine) -> Result<(), Error> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("sandbox-ticker".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(Duration::from_millis(TICK_MS));
            }
        })
        .map(drop)
        .map_err(|error| Error::io("the thread that counts deadlines could not be started", error))
}
