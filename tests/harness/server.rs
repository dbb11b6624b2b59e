//! The binary as a child process on a free port, its data in a temporary directory.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::{DRIFTLINE, Reply};

/// How long a start may take; a loaded machine compiles the standard plugins slowly.
const START: Duration = Duration::from_secs(120);

/// A running `driftline serve`; killed when dropped.
pub struct Server {
    process: Child,
    address: mpsc::Receiver<String>,
    url: String,
    client: reqwest::Client,
    log: Arc<Mutex<String>>,
    options: Vec<String>,
    environment: Vec<(String, String)>,
    data: PathBuf,
    /// Removed in the end, if the data lie there.
    _folder: Option<TempDir>,
}

impl Server {
    /// Starts a server on an empty data directory and waits until it is ready.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more options for `driftline serve`.
    pub async fn start_with(options: &[&str]) -> Self {
        Self::start_in(options, &[]).await
    }

    /// The same, with more variables in its environment.
    pub async fn start_in(options: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let mut server = Self::begin_in(folder.path(), options, environment);
        server._folder = Some(folder);
        server.ready().await;
        server
    }

    /// Starts a server with its data in a directory of the caller's; [`Self::ready`] waits for it.
    pub fn begin(data: &Path, options: &[&str]) -> Self {
        Self::begin_in(data, options, &[])
    }

    /// The same, with more variables in its environment.
    pub fn begin_in(data: &Path, options: &[&str], environment: &[(&str, &str)]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let log = Arc::default();
        let (process, address) = spawn(data, &options, &environment, &log);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self {
            process,
            address,
            url: String::new(),
            client,
            log,
            options,
            environment,
            data: data.to_owned(),
            _folder: None,
        }
    }

    /// Its address, such as `http://127.0.0.1:4000`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it printed so far, standard output and error mixed.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as an operator does (SIGTERM) and starts it again on the same data.
    pub async fn restart(&mut self) {
        signal(self.pid(), "TERM");
        let status = self.process.wait().expect("the server ends");
        assert!(status.success(), "a graceful shutdown ended with {status}: {}", self.log());
        self.start_again().await;
    }

    /// Sends it a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Ends it without warning (SIGKILL); see [`Self::start_again`].
    pub fn kill(&mut self) {
        self.process.kill().expect("the server is alive");
        self.process.wait().expect("the server ends");
    }

    /// Other options for the next start.
    pub fn set_options(&mut self, options: &[&str]) {
        self.options = options.iter().map(|&option| option.to_owned()).collect();
    }

    /// Waits until every row of a model lies in a segment.
    pub async fn sealed(&self, model: &str) {
        self.none_left(model, "unsealed_rows").await;
    }

    /// Waits until every delayed metric of a model lies in the segment of its prediction.
    pub async fn folded(&self, model: &str) {
        self.none_left(model, "delayed_rows").await;
    }

    async fn none_left(&self, model: &str, field: &str) {
        let deadline = Instant::now() + START;
        while self.get(&format!("/v1/models/{model}")).await.expect(200)[field] != 0 {
            assert!(Instant::now() < deadline, "{model} still has {field}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts it again on the same data after [`Self::kill`].
    pub async fn start_again(&mut self) {
        self.begin_again();
        self.ready().await;
    }

    /// The same without waiting; see [`Self::ready`].
    pub fn begin_again(&mut self) {
        (self.process, self.address) = spawn(&self.data, &self.options, &self.environment, &self.log);
        self.url.clear();
    }

    /// Waits until it answers.
    pub async fn ready(&mut self) {
        let deadline = Instant::now() + START;
        while !self.is_ready().await {
            let ended = self.process.try_wait().expect("the server can be asked");
            assert!(ended.is_none(), "the server ended instead of starting: {ended:?}, {}", self.log());
            assert!(Instant::now() < deadline, "the server is not ready: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn is_ready(&mut self) -> bool {
        if let Ok(url) = self.address.try_recv() {
            self.url = url;
        }
        let ready = self.client.get(format!("{}/readyz", self.url));
        !self.url.is_empty() && ready.send().await.is_ok_and(|response| response.status() == 200)
    }

    /// Sends a request and gives back the answer, whatever it is.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        self.try_send(method, path, headers, body)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error:?}\n{}", self.log()))
    }

    /// Sends a request to a server that may die meanwhile.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Reply> {
        let what = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(Reply::of(what, request.send().await?).await)
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], "").await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], "").await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// `POST path` with a body of some type.
    pub async fn upload(&self, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
        self.send(Method::POST, path, &[("content-type", content_type)], body).await
    }

    /// Runs an evaluation that must succeed and gives back its answer.
    pub async fn evaluate(&self, request: &Value) -> Value {
        let answer = self.post("/v1/evaluations", request).await.expect(200);
        assert_eq!(answer["status"], "succeeded", "{request}\n{answer}");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("--- the end of the server's log ---\n{}", lines[lines.len().saturating_sub(25)..].join("\n"));
        }
    }
}

/// Starts the binary on a port of the system's choice; gives the address once it is printed.
fn spawn(
    data: &Path,
    options: &[String],
    environment: &[(String, String)],
    log: &Arc<Mutex<String>>,
) -> (Child, mpsc::Receiver<String>) {
    let mut process = Command::new(DRIFTLINE)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(options)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (address, printed) = mpsc::channel();
    let (out, err) = (process.stdout.take().expect("piped"), process.stderr.take().expect("piped"));
    follow(out, log.clone(), address.clone());
    follow(err, log.clone(), address);
    (process, printed)
}

/// Keeps what a stream says, and sends on the first address in it.
fn follow(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>, address: mpsc::Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(url) = address_in(&line) {
                let _ = address.send(url);
            }
            let mut log = log.lock().expect("the log");
            log.push_str(&line);
            log.push('\n');
        }
    });
}

fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty() && port != "0").then(|| format!("http://127.0.0.1:{port}"))
}

/// Sends a signal by its name without `SIG`.
fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill -{name} {pid}");
}
