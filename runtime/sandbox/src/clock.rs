//! Time and chance as a guest sees them: the clock stands still, the dice are loaded.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chacha20::{ChaCha12Rng, rand_core::SeedableRng};
use driftline_core::Time;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtxBuilder, async_trait,
    p2::{DynPollable, Pollable, bindings::clocks::monotonic_clock, subscribe},
};

use crate::guest::Guest;

/// An instant at which time stands still; instants before 1970 are 1970. Clones are one clock.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    at: Duration,
    was_read: Arc<AtomicBool>,
}

impl Frozen {
    pub(crate) fn at(time: Time) -> Self {
        let at = Duration::from_micros(u64::try_from(time.micros()).unwrap_or(0));
        Self { at, was_read: Arc::default() }
    }

    /// Whether anybody looked at it.
    pub(crate) fn was_read(&self) -> bool {
        self.was_read.load(Ordering::Relaxed)
    }

    fn read(&self) -> Duration {
        self.was_read.store(true, Ordering::Relaxed);
        self.at
    }

    /// For the monotonic clock: never 0, on which Go refuses to start.
    fn nanos(&self) -> u64 {
        u64::try_from(self.read().as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.read()
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.nanos()
    }
}

/// Gives a guest the frozen clock, and the same random numbers at every start.
pub(crate) fn freeze(wasi: &mut WasiCtxBuilder, now: Frozen) {
    wasi.wall_clock(now.clone())
        .monotonic_clock(now)
        .secure_random(ChaCha12Rng::from_seed([1; 32]))
        .insecure_random(ChaCha12Rng::from_seed([2; 32]))
        .insecure_random_seed(3)
        .max_random_size(1 << 20);
}

/// Puts a clock whose sleeps end at once in the place of WASI's, where they
/// would hold a thread of ours for as long as the guest likes.
pub(crate) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<Guest, Sleepless>(linker, |guest| View {
        now: &guest.now,
        table: &mut guest.table,
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

struct Sleepless;

impl HasData for Sleepless {
    type Data<'a> = View<'a>;
}

struct View<'a> {
    now: &'a Frozen,
    table: &'a mut ResourceTable,
}

struct Over;

#[async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

impl View<'_> {
    fn over(&mut self) -> wasmtime::Result<Resource<DynPollable>> {
        let sleep = self.table.push(Over)?;
        subscribe(self.table, sleep)
    }
}

impl monotonic_clock::Host for View<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now.nanos())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1_000)
    }

    fn subscribe_instant(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.over()
    }

    fn subscribe_duration(&mut self, _: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.over()
    }
}
