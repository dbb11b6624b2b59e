//! What is said to a mail server before `STARTTLS`.

use std::io;

use lettre::transport::smtp::extension::ClientId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Failure, FailureKind};

const MAX_REPLY_BYTES: usize = 16 * 1024;

/// Asks for encryption; gives the server's greeting. The handshake comes next.
pub(super) async fn starttls(stream: &mut TcpStream, hello: &ClientId) -> Result<Vec<u8>, Failure> {
    let greeting = expect(stream, 220).await?;
    say(stream, &format!("EHLO {hello}\r\n")).await?;
    let offers = String::from_utf8_lossy(&expect(stream, 250).await?).to_ascii_uppercase();
    if !offers.lines().any(|line| line.get(4..).is_some_and(|offer| offer.trim() == "STARTTLS")) {
        return Err(Failure::passing(FailureKind::Tls, "the mail server does not offer STARTTLS"));
    }
    say(stream, "STARTTLS\r\n").await?;
    expect(stream, 220).await?;
    Ok(greeting)
}

async fn say(stream: &mut TcpStream, line: &str) -> Result<(), Failure> {
    stream.write_all(line.as_bytes()).await.map_err(broken)
}

async fn expect(stream: &mut TcpStream, code: u16) -> Result<Vec<u8>, Failure> {
    let reply = reply(stream).await.map_err(broken)?;
    let text = String::from_utf8_lossy(&reply);
    match text.get(..3).and_then(|digits| digits.parse::<u16>().ok()) {
        Some(found) if found == code => Ok(reply),
        Some(found @ 500..600) => Err(Failure::lasting(FailureKind::Rejected(found), said(&text))),
        Some(found @ 400..500) => Err(Failure::passing(FailureKind::Rejected(found), said(&text))),
        _ => Err(Failure::passing(FailureKind::Unreachable, format!("no mail server is there: {}", said(&text)))),
    }
}

fn said(text: &str) -> String {
    format!("the mail server said {}", text.trim())
}

/// One reply and not a byte more: whatever follows belongs to the handshake, so that nothing said in the clear is taken
/// for encrypted.
async fn reply(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    let mut line = 0;
    while reply.len() < MAX_REPLY_BYTES {
        reply.push(stream.read_u8().await?);
        if reply.ends_with(b"\n") {
            if reply.get(line + 3) != Some(&b'-') {
                return Ok(reply);
            }
            line = reply.len();
        }
    }
    Err(io::Error::other("the server's reply is longer than 16 KiB"))
}

fn broken(error: io::Error) -> Failure {
    Failure::passing(FailureKind::Unreachable, format!("the connection to the mail server broke: {error}"))
}
