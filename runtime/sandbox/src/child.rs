//! The compiler process: a request on standard input, machine code on standard output.

use std::{
    io::{self, Read, Write},
    process::{ExitCode, ExitStatus},
};

use crate::{
    Limits, Refusal, RefusalCode,
    compile::{self, Pace},
    memories::Memories,
    settings::Settings,
};

/// The exit status of a child that refused the plugin.
const REFUSED: u8 = 3;
/// How far a process that nobody waits for steps back: as far as there is.
const LOWEST_PRIORITY: i32 = 19;
/// What the process itself maps (program, libraries), where the system does not tell.
const OWN_BYTES: u64 = 512 << 20;

/// What the parent writes: the limits on memory (bytes) and processor time
/// (seconds), each as eight little-endian bytes, a byte that is 1 when nobody waits for the answer, one that is 1 when
/// fuel is counted, one that is 1 when memories are images, then the plugin.
pub(crate) fn request(bytes: &[u8], limits: &Limits, pace: Pace, settings: Settings) -> Vec<u8> {
    let seconds = limits.compile_ms.div_ceil(1000).saturating_mul(compile::THREADS);
    let flags = [pace == Pace::Background, settings.counts_fuel, settings.memories == Memories::Images].map(u8::from);
    [&limits.compile_memory_bytes.to_le_bytes()[..], &seconds.to_le_bytes(), &flags, bytes].concat()
}

/// What the child said when it refused the plugin.
pub(crate) fn refusal(status: ExitStatus, stdout: &[u8]) -> Option<Refusal> {
    if status.code() != Some(i32::from(REFUSED)) {
        return None;
    }
    let text = std::str::from_utf8(stdout).ok()?;
    let (code, message) = text.split_once('\n')?;
    Some(Refusal::new(RefusalCode::from_word(code)?, message))
}

/// The whole life of a compiler process; call it from a hidden subcommand
/// before anything else is set up.
///
/// It limits its own memory, takes the lowest priority when nobody waits, reads a request from standard input, writes
/// machine code or a refusal to standard output, and gives the exit status
/// that tells which of the two it was. It writes no files and talks to nobody.
pub fn compile_child() -> ExitCode {
    match answer() {
        Ok(code) => code,
        Err(error) => {
            // The parent reads this; there is nobody else to tell.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn answer() -> io::Result<ExitCode> {
    let mut stdin = io::stdin().lock();
    let mut memory_bytes = [0; 8];
    stdin.read_exact(&mut memory_bytes)?;
    let mut seconds = [0; 8];
    stdin.read_exact(&mut seconds)?;
    confine(u64::from_le_bytes(memory_bytes), u64::from_le_bytes(seconds))?;
    let mut flags = [0; 3];
    stdin.read_exact(&mut flags)?;
    let [yields, counts_fuel, has_images] = flags.map(|flag| flag == 1);
    if yields {
        rustix::process::nice(LOWEST_PRIORITY)?;
    }
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes)?;
    let memories = if has_images { Memories::Images } else { Memories::HugePages };
    let settings = Settings { stack_bytes: Limits::default().stack_bytes, counts_fuel, memories };
    let engine = settings.engine().map_err(io::Error::other)?;
    let mut stdout = io::stdout().lock();
    // The parent has looked at the size already.
    let code = match compile::compile(&engine, &bytes, usize::MAX) {
        Ok(artifact) => {
            stdout.write_all(&artifact)?;
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            write!(stdout, "{}\n{}", refusal.code, refusal.message)?;
            ExitCode::from(REFUSED)
        }
    };
    stdout.flush()?;
    Ok(code)
}

/// The parent bounds the time; the limit on processor time is for a child that outlives it.
fn confine(memory_bytes: u64, seconds: u64) -> io::Result<()> {
    let limit = memory_bytes.saturating_add(mapped_bytes().unwrap_or(OWN_BYTES));
    rlimit::Resource::AS.set(limit, limit)?;
    rlimit::Resource::CPU.set(seconds, seconds)?;
    rlimit::Resource::CORE.set(0, 0)
}

/// The address space in use so far, as Linux tells it.
fn mapped_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
