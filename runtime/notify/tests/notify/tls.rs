//! Encrypted connections, to a server whose certificate an authority of the tests has signed.

use std::pin::Pin;

use driftline_notify::FailureKind;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::{
    sinks::smtp::{Encrypt, Encryption, SmtpSink, Stream},
    *,
};

const AUTHORITY: &[u8] = include_bytes!("../fixtures/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../fixtures/localhost.pem");
const KEY: &[u8] = include_bytes!("../fixtures/localhost.key");

/// A server's side, for `localhost` and `mail.example`.
fn encrypt() -> Encrypt {
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they fit");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Arc::new(move |stream: Stream| {
        let acceptor = acceptor.clone();
        let encrypted = async move { Ok(Box::new(acceptor.accept(stream).await?) as Stream) };
        Box::pin(encrypted) as Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>
    })
}

fn courier(roots: &[u8]) -> Courier {
    let names = Names(vec![("mail.example", vec!["127.0.0.1"]), ("other.example", vec!["127.0.0.1"])]);
    let options =
        Options { roots_pem: roots.to_vec(), timeout: Duration::from_secs(5), ..options(&["127.0.0.1"], names) };
    Courier::new(options).expect("a courier")
}

#[tokio::test]
async fn mails_travel_encrypted_by_name_over_the_address_that_was_judged() {
    for (encryption, tls) in
        [(Encryption::Always(encrypt()), Tls::Tls), (Encryption::Starttls(encrypt()), Tls::Starttls)]
    {
        let sink = SmtpSink::encrypted(encryption).await;
        let login = |server: &str| {
            let (username, password) = (Some("alice".to_owned()), Some("geheim".into()));
            Channel::Email(Email { username, password, ..email(server, sink.port(), tls) })
        };
        courier(AUTHORITY).deliver(&login("mail.example"), &opened(), NOW).await.expect("taken");
        let mail = &sink.mails()[0];
        assert!(mail.encrypted && mail.login.is_some(), "{tls:?}");
        // Another name, an address, or nobody who vouches: not whom we mean to talk to.
        for (roots, server) in
            [(AUTHORITY, "other.example"), (AUTHORITY, "127.0.0.1"), (b"".as_slice(), "mail.example")]
        {
            let failure = courier(roots).deliver(&login(server), &opened(), NOW).await.expect_err(server);
            assert_eq!(
                (failure.kind, failure.retry.is_some()),
                (FailureKind::Tls, true),
                "{tls:?} {server}: {failure}"
            );
        }
        assert_eq!(sink.mails().len(), 1);
        assert_eq!(sink.commands().iter().filter(|command| command.starts_with("AUTH")).count(), 1);
    }
}

#[tokio::test]
async fn nothing_goes_in_the_clear_when_it_should_be_encrypted() {
    let sink = SmtpSink::start().await;
    let quick = || Courier::new(options(&["127.0.0.1"], Names(Vec::new()))).expect("a courier");
    let to = |tls| Channel::Email(email("127.0.0.1", sink.port(), tls));
    let failure = quick().deliver(&to(Tls::Starttls), &opened(), NOW).await.expect_err("not offered");
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    let failure = quick().deliver(&to(Tls::Tls), &opened(), NOW).await.expect_err("a server that talks in the clear");
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    // Said ahead in the clear, to be taken for encrypted: it is taken for the beginning of the encryption.
    sink.answer("EHLO", "250-sink.example\r\n250 STARTTLS");
    sink.answer("STARTTLS", "220 go ahead\r\n250 AUTH PLAIN");
    let failure = quick().deliver(&to(Tls::Starttls), &opened(), NOW).await.expect_err("said ahead");
    assert_eq!(failure.kind, FailureKind::Tls, "{failure}");
    assert_eq!(sink.commands().iter().filter(|command| command.starts_with("MAIL")).count(), 0);
    assert_eq!(sink.mails(), []);
}

#[tokio::test]
async fn webhooks_trust_the_same_authorities() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = encrypt();
    let serve = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = server(Box::new(stream)).await else { continue };
            _ = stream.read(&mut [0; 4096]).await;
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            _ = stream.flush().await;
        }
    });
    let to = |host: &str| webhook(format!("https://{host}:{port}/"));
    courier(AUTHORITY).deliver(&to("mail.example"), &opened(), NOW).await.expect("taken");
    for (roots, host) in [(AUTHORITY, "other.example"), (b"".as_slice(), "mail.example")] {
        let failure = courier(roots).deliver(&to(host), &opened(), NOW).await.expect_err(host);
        assert_eq!((failure.kind, failure.retry.is_some()), (FailureKind::Tls, true), "{failure}");
    }
    serve.abort();
}

#[test]
fn refuses_roots_that_are_none() {
    let roots_pem = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let error = Courier::new(Options { roots_pem, ..Options::default() }).err().expect("no certificate");
    assert_eq!(error.field, "roots_pem");
}
