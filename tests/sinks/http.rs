//! A receiver of `POST`s over HTTP/1.1.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{Arrivals, lock};

/// Listens until it is dropped.
pub struct HttpSink {
    address: SocketAddr,
    arrivals: Arrivals<Request>,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    /// By name in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// How the sink answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With a status, headers and a body.
    Whole(u16, Vec<(String, String)>, String),
    /// With a status, and a body that never ends.
    Endless(u16),
    /// With a status, the beginning of a body, and nothing more.
    Stuck(u16),
    /// Not at all.
    Never,
    /// By hanging up.
    HangUp,
}

#[derive(Default)]
struct Script {
    next: VecDeque<Answer>,
    otherwise: Option<Answer>,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::Whole(status, Vec::new(), String::new())
    }

    pub fn text(status: u16, text: &str) -> Self {
        Self::Whole(status, Vec::new(), text.to_owned())
    }

    pub fn header(status: u16, name: &str, value: &str) -> Self {
        Self::Whole(status, vec![(name.to_owned(), value.to_owned())], String::new())
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

impl HttpSink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (arrivals, script) = (Arrivals::default(), Arc::new(Mutex::new(Script::default())));
        let (seen, told) = (arrivals.clone(), Arc::clone(&script));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, told) = (seen.clone(), Arc::clone(&told));
                // Callers hang up in the middle, too.
                tokio::spawn(async move { serve(stream, &seen, &told).await.ok() });
            }
        });
        Self { address, arrivals, script, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next request that has no answer yet; without one it is 200.
    pub fn answer(&self, answer: Answer) {
        lock(&self.script).next.push_back(answer);
    }

    /// Answers all requests that `answer` says nothing of.
    pub fn otherwise(&self, answer: Answer) {
        lock(&self.script).otherwise = Some(answer);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.arrivals.all()
    }

    /// The requests, once there are at least `count`.
    pub async fn wait_for(&self, count: usize) -> Vec<Request> {
        self.arrivals.at_least(count).await
    }
}

impl Drop for HttpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, arrivals: &Arrivals<Request>, script: &Mutex<Script>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let answer = {
            let mut script = lock(script);
            script.next.pop_front().or_else(|| script.otherwise.clone()).unwrap_or(Answer::status(200))
        };
        arrivals.push(request);
        match answer {
            Answer::Whole(status, headers, body) => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let head = format!("HTTP/1.1 {status} Told\r\n{headers}content-length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await?;
            }
            Answer::Endless(status) => {
                stream.write_all(format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n\r\n").as_bytes()).await?;
                loop {
                    stream.write_all(&[b'x'; 8192]).await?;
                }
            }
            Answer::Stuck(status) => {
                let head = format!("HTTP/1.1 {status} Told\r\ncontent-length: 1000\r\n\r\nto be continued");
                stream.write_all(head.as_bytes()).await?;
                return std::future::pending().await;
            }
            Answer::Never => return std::future::pending().await,
            Answer::HangUp => return Ok(()),
        }
    }
    Ok(())
}

/// `None` at the end of the connection.
async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Request { method, path, headers, body }))
}
