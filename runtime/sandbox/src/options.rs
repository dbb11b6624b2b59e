//! What a sandbox is made from, and what it allows.

use std::path::PathBuf;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What a [`Sandbox`](crate::Sandbox) is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of compiled plugins; made when it does not exist.
    pub cache_dir: PathBuf,
    /// Where plugins are compiled.
    pub compiler: Compiler,
    /// What plugins may use.
    pub limits: Limits,
    /// The largest upload.
    pub upload_bytes: usize,
    /// How many bytes of machine code are kept in memory, besides what is running.
    pub loaded_bytes: usize,
    /// Whether to count what plugins use up.
    pub metering: Metering,
}

impl Options {
    /// The defaults, with compiled plugins in `cache_dir`.
    pub fn new(cache_dir: impl Into<PathBuf>, compiler: Compiler) -> Self {
        Self {
            cache_dir: cache_dir.into(),
            compiler,
            limits: Limits::default(),
            upload_bytes: 48 * MIB,
            loaded_bytes: 256 * MIB,
            metering: Metering::Off,
        }
    }
}

/// What is counted of plugins, for [`Sandbox::take_usage`](crate::Sandbox::take_usage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metering {
    /// Nothing.
    Off,
    /// Calls, time and memory.
    Time,
    /// Also fuel, which takes another machine code that is slower.
    Fuel,
}

/// Where plugins are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In this process: neither time nor memory is bounded. For tests.
    InProcess,
    /// In a child process whose main function is [`compile_child`](crate::compile_child).
    Command {
        /// The program, usually this one.
        program: PathBuf,
        /// What makes it call [`compile_child`](crate::compile_child).
        args: Vec<String>,
    },
}

/// What one plugin may use. Every limit has its own error code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long one call may take, to about 10 ms.
    pub call_ms: u64,
    /// How long all calls of one instance may take together.
    pub total_ms: u64,
    /// Linear memory, summed over all memories of an instance.
    pub memory_bytes: usize,
    /// Table elements, summed over all tables of an instance.
    pub table_elements: usize,
    /// Live resource handles of an instance.
    pub handles: usize,
    /// Machine stack of a call. Threads that run plugins need about twice as much.
    pub stack_bytes: usize,
    /// Labels that the host keeps for the category columns of an instance.
    pub dictionary_bytes: usize,
    /// The largest state.
    pub output_bytes: usize,
    /// The largest report, before it is looked at.
    pub report_bytes: usize,
    /// The most values in a report.
    pub report_values: usize,
    /// The most charts in a report.
    pub report_charts: usize,
    /// The most points in all charts of a report together.
    pub report_points: usize,
    /// The longest text in a report, a description or a failure.
    pub message_bytes: usize,
    /// How much log text an instance may leave; the rest is dropped and counted.
    pub log_bytes: usize,
    /// How much log text an instance may write before it is stopped.
    pub log_flood_bytes: u64,
    /// How many messages an instance may log before it is stopped.
    pub log_flood_messages: u64,
    /// How long the laws of a plugin may be checked, all together.
    pub laws_ms: u64,
    /// How long a compilation may take.
    pub compile_ms: u64,
    /// How long a compilation may wait for others.
    pub compile_wait_ms: u64,
    /// How many compilations may wait for another.
    pub compile_waiting: usize,
    /// Address space of a compilation.
    pub compile_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_ms: 10_000,
            total_ms: 900_000,
            memory_bytes: 1024 * MIB,
            table_elements: 1_000_000,
            handles: 100_000,
            stack_bytes: MIB,
            dictionary_bytes: 256 * MIB,
            output_bytes: 192 * MIB,
            report_bytes: 32 * MIB,
            report_values: 10_000,
            report_charts: 100,
            report_points: 1_000_000,
            message_bytes: 64 * KIB,
            log_bytes: 64 * KIB,
            log_flood_bytes: 16 * MIB as u64,
            log_flood_messages: 100_000,
            laws_ms: 2_000,
            compile_ms: 60_000,
            compile_wait_ms: 120_000,
            compile_waiting: 8,
            compile_memory_bytes: 1024 * MIB as u64,
        }
    }
}
