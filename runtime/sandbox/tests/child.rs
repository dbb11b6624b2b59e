//! Compilation in a child process: this program is its own child.

use std::{
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    process::{self, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use driftline_core::Digest;
use driftline_sandbox::{Compiler, Error, Limits, Options, RefusalCode, Sandbox, compile_child};
use tempfile::TempDir;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("compile") => compile_child(),
        Some("stall") => loop {
            thread::park();
        },
        Some("crash") => process::abort(),
        Some("tell") => tell(),
        Some("crawl") => crawl(),
        Some("hang") => hang(),
        _ => parent(),
    }
}

fn parent() -> ExitCode {
    let cases: [(&str, fn()); 10] = [
        ("a child compiles what this process runs", compiles),
        ("a child refuses with the same words", refuses),
        ("a child that takes too long is killed", stalls),
        ("a child that crashes is a clear refusal", crashes),
        ("a child has only the memory it was given", starves),
        ("a child that nobody waits for has one thread and the lowest priority", yields),
        ("who needs what is compiled in the background compiles it at full speed", overtakes),
        ("a compilation in the background ends when it is told to", stops),
        ("a compilation that somebody waits for ends when the sandbox stops", gives_up),
        ("a compile bomb goes off within its limits", defuses),
    ];
    for (name, case) in cases {
        case();
        println!("test {name} ... ok");
    }
    println!("{} passed, 0 failed", cases.len());
    ExitCode::SUCCESS
}

/// A compiler that writes down, into the file named by its argument, how it was run.
fn tell() -> ExitCode {
    let code = compile_child();
    let path = std::env::args().nth(2).expect("a path");
    fs::write(path, manner()).expect("written");
    code
}

/// The priority and the number of threads of this process.
fn manner() -> String {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, after_name) = stat.rsplit_once(')').expect("a name");
    let nice = after_name.split_whitespace().nth(16).expect("a priority");
    format!("nice {nice}, threads {}", std::env::var("RAYON_NUM_THREADS").unwrap_or_default())
}

/// A compiler that says to the address in its argument that it was started in the background, and then gets nowhere.
fn crawl() -> ExitCode {
    if std::env::var("RAYON_NUM_THREADS").as_deref() != Ok("1") {
        return compile_child();
    }
    let address = std::env::args().nth(2).expect("an address");
    let _open = TcpStream::connect(address).expect("the parent listens");
    loop {
        thread::park();
    }
}

/// A compiler that says to the address in its argument that it was started, and then gets nowhere.
fn hang() -> ExitCode {
    let address = std::env::args().nth(2).expect("an address");
    let _open = TcpStream::connect(address).expect("the parent listens");
    loop {
        thread::park();
    }
}

/// A sandbox whose compiler is this program with these arguments.
fn sandbox(args: &[&str], limits: Limits) -> (TempDir, Sandbox) {
    let dir = tempfile::tempdir().expect("a directory");
    let program = std::env::current_exe().expect("this program");
    let compiler = Compiler::Command { program, args: args.iter().map(ToString::to_string).collect() };
    let sandbox = Sandbox::new(Options { limits, ..Options::new(dir.path(), compiler) }).expect("a sandbox");
    (dir, sandbox)
}

fn inspect(mode: &str, wat: &str, limits: Limits) -> Result<String, Error> {
    let (_dir, sandbox) = sandbox(&[mode], limits);
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

fn yields() {
    let notes = tempfile::tempdir().expect("a directory");
    let notes = notes.path().join("manner");
    let wasm = wat::parse_str(guest()).expect("valid");
    let manner_of = |compile: &dyn Fn(&Sandbox)| {
        let (_dir, sandbox) = sandbox(&["tell", notes.to_str().expect("text")], Limits::default());
        compile(&sandbox);
        fs::read_to_string(&notes).expect("the compiler ran")
    };
    let background = manner_of(&|sandbox| sandbox.prepare(&Digest::of(&wasm), &wasm, &|| false).expect("compiled"));
    assert_eq!(background, "nice 19, threads 1");
    let own = manner().split_once(',').expect("two parts").0.to_owned();
    let full = manner_of(&|sandbox| drop(sandbox.inspect(&wasm).expect("accepted")));
    assert_eq!(full, format!("{own}, threads 4"));
}

/// Calls `during` while the compilation in the background gets nowhere, and gives how that ended.
fn while_crawling(is_stopped: &(dyn Fn() -> bool + Sync), during: impl FnOnce(&Sandbox, &[u8])) -> Result<(), Error> {
    let wasm = wat::parse_str(guest()).expect("valid");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (_dir, sandbox) = sandbox(&["crawl", &address], Limits::default());
    thread::scope(|scope| {
        let background = scope.spawn(|| sandbox.prepare(&Digest::of(&wasm), &wasm, is_stopped));
        let _crawling = listener.accept().expect("the compiler runs");
        during(&sandbox, &wasm);
        background.join().expect("no panic")
    })
}

fn overtakes() {
    let ended = while_crawling(&|| false, |sandbox, wasm| {
        let plugin = sandbox.load(&Digest::of(wasm), || Ok::<_, Error>(wasm.to_vec())).expect("compiled");
        assert_eq!(*plugin.digest(), Digest::of(wasm));
    });
    ended.expect("what is there need not be compiled");
}

fn stops() {
    let stop = AtomicBool::new(false);
    let ended = while_crawling(&|| stop.load(Ordering::Relaxed), |_, _| stop.store(true, Ordering::Relaxed));
    ended.expect("to stop is no error");
}

fn gives_up() {
    let wasm = wat::parse_str(guest()).expect("valid");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (_dir, sandbox) = sandbox(&["hang", &address], Limits::default());
    let ended = thread::scope(|scope| {
        let waiting = scope.spawn(|| sandbox.inspect(&wasm));
        let (mut compiler, _) = listener.accept().expect("the compiler runs");
        sandbox.stop();
        // Its end of the connection is closed when it has been killed.
        assert_eq!(compiler.read(&mut [0]).ok(), Some(0));
        waiting.join().expect("no panic")
    });
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    let after = sandbox.inspect(&wasm);
    assert!(matches!(after, Err(Error::Stopped)), "{after:?}");
}

/// One small function takes the compiler much time and memory.
fn defuses() {
    let sum = "local.get 0 i32.add local.get 0 i32.mul ".repeat(150_000);
    let bomb = guest().replace(";;EXTRA", &format!("(func (param i32) (result i32) i32.const 1 {sum})"));
    let limits = Limits { compile_ms: 100, ..Limits::default() };
    refused("compile", &bomb, limits, RefusalCode::CompileTimeout, "100 ms");
    let limits = Limits { compile_memory_bytes: 40 << 20, ..Limits::default() };
    refused("compile", &bomb, limits, RefusalCode::CompileMemory, "more than 40 MiB");
}
