//! SMTP as it is spoken (RFC 5321): a line there, a reply back.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use crate::{Failure, FailureKind};

/// A server that says more in one conversation has something else in mind than taking a mail.
const MAX_READ_BYTES: u64 = 64 * 1024;

/// A connection of any kind.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A conversation with a mail server.
pub(super) struct Talk {
    stream: BufReader<Box<dyn Connection>>,
    readable_bytes: u64,
}

/// What the server said; its code is 200 to 399.
pub(super) struct Reply {
    pub(super) code: u16,
    /// Without codes.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// `250 2.0.0 queued`.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.code, self.lines.join(" "))
    }

    /// What follows `keyword` in the answer to `EHLO`, in upper case.
    pub(super) fn offers(&self, keyword: &str) -> Option<String> {
        self.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).find_map(|line| {
            match line.split_once([' ', '=']) {
                Some((word, rest)) => (word == keyword).then(|| rest.to_owned()),
                None => (line == keyword).then(String::new),
            }
        })
    }
}

impl Talk {
    pub(super) fn new(stream: Box<dyn Connection>) -> Self {
        Self { stream: BufReader::new(stream), readable_bytes: MAX_READ_BYTES }
    }

    /// The connection, to be encrypted. What the server said ahead in the clear must not pass for encrypted.
    pub(super) fn into_stream(self) -> Result<Box<dyn Connection>, Failure> {
        if self.stream.buffer().is_empty() {
            return Ok(self.stream.into_inner());
        }
        Err(Failure::passing(FailureKind::Tls, "the mail server talks on in the clear after STARTTLS"))
    }

    /// Says a line, which must not hold another, and waits for the reply.
    pub(super) async fn say(&mut self, line: &str) -> Result<Reply, Failure> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends a mail's text after `DATA`, and waits for the reply.
    pub(super) async fn send(&mut self, text: &str) -> Result<Reply, Failure> {
        let dot = |line: &str| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") };
        let stuffed: String = text.lines().map(dot).collect();
        self.write((stuffed + ".\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Waits for a reply.
    ///
    /// # Errors
    /// Also when its code is 400 or more: less than 500 is worth another try.
    pub(super) async fn reply(&mut self) -> Result<Reply, Failure> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let (code, rest) = line.split_at_checked(3).unwrap_or((&line, ""));
            let Some(code) = code.parse::<u16>().ok().filter(|code| (200..600).contains(code)) else {
                let said = format!("no mail server is there: it said {line}");
                return Err(Failure::passing(FailureKind::Unreachable, said));
            };
            lines.push(rest.get(1..).unwrap_or_default().to_owned());
            if rest.starts_with('-') {
                continue;
            }
            let reply = Reply { code, lines };
            let said = || format!("the mail server answered {}", reply.text());
            return match code {
                ..400 => Ok(reply),
                400..500 => Err(Failure::passing(FailureKind::Rejected(code), said())),
                500.. => Err(Failure::lasting(FailureKind::Rejected(code), said())),
            };
        }
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(self.readable_bytes).read_until(b'\n', &mut line).await.map_err(broken)?;
        self.readable_bytes -= read as u64;
        if !line.ends_with(b"\n") {
            let why = if self.readable_bytes == 0 { "it says too much" } else { "it hung up" };
            return Err(broken(io::Error::other(why)));
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)
    }
}

fn broken(error: io::Error) -> Failure {
    Failure::passing(FailureKind::Unreachable, format!("the connection to the mail server broke: {error}"))
}
