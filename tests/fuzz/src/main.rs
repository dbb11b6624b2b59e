//! The fuzzer of the target that `FUZZ_TARGET` names; its arguments are libFuzzer's. `seeds` writes what all start from.

#![no_main]

mod seeds;

use std::{
    env, panic,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use driftline_fuzz::{Run, TARGETS, target};
use libfuzzer_sys::fuzz_target;

const COUNTERS: usize = 1 << 16;

/// What libFuzzer takes for edges besides those that the compiler counts.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static EXTRA: [AtomicU8; COUNTERS] = [const { AtomicU8::new(0) }; COUNTERS];

static TARGET: OnceLock<Run> = OnceLock::new();

fuzz_target!(init: TARGET.get_or_init(start), |bytes: &[u8]| {
    for told in TARGET.get_or_init(start)(bytes) {
        EXTRA[told as usize % COUNTERS].store(1, Relaxed);
    }
});

fn start() -> Run {
    let name = env::var("FUZZ_TARGET").unwrap_or_default();
    if name == "seeds" {
        seeds::write();
        std::process::exit(0);
    }
    contain_panics();
    let cache = env::var_os("FUZZ_CACHE").map_or_else(|| env::temp_dir().join("driftline-fuzz"), PathBuf::from);
    target(&name, &cache.join(&name)).unwrap_or_else(|| panic!("set FUZZ_TARGET to one of {}", TARGETS.join(", ")))
}

/// A panic in wit-component is caught and made a refusal; any other gets out of the target, which ends the fuzzer.
fn contain_panics() {
    let _ends_at_once = panic::take_hook();
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("wit-component")) {
            tell(panic);
        }
    }));
}
