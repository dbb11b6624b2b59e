//! A plugin's bytes become machine code, in this process or in a child that can be killed.

use std::{
    io::{self, Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use wasmparser::BinaryReaderError;
use wasmtime::Engine;

use crate::{
    Compiler, Error, Limits, Options, Refusal, RefusalCode, child, componentize::componentize, log::head,
    runtime::Runtime, shape,
};

const STDERR_BYTES: u64 = 64 * 1024;
const ARTIFACT_BYTES: u64 = 1 << 30;
/// Enough to be quick; more threads mean more address space.
pub(crate) const THREADS: u64 = 4;
/// How many times longer what nobody waits for may take: a busy machine leaves it next to no processor.
const PATIENCE: u32 = 30;
/// How often it is asked whether a child is still wanted.
const ASK: Duration = Duration::from_millis(100);

/// How hard a compilation tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// With all cores: somebody waits for it.
    Full,
    /// On one core, and only when nothing else wants it.
    Background,
}

/// The serialized machine code of a plugin.
///
/// # Errors
/// [`Error::Stopped`] when it was given up because `is_stopped` said so.
pub(crate) fn artifact(
    runtime: &Runtime,
    bytes: &[u8],
    options: &Options,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, Error> {
    let limit = Duration::from_millis(options.limits.compile_ms);
    match &options.compiler {
        Compiler::InProcess => Ok(compile(&runtime.engine, bytes, options.upload_bytes)?),
        Compiler::Command { program, args } => {
            let (limits, child) = (&options.limits, start(program, args, Pace::Full)?);
            let request = child::request(bytes, limits, Pace::Full, runtime.settings);
            match converse(child, &request, limit, is_stopped)? {
                Some(output) => Ok(judge(output, limits)?),
                None if is_stopped() => Err(Error::Stopped),
                None => Err(too_slow(limits).into()),
            }
        }
    }
}

/// The same at [`Pace::Background`]; `None` when it was given up because `is_unwanted` said so.
pub(crate) fn unhurried_artifact(
    runtime: &Runtime,
    bytes: &[u8],
    options: &Options,
    is_unwanted: &dyn Fn() -> bool,
) -> Result<Option<Vec<u8>>, Error> {
    let limits = &options.limits;
    let limit = Duration::from_millis(limits.compile_ms).saturating_mul(PATIENCE);
    match &options.compiler {
        Compiler::InProcess => Ok(Some(compile(&runtime.engine, bytes, options.upload_bytes)?)),
        Compiler::Command { program, args } => {
            let child = start(program, args, Pace::Background)?;
            let request = child::request(bytes, limits, Pace::Background, runtime.settings);
            match converse(child, &request, limit, is_unwanted)? {
                Some(output) => Ok(Some(judge(output, limits)?)),
                None if is_unwanted() => Ok(None),
                None => Err(too_slow(limits).into()),
            }
        }
    }
}

/// Makes a component of the bytes if they are not one, validates and compiles it.
pub(crate) fn compile(engine: &Engine, bytes: &[u8], limit_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let component = componentize(bytes, limit_bytes)?;
    engine.precompile_component(&component).map_err(|error| match error.downcast_ref::<BinaryReaderError>() {
        Some(cause) => shape::invalid(&cause.to_string()),
        None => failed(&format!("{error:#}")),
    })
}

fn failed(cause: &str) -> Refusal {
    Refusal::new(
        RefusalCode::CompileFailed,
        format!(
            "the plugin could not be compiled: {}. Build it optimised, and without unusually large functions",
            head(cause, 500)
        ),
    )
}

fn start(program: &Path, args: &[String], pace: Pace) -> Result<Child, Error> {
    let threads = if pace == Pace::Full { THREADS } else { 1 };
    Command::new(program)
        .args(args)
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.to_string())
        // Each arena of the allocator reserves address space, which is what is limited.
        .env("MALLOC_ARENA_MAX", "2")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::io(format!("the compiler process {} could not be started", program.display()), error))
}

/// What the child wrote until it ended; `None` when it had to be killed: it took too long, or is wanted no more.
fn converse(
    child: Child,
    request: &[u8],
    limit: Duration,
    is_unwanted: &dyn Fn() -> bool,
) -> Result<Option<Output>, Error> {
    talk(child, request, limit, is_unwanted)
        .map_err(|error| Error::io("the compiler process could not be talked to", error))
}

fn talk(
    mut child: Child,
    request: &[u8],
    limit: Duration,
    is_unwanted: &dyn Fn() -> bool,
) -> io::Result<Option<Output>> {
    let end = Instant::now() + limit;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A child that ends early closes its end; its exit status then says why.
            let _ = stdin.map(|mut stdin| stdin.write_all(request));
        });
        let errors = scope.spawn(move || read(stderr, STDERR_BYTES));
        scope.spawn(move || {
            let _ = sender.send(read(stdout, ARTIFACT_BYTES));
        });
        let stdout = loop {
            let left = end.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(ASK)) {
                Ok(stdout) => break stdout,
                Err(RecvTimeoutError::Timeout) if !left.is_zero() && !is_unwanted() => {}
                Err(_) => {
                    child.kill()?;
                    child.wait()?;
                    return Ok(None);
                }
            }
        };
        let status = child.wait()?;
        Ok(Some(Output { status, stdout, stderr: errors.join().unwrap_or_default() }))
    })
}

fn read(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read until an error is judged by the exit status.
        let _ = pipe.by_ref().take(limit).read_to_end(&mut bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
    }
    bytes
}

fn judge(output: Output, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    if let Some(refusal) = child::refusal(output.status, &output.stdout) {
        return Err(refusal);
    }
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    if out_of_memory(&words) {
        let mib = limits.compile_memory_bytes >> 20;
        return Err(Refusal::new(
            RefusalCode::CompileMemory,
            format!("compiling the plugin needs more than {mib} MiB of memory: make it smaller, split large functions"),
        ));
    }
    Err(failed(&format!("the compiler {}: {}", ended(output.status), words.trim())))
}

fn out_of_memory(words: &str) -> bool {
    ["memory allocation of", "Cannot allocate memory", "Resource temporarily unavailable", "out of memory"]
        .iter()
        .any(|sign| words.contains(sign))
}

fn ended(status: ExitStatus) -> String {
    format!("process ended with {status}")
}

fn too_slow(limits: &Limits) -> Refusal {
    Refusal::new(
        RefusalCode::CompileTimeout,
        format!(
            "compiling the plugin took longer than {} ms: make it smaller, split large functions",
            limits.compile_ms
        ),
    )
}
