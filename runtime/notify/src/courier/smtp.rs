//! One mail over SMTP.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::{
    Options,
    email::Mail,
    talk::{Connection, Reply, Talk},
};
use crate::{Email, Failure, FailureKind, Receipt, Tls, dialler::Dialler};

/// A mail that was taken stays taken, whether the server says goodbye or not.
const GOODBYE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Smtp {
    dialler: Dialler,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    connect_timeout: Duration,
}

impl Smtp {
    pub(super) fn new(options: &Options, dialler: Dialler, tls: ClientConfig) -> Self {
        let (timeout, connect_timeout) = (options.timeout, options.connect_timeout);
        Self { dialler, tls: Arc::new(tls), timeout, connect_timeout }
    }

    pub(super) async fn deliver(&self, email: &Email, mail: &Mail) -> Result<Receipt, Failure> {
        let conversation = async {
            let (mut talk, offers) = self.connect(email).await?;
            let outcome = send(&mut talk, &offers, email, mail).await;
            Ok::<_, Failure>((talk, outcome))
        };
        let late = |_| Failure::passing(FailureKind::Timeout, format!("{} did not answer in time", email.server));
        let (mut talk, outcome) = timeout(self.timeout, conversation).await.map_err(late)??;
        _ = timeout(GOODBYE, talk.say("QUIT")).await;
        outcome
    }

    /// As far as the answer to `EHLO`, encrypted as `email` wants it.
    async fn connect(&self, email: &Email) -> Result<(Talk, Reply), Failure> {
        let stream = self.dial(email).await?;
        let unknown = |error: io::Error| Failure::passing(FailureKind::Unreachable, error.to_string());
        let hello = hello(stream.local_addr().map_err(unknown)?.ip());
        let mut talk = match email.tls {
            Tls::Tls => Talk::new(self.encrypt(Box::new(stream), email).await?),
            Tls::None | Tls::Starttls => Talk::new(Box::new(stream)),
        };
        talk.reply().await?;
        let offers = talk.say(&hello).await?;
        if email.tls != Tls::Starttls {
            return Ok((talk, offers));
        }
        if offers.offers("STARTTLS").is_none() {
            let message = format!("{} does not offer STARTTLS", email.server);
            return Err(Failure::passing(FailureKind::Tls, message));
        }
        talk.say("STARTTLS").await?;
        let mut talk = Talk::new(self.encrypt(talk.into_stream()?, email).await?);
        let offers = talk.say(&hello).await?;
        Ok((talk, offers))
    }

    /// Tries the addresses that the guard lets pass, one after the other.
    async fn dial(&self, email: &Email) -> Result<TcpStream, Failure> {
        let mut failure = None;
        for address in self.dialler.addresses(&email.server).await? {
            let address = SocketAddr::new(address, email.port());
            failure = Some(match timeout(self.connect_timeout, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => (FailureKind::Unreachable, error.to_string()),
                Err(_) => (FailureKind::Timeout, "no answer in time".to_owned()),
            });
        }
        let (kind, why) = failure.unwrap_or((FailureKind::Unreachable, "it has no address".to_owned()));
        Err(Failure::passing(kind, format!("{} could not be called: {why}", email.server)))
    }

    async fn encrypt(&self, stream: Box<dyn Connection>, email: &Email) -> Result<Box<dyn Connection>, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::passing(FailureKind::Tls, format!("no encrypted connection to {}: {why}", email.server))
        };
        let name = ServerName::try_from(email.server.clone()).map_err(|error| failed(&error))?;
        match TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// A process has no name of its own, so it gives its address (RFC 5321, section 4.1.4).
fn hello(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("EHLO [{v4}]"),
        IpAddr::V6(v6) => format!("EHLO [IPv6:{v6}]"),
    }
}

async fn send(talk: &mut Talk, offers: &Reply, email: &Email, mail: &Mail) -> Result<Receipt, Failure> {
    log_in(talk, offers, email).await?;
    talk.say(&format!("MAIL FROM:<{}>", mail.from)).await?;
    let undelivered = name_recipients(talk, &mail.to).await?;
    talk.say("DATA").await?;
    let reply = talk.send(&mail.text).await?;
    Ok(Receipt { answer: reply.text(), undelivered })
}

async fn log_in(talk: &mut Talk, offers: &Reply, email: &Email) -> Result<(), Failure> {
    let (Some(user), Some(password)) = (&email.username, &email.password) else { return Ok(()) };
    let offered = offers.offers("AUTH").unwrap_or_default();
    let offered: Vec<&str> = offered.split_whitespace().collect();
    let encoded = |text: &str| BASE64_STANDARD.encode(text);
    let lines = if offered.contains(&"PLAIN") {
        vec![format!("AUTH PLAIN {}", encoded(&format!("\0{user}\0{}", password.reveal())))]
    } else if offered.contains(&"LOGIN") {
        vec!["AUTH LOGIN".to_owned(), encoded(user), encoded(password.reveal())]
    } else {
        let message = format!("{} offers no login by PLAIN or LOGIN over this connection", email.server);
        return Err(Failure::lasting(FailureKind::Invalid, message));
    };
    for line in lines {
        talk.say(&line).await.map_err(|failure| no_login(failure, user))?;
    }
    Ok(())
}

/// What a server says to a login is not repeated: some repeat the login.
fn no_login(failure: Failure, user: &str) -> Failure {
    match failure.kind {
        FailureKind::Rejected(code) => {
            Failure { message: format!("the mail server did not let {user} log in: {code}"), ..failure }
        }
        _ => Failure { message: format!("no answer to the login of {user}"), ..failure },
    }
}

/// Gives those whom the server refused. It is a failure when it takes none, or hangs up.
async fn name_recipients(talk: &mut Talk, to: &[String]) -> Result<Vec<String>, Failure> {
    let mut refused = Vec::new();
    for address in to {
        match talk.say(&format!("RCPT TO:<{address}>")).await {
            Ok(_) => {}
            // The server closes the connection.
            Err(failure) if failure.kind == FailureKind::Rejected(421) => return Err(failure),
            Err(failure @ Failure { kind: FailureKind::Rejected(_), .. }) => refused.push((address, failure)),
            Err(failure) => return Err(failure),
        }
    }
    let told = |(address, failure): &(&String, Failure)| format!("{address}: {}", failure.message);
    let undelivered = refused.iter().map(told).collect();
    if refused.len() < to.len() {
        return Ok(undelivered);
    }
    // One that may be taken later decides.
    let later = refused.iter().position(|(_, failure)| failure.retry.is_some()).unwrap_or_default();
    let (_, failure) = refused.swap_remove(later);
    Err(Failure { message: undelivered.join("; "), ..failure })
}
