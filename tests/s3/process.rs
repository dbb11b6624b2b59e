//! The S3 server of `tests/s3` as a child process; shared by the tests that need one.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

/// A running server with the empty bucket `files`; it ends when dropped.
pub struct S3Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    address: String,
    dir: TempDir,
}

/// What a server has counted since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub requests: u64,
    pub faults: u64,
    /// Bytes of objects that were read.
    pub sent_bytes: u64,
}

impl S3Server {
    pub const KEY_ID: &str = "test-key";
    pub const SECRET: &str = "test-secret";

    /// Builds the server if need be, and starts it. `repository` is the root of the repository.
    pub fn start(repository: &Path) -> Self {
        let dir = TempDir::new().expect("a directory");
        let mut process = Command::new(built(repository))
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the S3 server starts");
        let input = process.stdin.take().expect("piped");
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut address = String::new();
        output.read_line(&mut address).expect("an address");
        Self { process, input, output, address: address.trim().to_owned(), dir }
    }

    /// Where it listens, such as `http://127.0.0.1:4000`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Lets requests go wrong from now on, such as `lost=3 error=5`; nothing when empty. Gives the counts so far.
    pub fn plan(&mut self, faults: &str) -> Counts {
        writeln!(self.input, "{faults}").expect("the server lives");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the server answers");
        let counts: Vec<u64> = line.split_whitespace().map(|word| word.parse().expect("a count")).collect();
        Counts { requests: counts[0], faults: counts[1], sent_bytes: counts[2] }
    }

    /// The file behind an object.
    #[allow(dead_code, reason = "not every test that starts the server looks there")]
    pub fn object(&self, key: &str) -> PathBuf {
        self.dir.path().join("files").join(key)
    }

    /// The keys of the objects in the bucket that begin with `prefix`, in order.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let bucket = self.dir.path().join("files");
        let mut keys = Vec::new();
        collect(&bucket, &bucket, &mut keys);
        keys.retain(|key| key.starts_with(prefix));
        keys.sort();
        keys
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// The server's executable: the one named by `DRIFTLINE_TEST_S3`, or one that cargo builds here.
fn built(repository: &Path) -> PathBuf {
    if let Some(ready) = std::env::var_os("DRIFTLINE_TEST_S3") {
        return ready.into();
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
        .arg(repository.join("tests/s3/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the S3 server for tests can't be built");
    target.join("release/driftline-test-s3")
}

fn collect(bucket: &Path, folder: &Path, keys: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a listing") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(bucket, &path, keys);
            continue;
        }
        let key = path.strip_prefix(bucket).expect("below the bucket").to_string_lossy().into_owned();
        // The server's own files begin with a dot.
        if !key.split('/').any(|part| part.starts_with('.')) {
            keys.push(key);
        }
    }
}
