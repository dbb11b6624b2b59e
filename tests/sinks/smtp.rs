//! A mail server that keeps what it takes (RFC 5321, with AUTH PLAIN and STARTTLS).

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

use super::{Arrivals, lock};

/// Listens until it is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    arrivals: Arrivals<Mail>,
    commands: Arrivals<String>,
    script: Arc<Mutex<Vec<Rule>>>,
    task: JoinHandle<()>,
}

/// A mail as it was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// What the client called itself.
    pub hello: String,
    /// User and password, if it logged in.
    pub login: Option<(String, String)>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    pub from: String,
    pub to: Vec<String>,
    /// Header and body, without the final dot; dots as they were meant.
    pub data: String,
}

/// How a command is answered that begins so.
struct Rule {
    command: String,
    reply: String,
    times: usize,
}

/// A connection of any kind.
pub type Stream = Box<dyn Connection>;

pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// How a connection becomes an encrypted one.
pub type Encrypt = Arc<dyn Fn(Stream) -> Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>> + Send + Sync>;

/// When it is encrypted.
#[derive(Clone, Default)]
pub enum Encryption {
    #[default]
    Never,
    /// When the client asks for it.
    Starttls(Encrypt),
    /// From the first byte.
    Always(Encrypt),
}

impl Mail {
    /// A header's value, unfolded; its name in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// What follows the header, as a reader shows it; lines end in LF.
    pub fn text(&self) -> String {
        let body = self.data.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let bytes = match self.header("Content-Transfer-Encoding").as_deref() {
            Some("quoted-printable") => quoted_printable(body),
            Some("base64") => base64(&body.split_whitespace().collect::<String>()),
            _ => Some(body.as_bytes().to_vec()),
        };
        let text = String::from_utf8(bytes.expect("well-formed")).expect("UTF-8");
        text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
    }
}

impl SmtpSink {
    pub async fn start() -> Self {
        Self::encrypted(Encryption::Never).await
    }

    pub async fn encrypted(encryption: Encryption) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (arrivals, commands, script) = (Arrivals::default(), Arrivals::default(), Arc::default());
        let server = Server { arrivals: arrivals.clone(), commands: commands.clone(), script: Arc::clone(&script) };
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, encryption) = (server.clone(), encryption.clone());
                // Clients hang up in the middle, too.
                tokio::spawn(async move { server.serve(Box::new(stream), encryption).await.ok() });
            }
        });
        Self { address, arrivals, commands, script, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers commands that begin with `command` by `reply`, always. The greeting's command is `CONNECT`, the mail's
    /// end is `.`; an empty reply is none.
    pub fn answer(&self, command: &str, reply: &str) {
        self.answer_times(usize::MAX, command, reply);
    }

    /// Does so only for the next `times` times.
    pub fn answer_times(&self, times: usize, command: &str, reply: &str) {
        lock(&self.script).push(Rule { command: command.to_owned(), reply: reply.to_owned(), times });
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.arrivals.all()
    }

    /// Every command that came.
    pub fn commands(&self) -> Vec<String> {
        self.commands.all()
    }

    /// The mails, once there are at least `count`.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        self.arrivals.at_least(count).await
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Server {
    arrivals: Arrivals<Mail>,
    commands: Arrivals<String>,
    script: Arc<Mutex<Vec<Rule>>>,
}

impl Server {
    async fn serve(&self, mut stream: Stream, encryption: Encryption) -> io::Result<()> {
        let mut mail = Mail::default();
        if let Encryption::Always(encrypt) = &encryption {
            stream = encrypt(stream).await?;
            mail.encrypted = true;
        }
        let mut stream = BufReader::new(stream);
        self.reply(&mut stream, "CONNECT", "220 sink.example ready").await?;
        loop {
            let Some(command) = line(&mut stream).await? else { return Ok(()) };
            self.commands.push(command.clone());
            let (verb, rest) = command.split_once([' ', ':']).unwrap_or((&command, ""));
            let verb = verb.to_ascii_uppercase();
            let starttls = matches!(encryption, Encryption::Starttls(_)) && !mail.encrypted;
            let offers = if starttls { "250-sink.example\r\n250-STARTTLS\r\n250 8BITMIME" } else { OFFERS };
            let ordinary = match verb.as_str() {
                "EHLO" => offers,
                "STARTTLS" if starttls => "220 go ahead",
                "AUTH" if login(rest).is_some() => "235 2.7.0 welcome",
                "MAIL" if mail.hello.is_empty() => "503 5.5.1 no greeting yet",
                "RCPT" if mail.from.is_empty() => "503 5.5.1 no sender yet",
                "DATA" if mail.to.is_empty() => "503 5.5.1 no recipient yet",
                "DATA" => "354 end with a dot",
                "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 2.0.0 ok",
                "QUIT" => "221 2.0.0 bye",
                _ => "500 5.5.2 what?",
            };
            let code = self.reply(&mut stream, &command, ordinary).await?;
            if !(200..400).contains(&code) {
                continue;
            }
            match verb.as_str() {
                "EHLO" => mail.hello = rest.to_owned(),
                "STARTTLS" => {
                    let Encryption::Starttls(encrypt) = &encryption else { return Ok(()) };
                    stream = BufReader::new(encrypt(stream.into_inner()).await?);
                    // What was said before does not count (RFC 3207).
                    mail = Mail { encrypted: true, ..Mail::default() };
                }
                "AUTH" => mail.login = login(rest),
                "MAIL" => mail.from = address(rest),
                "RCPT" => mail.to.push(address(rest)),
                "DATA" => {
                    mail.data = data(&mut stream).await?;
                    // A mail that is taken is on record before anybody is told so.
                    let reply = self.script(".").unwrap_or("250 2.0.0 queued as 7A".to_owned());
                    if reply.starts_with('2') {
                        self.arrivals.push(mail.clone());
                    }
                    stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
                    stream.flush().await?;
                    (mail.from, mail.to) = Default::default();
                }
                "QUIT" => return Ok(()),
                _ => {}
            }
        }
    }

    /// Gives the code that was said.
    async fn reply(&self, stream: &mut BufReader<Stream>, command: &str, ordinary: &str) -> io::Result<u16> {
        let reply = self.script(command).unwrap_or(ordinary.to_owned());
        if reply.is_empty() {
            return std::future::pending().await;
        }
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        stream.flush().await?;
        Ok(reply.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0))
    }

    fn script(&self, command: &str) -> Option<String> {
        let mut rules = lock(&self.script);
        let fits = |rule: &&mut Rule| rule.times > 0 && command.starts_with(&rule.command);
        let rule = rules.iter_mut().find(fits)?;
        rule.times -= 1;
        Some(rule.reply.clone())
    }
}

const OFFERS: &str = "250-sink.example\r\n250-8BITMIME\r\n250 AUTH PLAIN";

async fn line(stream: &mut BufReader<Stream>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let bytes = stream.read_line(&mut line).await?;
    Ok((bytes > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn data(stream: &mut BufReader<Stream>) -> io::Result<String> {
    let mut data = String::new();
    while let Some(line) = line(stream).await?.filter(|line| line != ".") {
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
    Ok(data)
}

/// `a@b` of `FROM:<a@b> BODY=8BITMIME`.
fn address(rest: &str) -> String {
    rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

/// User and password of `PLAIN <base64>`.
fn login(rest: &str) -> Option<(String, String)> {
    let plain = String::from_utf8(base64(rest.strip_prefix("PLAIN ")?)?).ok()?;
    let mut parts = plain.split('\0').skip(1).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}

/// RFC 2045, section 6.7.
fn quoted_printable(text: &str) -> Option<Vec<u8>> {
    let joined = text.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.as_bytes());
    }
    Some(bytes)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(DIGITS.find(digit)?).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}
