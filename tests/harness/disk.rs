//! A disk that forgets what was not synced, run by the program in `tests/disk`.

use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
};

use tempfile::TempDir;
use tokio::sync::watch;

use super::repository;

/// Set where a machine must be able to mount disks: there, not being able to is a failure and no reason to skip.
const REQUIRED: &str = "DRIFTLINE_TEST_DISKS";

/// A mounted disk; unmounted when dropped.
pub struct Disk {
    program: Child,
    commands: Option<ChildStdin>,
    done: mpsc::Receiver<()>,
    failures: watch::Receiver<u32>,
    /// How many failures there were before the next.
    past: u32,
    folder: TempDir,
}

/// Whether a sync keeps anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Honesty {
    /// It does.
    Honest,
    /// It only says so: what the tests must notice.
    Lying,
}

impl Disk {
    /// Mounts an empty disk. None, and a line that says so, where that is impossible.
    pub fn mount(honesty: Honesty) -> Option<Self> {
        if let Err(error) = OpenOptions::new().read(true).write(true).open("/dev/fuse") {
            assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, but /dev/fuse can't be opened: {error}");
            // Not by println, which shows nothing when the test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED, proves nothing: /dev/fuse can't be opened ({error})");
            return None;
        }
        let folder = TempDir::new().expect("a temporary directory");
        let mut program = Command::new(program())
            .arg(folder.path())
            .arg(if honesty == Honesty::Honest { "honest" } else { "lying" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let commands = program.stdin.take();
        let (done, failures) = follow(program.stdout.take().expect("piped"));
        let disk = Self { program, commands, done, failures, past: 0, folder };
        disk.wait("mount");
        Some(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets the power fail at the `changes`th change or sync from now: that one and all later requests get no answer.
    pub fn fail_after(&mut self, changes: u64) {
        self.past = *self.failures.borrow();
        self.command(&format!("fail {changes}"));
    }

    /// Returns once the power has failed.
    pub async fn failed(&self) {
        let is_new = |failures: &u32| *failures > self.past;
        self.failures.clone().wait_for(is_new).await.expect("the disk is there");
    }

    /// Takes the power away: whoever waits for the disk gets an error.
    pub fn power_off(&self) {
        self.command("off");
    }

    /// Ends a power failure: what was not synced is lost, and the disk is mounted anew. Nothing may use it any more.
    /// `loss` is what the program calls a loss, such as `everything`.
    pub fn restart(&self, loss: &str, random: &mut fastrand::Rng) {
        self.command(&format!("restart {loss} {}", random.u64(..)));
    }

    /// Keeps everything as it is now, like a machine that has been idle for a while.
    pub fn settle(&self) {
        self.command("settle");
    }

    fn command(&self, command: &str) {
        let mut commands = self.commands.as_ref().expect("the disk is there");
        writeln!(commands, "{command}").unwrap_or_else(|error| panic!("{command}: {error}"));
        self.wait(command);
    }

    fn wait(&self, command: &str) {
        self.done.recv().unwrap_or_else(|_| panic!("the disk has failed at `{command}`: see its message above"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.commands = None;
        let _ = self.program.wait();
    }
}

/// Takes in what the disk says: answers to commands, and that the power has failed.
fn follow(stream: ChildStdout) -> (mpsc::Receiver<()>, watch::Receiver<u32>) {
    let (answer, done) = mpsc::channel();
    let (failure, failures) = watch::channel(0);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            match line.as_str() {
                "failed" => failure.send_modify(|failures| *failures += 1),
                _ => _ = answer.send(()),
            }
        }
    });
    (done, failures)
}

/// The program, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk");
        let cargo = Path::new(env!("CARGO"));
        let status = Command::new(cargo)
            // The compiler beside it: rustup's choice would heed the file in which fuser asks for an old one.
            .env("RUSTC", cargo.with_file_name("rustc"))
            .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
            .arg(repository("tests/disk/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status();
        assert!(status.as_ref().is_ok_and(|status| status.success()), "building tests/disk: {status:?}");
        target.join("release/forgetful-disk")
    })
}
