//! The guard judges the address that is dialled.

use driftline_notify::FailureKind;

use super::{
    sinks::{http::HttpSink, smtp::SmtpSink},
    *,
};

/// Every kind of channel to a host and port.
fn channels(host: &str, port: u16) -> [Channel; 4] {
    let url = format!("http://{host}:{port}/");
    let server = host.trim_start_matches('[').trim_end_matches(']');
    [webhook(&*url), slack(&*url), pagerduty(url), Channel::Email(email(server, port, Tls::None))]
}

#[tokio::test]
async fn refuses_private_addresses_however_they_are_written() {
    let sink = HttpSink::start().await;
    let port = sink.address().port();
    let names = || {
        Names(vec![
            ("localhost", vec!["127.0.0.1", "::1"]),
            ("metadata.example", vec!["169.254.169.254"]),
            ("rebound.example", vec!["::ffff:127.0.0.1"]),
            ("translated.example", vec!["64:ff9b::7f00:1"]),
        ])
    };
    let courier = Courier::new(options(&["10.9.9.9"], names())).expect("a courier");
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "169.254.169.254",
        "localhost",
        "metadata.example",
        "rebound.example",
        "translated.example",
    ] {
        for channel in channels(host, port) {
            let failure = courier.deliver(&channel, &opened(), NOW).await.expect_err(host);
            assert_eq!((failure.kind, failure.retry), (FailureKind::Refused, None), "{host}: {failure}");
            assert!(failure.message.contains("allow-list"), "{failure}");
        }
    }
    // URLs write addresses in more ways than these; the same address comes out.
    for host in ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "%31%32%37.0.0.1", "①②⑦.0.0.1"] {
        let url = format!("http://{host}:{port}/");
        let failure = courier.deliver(&webhook(url), &opened(), NOW).await.expect_err(host);
        assert_eq!(failure.kind, FailureKind::Refused, "{host}: {failure}");
    }
    assert_eq!(sink.requests(), []);
}

#[tokio::test]
async fn dials_only_those_of_a_names_addresses_that_pass() {
    let (http, smtp) = (HttpSink::start().await, SmtpSink::start().await);
    let names =
        || Names(vec![("mixed.example", vec!["10.255.255.1", "127.0.0.1"]), ("hooks.internal", vec!["127.0.0.1"])]);
    let courier = Courier::new(options(&["127.0.0.1", "hooks.internal"], names())).expect("a courier");
    for host in ["mixed.example", "hooks.internal", "127.0.0.1"] {
        let (http_port, smtp_port) = (http.address().port(), smtp.port());
        courier.deliver(&webhook(format!("http://{host}:{http_port}/")), &opened(), NOW).await.expect(host);
        courier.deliver(&Channel::Email(email(host, smtp_port, Tls::None)), &opened(), NOW).await.expect(host);
    }
    assert_eq!((http.requests().len(), smtp.mails().len()), (3, 3));
    assert_eq!(http.requests()[0].header("host"), Some(format!("mixed.example:{}", http.address().port()).as_str()));
    // The name alone opens it, whatever it leads to.
    let courier = Courier::new(options(&["hooks.internal"], names())).expect("a courier");
    let call = |host: &str| webhook(format!("http://{host}:{}/", http.address().port()));
    courier.deliver(&call("hooks.internal"), &opened(), NOW).await.expect("on the list");
    let failure = courier.deliver(&call("127.0.0.1"), &opened(), NOW).await.expect_err("not on the list");
    assert_eq!(failure.kind, FailureKind::Refused);
}

#[tokio::test]
async fn does_not_call_what_is_not_well_formed() {
    for channel in [
        webhook("ftp://127.0.0.1/"),
        webhook("http://user:pass@127.0.0.1/"),
        slack("***"),
        pagerduty("file:///etc/passwd"),
        Channel::Email(Email { to: Vec::new(), ..email("127.0.0.1", 1, Tls::None) }),
    ] {
        let failure = courier().deliver(&channel, &opened(), NOW).await.expect_err("not well-formed");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Invalid, None), "{failure}");
    }
}
