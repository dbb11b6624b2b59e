//! How the Wasm runtime is set up: the same bits on every run, nothing that blocks.

use std::{
    hash::{Hash, Hasher},
    num::NonZeroUsize,
};

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, OptLevel};

use crate::{Error, contract, memories::Memories};

/// Frames of a guest's stack that are looked at after a trap.
pub(crate) const BACKTRACE_FRAMES: usize = 64;

/// The version of the Wasm runtime, for lineage.
pub fn runtime_version() -> &'static str {
    "wasmtime 48.0.8"
}

/// The version of the contract that this runtime offers.
pub fn contract_version() -> &'static str {
    contract::VERSION
}

/// What the set-ups differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) stack_bytes: usize,
    /// Whether instructions are counted.
    pub(crate) counts_fuel: bool,
    pub(crate) memories: Memories,
}

impl Settings {
    /// An engine whose guests are deterministic and can be interrupted.
    pub(crate) fn engine(&self) -> Result<Engine, Error> {
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            .concurrency_support(false)
            .wasm_simd(true)
            .wasm_relaxed_simd(false)
            .wasm_memory64(false)
            .cranelift_nan_canonicalization(true)
            .cranelift_opt_level(OptLevel::Speed)
            .epoch_interruption(true)
            .consume_fuel(self.counts_fuel)
            .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES))
            // No call is asynchronous; the runtime only wants the two to be in order.
            .async_stack_size(self.stack_bytes.saturating_add(1 << 20))
            .max_wasm_stack(self.stack_bytes);
        #[cfg(target_os = "linux")]
        if self.memories == Memories::HugePages {
            config.memory_init_cow(false).with_host_memory(std::sync::Arc::new(crate::huge_pages::HugePages));
        }
        Engine::new(&config).map_err(|error| Error::Setup(format!("{error:#}")))
    }
}

/// A word for all that machine code depends on: compiler, its settings, this machine's processor.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The standard library's own hasher may change with the compiler, and would then forget every artifact.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.clone().finalize().iter().take(8).fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_version_is_the_locked_one() {
        let lock = include_str!("../../../Cargo.lock");
        let (name, version) = runtime_version().split_once(' ').expect("two words");
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")));
    }

    #[test]
    fn the_same_settings_give_the_same_word() {
        let word = |counts_fuel, memories| {
            let settings = Settings { stack_bytes: 1 << 20, counts_fuel, memories };
            compatibility(&settings.engine().expect("an engine"))
        };
        assert_eq!(word(false, Memories::Images), word(false, Memories::Images));
        assert_ne!(word(false, Memories::Images), word(true, Memories::Images));
        #[cfg(target_os = "linux")]
        assert_ne!(word(false, Memories::Images), word(false, Memories::HugePages));
    }
}
