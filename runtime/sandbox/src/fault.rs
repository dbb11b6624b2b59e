//! A trap or a host function's refusal becomes a failure with its own code.

use std::time::Duration;

use driftline_core::{Failure, FailureCode};
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::{guest::Guest, log::head, settings::BACKTRACE_FRAMES};

const MESSAGE_BYTES: usize = 2_000;
const NAMED_FRAMES: usize = 5;
/// A loop of calls has few different functions; an ordinary deep call has many.
const RECURSION_FUNCTIONS: usize = 8;

/// A host function ends the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Halt {
    pub(crate) code: FailureCode,
    pub(crate) message: String,
}

impl Halt {
    pub(crate) fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A call of a guest, and what it was allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// The function's name.
    pub(crate) during: &'static str,
    /// How long it may take.
    pub(crate) deadline: Duration,
    /// How much it may give the runtime in one go.
    pub(crate) allowance_bytes: usize,
}

/// Why a call did not end well.
pub(crate) fn failure(error: &wasmtime::Error, guest: &Guest, call: Call) -> Failure {
    let Halt { code, message } = explain(error, guest, call);
    let mut message = head(&message, MESSAGE_BYTES).to_owned();
    if code == FailureCode::Trap {
        message.push_str(&frames(error));
    }
    Failure { code, message, log: guest.log.take() }
}

fn explain(error: &wasmtime::Error, guest: &Guest, call: Call) -> Halt {
    let Call { during, deadline, allowance_bytes } = call;
    if let Some(halt) = error.downcast_ref::<Halt>() {
        return Halt::new(halt.code, format!("{} (in `{during}`)", halt.message));
    }
    let trap = error.downcast_ref::<Trap>().copied();
    if trap == Some(Trap::Interrupt) {
        return Halt::new(
            FailureCode::Deadline,
            format!(
                "`{during}` ran longer than its {} ms: look for an endless loop, or do less in one call",
                deadline.as_millis()
            ),
        );
    }
    if trap == Some(Trap::StackOverflow) || runs_deep(error, trap) {
        return Halt::new(
            FailureCode::Stack,
            format!("`{during}` ran out of stack: look for endless recursion, or keep large arrays on the heap"),
        );
    }
    let cause = error.root_cause().to_string();
    if cause.contains("allocated for hostcalls has been exhausted") {
        return Halt::new(
            FailureCode::Output,
            format!(
                "`{during}` gave the runtime more than the {allowance_bytes} bytes that it may in one go: return less, and log short messages"
            ),
        );
    }
    if let Some(refusal) = guest.limiter.refusal() {
        return Halt::new(FailureCode::Memory, format!("`{during}` ran out of memory: {refusal}"));
    }
    if cause.contains("store handle limit exceeded") || cause.contains("resource table has no free keys") {
        return Halt::new(
            FailureCode::Memory,
            format!("`{during}` ran out of handles: drop accumulators and streams that are no longer needed"),
        );
    }
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return Halt::new(
            FailureCode::Trap,
            format!("`{during}` ended the program with exit status {status}: return a failure instead"),
        );
    }
    match trap {
        Some(trap) => Halt::new(FailureCode::Trap, format!("`{during}` trapped: {}", advice(trap))),
        None => Halt::new(FailureCode::Contract, format!("what `{during}` gave back breaks the contract: {cause}")),
    }
}

fn advice(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "it panicked, aborted or reached `unreachable`: its log may say why".into(),
        Trap::MemoryOutOfBounds => {
            "it used memory outside its own: a wild pointer, or recursion so deep that the stack ran out".into()
        }
        other => other.to_string().trim_start_matches("wasm trap: ").to_owned(),
    }
}

/// Whether an out-of-bounds access came from a long loop of calls: languages
/// that keep a stack of their own in linear memory run off its end before the
/// machine's stack is full.
fn runs_deep(error: &wasmtime::Error, trap: Option<Trap>) -> bool {
    if trap != Some(Trap::MemoryOutOfBounds) {
        return false;
    }
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return false };
    let mut functions: Vec<u32> = backtrace.frames().iter().map(|frame| frame.func_index()).collect();
    let deep = functions.len() >= BACKTRACE_FRAMES;
    functions.sort_unstable();
    functions.dedup();
    deep && functions.len() <= RECURSION_FUNCTIONS
}

/// The innermost functions that have names, for the plugin's author.
fn frames(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names: Vec<&str> = backtrace.frames().iter().filter_map(|frame| frame.func_name()).take(NAMED_FRAMES).collect();
    if names.is_empty() { String::new() } else { format!(" (in {})", head(&names.join(" < "), MESSAGE_BYTES)) }
}
