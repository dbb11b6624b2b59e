//! One mail over SMTP, as lettre speaks it.
//!
//! Dialling is ours, so that only an address is called that the guard has let pass; and so is the order of commands: a
//! recipient whom the server refuses must not keep the mail from the others.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use lettre::{
    Address, Message,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
        response::Response,
    },
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{Options, http::cause, wire::Wire};
use crate::{Email, Failure, FailureKind, Receipt, Tls, dialler::Dialler, tls::Trust};

/// A mail that was taken stays taken, whether the server says goodbye or not.
const GOODBYE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(super) struct Smtp {
    dialler: Dialler,
    trust: Trust,
    timeout: Duration,
    connect_timeout: Duration,
}

impl Smtp {
    pub(super) fn new(options: &Options, dialler: Dialler, trust: Trust) -> Self {
        Self { dialler, trust, timeout: options.timeout, connect_timeout: options.connect_timeout }
    }

    pub(super) async fn deliver(&self, email: &Email, mail: &Message) -> Result<Receipt, Failure> {
        let conversation = async {
            let mut server = self.connect(email).await?;
            let outcome = send(&mut server, email, mail).await;
            Ok::<_, Failure>((server, outcome))
        };
        let late = |_| Failure::passing(FailureKind::Timeout, format!("{} did not answer in time", email.server));
        let (mut server, outcome) = timeout(self.timeout, conversation).await.map_err(late)??;
        _ = timeout(GOODBYE, server.quit()).await;
        outcome
    }

    /// As far as the answer to `EHLO`, encrypted as `email` wants it.
    async fn connect(&self, email: &Email) -> Result<AsyncSmtpConnection, Failure> {
        let stream = self.dial(email).await?;
        let unknown = |error: io::Error| Failure::passing(FailureKind::Unreachable, error.to_string());
        let (hello, peer) = (hello(stream.local_addr().map_err(unknown)?.ip()), stream.peer_addr().map_err(unknown)?);
        let wire: Box<dyn AsyncTokioStream> = match email.tls {
            Tls::Tls => {
                let name = ServerName::try_from(email.server.clone()).map_err(|error| not_encrypted(email, &error))?;
                let connector = TlsConnector::from(Arc::clone(&self.trust.config));
                let stream = connector.connect(name, stream).await.map_err(|error| not_encrypted(email, &error))?;
                Box::new(Wire::new(stream, peer))
            }
            Tls::None | Tls::Starttls => Box::new(Wire::new(stream, peer)),
        };
        let mut server = AsyncSmtpConnection::connect_with_transport(wire, &hello).await.map_err(answered)?;
        if email.tls == Tls::Starttls {
            self.encrypt(&mut server, email, &hello).await?;
        }
        Ok(server)
    }

    async fn encrypt(&self, server: &mut AsyncSmtpConnection, email: &Email, hello: &ClientId) -> Result<(), Failure> {
        if !server.can_starttls() {
            let message = format!("{} does not offer STARTTLS", email.server);
            return Err(Failure::passing(FailureKind::Tls, message));
        }
        let mut parameters = TlsParameters::builder(email.server.clone()).certificate_store(CertificateStore::None);
        for root in self.trust.roots.iter() {
            let root = Certificate::from_der(root.to_vec()).map_err(|error| not_encrypted(email, &error))?;
            parameters = parameters.add_root_certificate(root);
        }
        let parameters = parameters.build_rustls().map_err(|error| not_encrypted(email, &error))?;
        server.starttls(parameters, hello).await.map_err(|error| match error.status() {
            Some(_) => answered(error),
            None => not_encrypted(email, &cause(&error)),
        })
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
}

/// A process has no name of its own, so it gives its address (RFC 5321, section 4.1.4).
fn hello(address: IpAddr) -> ClientId {
    match address.to_canonical() {
        IpAddr::V4(v4) => ClientId::Ipv4(v4),
        IpAddr::V6(v6) => ClientId::Ipv6(v6),
    }
}

async fn send(server: &mut AsyncSmtpConnection, email: &Email, mail: &Message) -> Result<Receipt, Failure> {
    log_in(server, email).await?;
    let envelope = mail.envelope();
    server.command(Mail::new(envelope.from().cloned(), Vec::new())).await.map_err(answered)?;
    let undelivered = name_recipients(server, envelope.to()).await?;
    server.command(Data).await.map_err(answered)?;
    let reply = server.message(&mail.formatted()).await.map_err(answered)?;
    Ok(Receipt { answer: text(&reply), undelivered })
}

async fn log_in(server: &mut AsyncSmtpConnection, email: &Email) -> Result<(), Failure> {
    let (Some(user), Some(password)) = (&email.username, &email.password) else { return Ok(()) };
    if server.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
        let message = format!("{} offers no login by PLAIN or LOGIN over this connection", email.server);
        return Err(Failure::lasting(FailureKind::Invalid, message));
    }
    let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
    let outcome = server.auth(DEFAULT_MECHANISMS, &credentials).await;
    outcome.map(drop).map_err(|error| no_login(answered(error), user))
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
async fn name_recipients(server: &mut AsyncSmtpConnection, to: &[Address]) -> Result<Vec<String>, Failure> {
    let mut refused = Vec::new();
    for address in to {
        match server.command(Rcpt::new(address.clone(), Vec::new())).await.map_err(answered) {
            Ok(_) => {}
            // The server closes the connection.
            Err(failure) if failure.kind == FailureKind::Rejected(421) => return Err(failure),
            Err(failure @ Failure { kind: FailureKind::Rejected(_), .. }) => refused.push((address, failure)),
            Err(failure) => return Err(failure),
        }
    }
    let told = |(address, failure): &(&Address, Failure)| format!("{address}: {}", failure.message);
    let undelivered = refused.iter().map(told).collect();
    if refused.len() < to.len() {
        return Ok(undelivered);
    }
    // One that may be taken later decides.
    let later = refused.iter().position(|(_, failure)| failure.retry.is_some()).unwrap_or_default();
    let (_, failure) = refused.swap_remove(later);
    Err(Failure { message: undelivered.join("; "), ..failure })
}

/// `250 2.0.0 queued`.
fn text(reply: &Response) -> String {
    format!("{} {}", reply.code(), reply.message().collect::<Vec<_>>().join(" "))
}

/// What an answer that is no yes means: one below 500 is worth another try.
fn answered(error: Error) -> Failure {
    let why = cause(&error);
    match error.status() {
        Some(code) => {
            let message = format!("the mail server answered {code} {why}");
            let kind = FailureKind::Rejected(code.into());
            if error.is_permanent() { Failure::lasting(kind, message) } else { Failure::passing(kind, message) }
        }
        None if error.is_response() => {
            Failure::passing(FailureKind::Unreachable, format!("no mail server is there, or it talks nonsense: {why}"))
        }
        None => {
            let message = format!("the connection to the mail server broke: {why}");
            Failure::passing(FailureKind::Unreachable, message)
        }
    }
}

fn not_encrypted(email: &Email, why: &dyn std::fmt::Display) -> Failure {
    Failure::passing(FailureKind::Tls, format!("no encrypted connection to {}: {why}", email.server))
}
