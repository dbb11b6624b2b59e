//! One mail over SMTP.

use std::{
    fmt::Debug,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use lettre::{
    Address, Message,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
        response::Response,
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::{Options, http::is_tls, plain, stream::Greeted};
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

    pub(super) async fn deliver(&self, email: &Email, message: &Message) -> Result<Receipt, Failure> {
        let talk = async {
            let mut connection = self.connect(email).await?;
            let outcome = send(&mut connection, email, message).await;
            Ok((connection, outcome))
        };
        let late = |_| Failure::passing(FailureKind::Timeout, format!("{} did not answer in time", email.server));
        let (mut connection, outcome) = timeout(self.timeout, talk).await.map_err(late)??;
        _ = timeout(GOODBYE, connection.quit()).await;
        outcome
    }

    async fn connect(&self, email: &Email) -> Result<AsyncSmtpConnection, Failure> {
        let mut stream = self.dial(email).await?;
        let unreachable = |error: io::Error| Failure::passing(FailureKind::Unreachable, error.to_string());
        let peer = stream.peer_addr().map_err(unreachable)?;
        let hello = hello(stream.local_addr().map_err(unreachable)?.ip());
        match email.tls {
            Tls::None => greet(Greeted::new(Vec::new(), stream, peer), &hello).await,
            Tls::Tls => greet(Greeted::new(Vec::new(), self.encrypt(stream, email).await?, peer), &hello).await,
            Tls::Starttls => {
                let greeting = plain::starttls(&mut stream, &hello).await?;
                greet(Greeted::new(greeting, self.encrypt(stream, email).await?, peer), &hello).await
            }
        }
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

    async fn encrypt(&self, stream: TcpStream, email: &Email) -> Result<TlsStream<TcpStream>, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::passing(FailureKind::Tls, format!("no encrypted connection to {}: {why}", email.server))
        };
        let name = ServerName::try_from(email.server.clone()).map_err(|error| failed(&error))?;
        TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await.map_err(|error| failed(&error))
    }
}

/// Who we say we are: a process has no name of its own, so its address (RFC 5321, section 4.1.4).
fn hello(address: IpAddr) -> ClientId {
    match address.to_canonical() {
        IpAddr::V4(v4) => ClientId::Ipv4(v4),
        IpAddr::V6(v6) => ClientId::Ipv6(v6),
    }
}

async fn greet<S>(stream: Greeted<S>, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug + 'static,
{
    AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await.map_err(|error| failure(&error))
}

async fn send(connection: &mut AsyncSmtpConnection, email: &Email, message: &Message) -> Result<Receipt, Failure> {
    log_in(connection, email).await?;
    connection.command(Mail::new(message.envelope().from().cloned(), Vec::new())).await.map_err(|e| failure(&e))?;
    let undelivered = name_recipients(connection, message.envelope().to()).await?;
    connection.command(Data).await.map_err(|error| failure(&error))?;
    let answer = connection.message(&message.formatted()).await.map_err(|error| failure(&error))?;
    Ok(Receipt { answer: said(&answer), undelivered })
}

/// What a server says to a login is not repeated: some repeat the login.
async fn log_in(connection: &mut AsyncSmtpConnection, email: &Email) -> Result<(), Failure> {
    let (Some(user), Some(password)) = (&email.username, &email.password) else { return Ok(()) };
    let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
    let refused = |error: smtp::Error| {
        let code = error.status().map_or_else(|| "no usable way to log in".to_owned(), |code| code.to_string());
        Failure { message: format!("the mail server did not let {user} log in: {code}"), ..failure(&error) }
    };
    connection.auth(DEFAULT_MECHANISMS, &credentials).await.map(drop).map_err(refused)
}

/// Gives those whom the server refused. It is a failure when it takes none, or hangs up.
async fn name_recipients(connection: &mut AsyncSmtpConnection, to: &[Address]) -> Result<Vec<String>, Failure> {
    let mut refused = Vec::new();
    for address in to {
        match connection.command(Rcpt::new(address.clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.status().is_some() => refused.push((address, failure(&error))),
            Err(error) => return Err(failure(&error)),
        }
    }
    if refused.len() == to.len() {
        // One that may be taken later decides.
        let last = refused.len().saturating_sub(1);
        let decides = refused.iter().position(|(_, failure)| failure.retry.is_some()).unwrap_or(last);
        return Err(refused.swap_remove(decides).1);
    }
    Ok(refused.iter().map(|(address, failure)| format!("{address}: {}", failure.message)).collect())
}

fn said(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), words.join(" "))
}

fn failure(error: &smtp::Error) -> Failure {
    let message = format!("the mail server did not take it: {error}");
    match error.status().map(u16::from) {
        Some(code) if error.is_permanent() => Failure::lasting(FailureKind::Rejected(code), message),
        Some(code) => Failure::passing(FailureKind::Rejected(code), message),
        None if error.is_timeout() => Failure::passing(FailureKind::Timeout, message),
        None if error.is_client() => Failure::lasting(FailureKind::Invalid, message),
        None if std::error::Error::source(error).is_some_and(is_tls) => Failure::passing(FailureKind::Tls, message),
        None => Failure::passing(FailureKind::Unreachable, message),
    }
}
