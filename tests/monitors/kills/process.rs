//! The server as a process of its own, whose clock is turned from outside.

use std::{
    env,
    io::{BufRead, BufReader, Write, stdin},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio, exit},
    sync::{Arc, atomic::AtomicI64, atomic::Ordering},
    thread,
    time::Duration,
};

use driftline::{Config, Server};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::super::Hand;
use crate::harness::Reply;

/// What tells the process where its data lie, and the time.
const DATA: &str = "DRIFTLINE_KILLED_DATA";
const TIME: &str = "DRIFTLINE_KILLED_TIME";
/// What the process says: where it listens, and up to when all is done that is due.
const LISTENS: &str = "listens at ";
const SETTLED: &str = "settled up to ";
/// A machine that builds at the same time starts processes slowly.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server; killed when dropped.
pub struct Process {
    child: Child,
    orders: ChildStdin,
    said: watch::Receiver<Said>,
    client: reqwest::Client,
    data: PathBuf,
}

#[derive(Debug, Clone, Default)]
struct Said {
    url: Option<String>,
    /// Microseconds since 1970.
    settled: i64,
    is_over: bool,
}

impl Process {
    /// Starts one at a time in microseconds; [`Self::ready`] waits for it.
    pub fn begin(data: &Path, time: i64) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "monitors::kills::process::server", "--ignored", "--nocapture"])
            .envs([(DATA, data.as_os_str()), (TIME, time.to_string().as_ref())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let (orders, said) = (child.stdin.take().expect("piped"), follow(child.stdout.take().expect("piped")));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, orders, said, client, data: data.to_owned() }
    }

    /// Waits until it listens.
    pub async fn ready(&self) {
        self.wait("listen", |said| said.url.is_some()).await;
    }

    /// Kills it and starts it again.
    pub fn replace(&mut self, time: i64) {
        self.kill();
        *self = Self::begin(&self.data, time);
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Turns its clock to a time in microseconds, up to when it then does all that is due.
    pub fn turn_to(&mut self, time: i64) {
        writeln!(self.orders, "{time}").expect("the process lives");
    }

    /// Waits until it has done all that is due at a time to which it was turned.
    pub async fn settled(&self, time: i64) {
        self.wait("settle", |said| said.settled >= time).await;
    }

    async fn wait(&self, what: &str, is_so: impl Fn(&Said) -> bool) {
        let mut said = self.said.clone();
        let waited = tokio::time::timeout(PATIENCE, said.wait_for(|said| is_so(said) || said.is_over)).await;
        let said = waited.unwrap_or_else(|_| panic!("it does not {what}")).expect("it is followed").clone();
        assert!(is_so(&said), "it ended before it could {what}");
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
    }

    /// Sends JSON to a server that may die meanwhile.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Option<Reply> {
        let url = self.said.borrow().url.clone().expect("it listens");
        let what = format!("{method} {path}");
        let request = self.client.request(method, format!("{url}{path}")).header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.ok()?;
        Some(Reply::of(what, response).await).filter(|reply| !reply.is_cut)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(stdout: ChildStdout) -> watch::Receiver<Said> {
    let (sender, receiver) = watch::channel(Said::default());
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // The first line begins with the name of the test.
            if let Some((_, url)) = line.split_once(LISTENS) {
                sender.send_modify(|said| said.url = Some(url.into()));
            } else if let Some((_, time)) = line.split_once(SETTLED) {
                let time = time.parse().expect("a time");
                sender.send_modify(|said| said.settled = said.settled.max(time));
            }
        }
        sender.send_modify(|said| said.is_over = true);
    });
    receiver
}

/// The process itself. Lines of its input turn its clock; the end of its input ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is the server that the test of kills starts"]
async fn server() {
    let (Ok(data), Ok(time)) = (env::var(DATA), env::var(TIME)) else { return };
    let errors = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(std::io::stderr);
    errors.init();
    let mut config = Config::new(data.into(), ([127, 0, 0, 1], 0).into());
    config.compile_in_process = true;
    config.notify_allow = vec!["127.0.0.1".into()];
    let clock = Arc::new(Hand(AtomicI64::new(time.parse().expect("a time"))));
    let server = Server::start_at(config, clock.clone()).await.expect("starts");
    let settling = server.settling();
    println!("{LISTENS}http://{}", server.address());
    let tasks = tokio::runtime::Handle::current();
    thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            let (time, settling) = (line.parse().expect("a time"), settling.clone());
            clock.0.store(time, Ordering::SeqCst);
            tasks.spawn(async move {
                settling.settle().await.expect("settles");
                println!("{SETTLED}{time}");
            });
        }
        exit(0);
    });
    server.run(CancellationToken::new()).await.expect("serves");
}
