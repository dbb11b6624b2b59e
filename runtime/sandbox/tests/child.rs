//! Compilation in a child process: this program is its own child.

use std::process::ExitCode;

use driftline_sandbox::{Compiler, Error, Limits, Options, RefusalCode, Sandbox, compile_child};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("compile") => compile_child(),
        Some("stall") => loop {
            std::thread::park();
        },
        Some("crash") => std::process::abort(),
        _ => parent(),
    }
}

fn parent() -> ExitCode {
    let cases: [(&str, fn()); 5] = [
        ("a child compiles what this process runs", compiles),
        ("a child refuses with the same words", refuses),
        ("a child that takes too long is killed", stalls),
        ("a child that crashes is a clear refusal", crashes),
        ("a child has only the memory it was given", starves),
    ];
    for (name, case) in cases {
        case();
        println!("test {name} ... ok");
    }
    println!("{} passed, 0 failed", cases.len());
    ExitCode::SUCCESS
}

fn inspect(mode: &str, wat: &str, limits: Limits) -> Result<String, Error> {
    let dir = tempfile::tempdir().expect("a directory");
    let program = std::env::current_exe().expect("this program");
    let compiler = Compiler::Command { program, args: vec![mode.into()] };
    let sandbox = Sandbox::new(Options { limits, ..Options::new(dir.path(), compiler) }).expect("a sandbox");
    let wasm = wat::parse_str(wat).expect("valid");
    sandbox.inspect(&wasm).map(|inspected| inspected.description.name.to_string())
}

fn refused(mode: &str, wat: &str, limits: Limits, code: RefusalCode, text: &str) {
    let Err(Error::Refused(refusal)) = inspect(mode, wat, limits) else { panic!("{mode} was not refused") };
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.message.contains(text), "{refusal}");
}

/// The guest of the other tests as it is; its text's place holder is an invalid description.
fn guest() -> String {
    include_str!("sandbox/guest.wat")
        .replace(
            "\"DESCRIPTION\"",
            r#""{\"name\": \"test\", \"version\": \"1.0.0\", \"outputs\": [{\"name\": \"a\"}]}""#,
        )
        .replace("DESCRIBED", "64")
}

fn compiles() {
    assert_eq!(inspect("compile", &guest(), Limits::default()).expect("accepted"), "test");
}

fn refuses() {
    refused("compile", "(module)", Limits::default(), RefusalCode::WorldMismatch, "describe");
}

fn stalls() {
    let limits = Limits { compile_ms: 50, ..Limits::default() };
    refused("stall", &guest(), limits, RefusalCode::CompileTimeout, "50 ms");
}

fn crashes() {
    refused(
        "crash",
        &guest(),
        Limits::default(),
        RefusalCode::CompileFailed,
        "the compiler process ended with signal: 6",
    );
}

fn starves() {
    let limits = Limits { compile_memory_bytes: 1 << 20, ..Limits::default() };
    refused("compile", &guest(), limits, RefusalCode::CompileMemory, "more than 1 MiB");
}
