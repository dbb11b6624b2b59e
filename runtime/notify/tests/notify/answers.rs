//! What answers mean: taken, to be tried again, or useless.

use driftline_notify::{FailureKind, Retry};

use super::{
    sinks::http::{Answer, HttpSink},
    *,
};

#[tokio::test]
async fn says_whether_trying_again_makes_sense() {
    let sink = HttpSink::start().await;
    let later = |seconds| Some(Retry { after: Some(Duration::from_secs(seconds)) });
    let again = Some(Retry { after: None });
    let asks = |status, value| Answer::header(status, "Retry-After", value);
    for (answer, kind, retry) in [
        (Answer::status(301), FailureKind::Status(301), None),
        (Answer::status(304), FailureKind::Status(304), None),
        (Answer::status(400), FailureKind::Status(400), None),
        (Answer::status(401), FailureKind::Status(401), None),
        (Answer::status(404), FailureKind::Status(404), None),
        (Answer::status(408), FailureKind::Status(408), again),
        (Answer::status(410), FailureKind::Status(410), None),
        (Answer::status(425), FailureKind::Status(425), again),
        (Answer::status(429), FailureKind::Status(429), again),
        (asks(429, "7"), FailureKind::Status(429), later(7)),
        (asks(429, "999999"), FailureKind::Status(429), later(6 * 3600)),
        (asks(503, "Tue, 14 Nov 2023 22:14:20 GMT"), FailureKind::Status(503), later(60)),
        (asks(503, "Tue, 14 Nov 2023 22:12:20 GMT"), FailureKind::Status(503), later(0)),
        (asks(503, "soon"), FailureKind::Status(503), again),
        (asks(400, "7"), FailureKind::Status(400), None),
        (Answer::status(500), FailureKind::Status(500), again),
        (Answer::status(599), FailureKind::Status(599), again),
        (Answer::HangUp, FailureKind::Unreachable, again),
        (Answer::Never, FailureKind::Timeout, again),
        (Answer::Stuck(500), FailureKind::Status(500), again),
        (Answer::Endless(500), FailureKind::Status(500), again),
    ] {
        sink.answer(answer.clone());
        let failure = courier().deliver(&webhook(sink.url("/")), &opened(), NOW).await.expect_err("it failed");
        assert_eq!((failure.kind, failure.retry), (kind, retry), "{answer:?}: {failure}");
        assert!(failure.message.chars().count() <= 500, "{failure}");
    }
    for status in [200, 201, 202, 204] {
        sink.answer(Answer::status(status));
        let receipt = courier().deliver(&webhook(sink.url("/")), &opened(), NOW).await.expect("it was taken");
        assert_eq!(receipt.answer, status.to_string());
    }
    sink.answer(Answer::Endless(200));
    sink.answer(Answer::Stuck(200));
    for _ in 0..2 {
        let receipt = courier().deliver(&webhook(sink.url("/")), &opened(), NOW).await;
        assert_eq!(receipt.expect("an answer that is not read").answer, "200");
    }
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let free = HttpSink::start().await.url("/");
    let failure = courier().deliver(&webhook(free), &opened(), NOW).await.expect_err("nobody there");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Some(Retry { after: None })), "{failure}");
    let failure = courier().deliver(&webhook("http://nowhere.example/"), &opened(), NOW).await.expect_err("no name");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Unreachable, Some(Retry { after: None })), "{failure}");
    assert!(failure.message.contains("nowhere.example could not be resolved: no such host"), "{failure}");
}

#[tokio::test]
async fn follows_no_redirect() {
    let (sink, elsewhere) = (HttpSink::start().await, HttpSink::start().await);
    for status in [301, 302, 303, 307, 308] {
        sink.answer(Answer::header(status, "Location", &elsewhere.url("/")));
        let failure = courier().deliver(&webhook(sink.url("/")), &opened(), NOW).await.expect_err("redirected");
        assert_eq!((failure.kind, failure.retry), (FailureKind::Status(status), None), "{failure}");
        assert!(failure.message.contains("redirects are not followed"), "{failure}");
    }
    assert_eq!((sink.requests().len(), elsewhere.requests().len()), (5, 0));
}

#[tokio::test]
async fn shows_no_secret_even_when_the_receiver_repeats_it() {
    let sink = HttpSink::start().await;
    let token = "/services/T0/B0/pfadgeheim";
    sink.otherwise(Answer::text(
        400,
        &format!("{token} geheim kopfgeheim\r\nr0utinggeheim abfragegeheim {}", "x".repeat(9999)),
    ));
    for channel in
        [webhook(sink.url("/?token=abfragegeheim")), slack(sink.url(token)), pagerduty(sink.url("/v2?a=abfragegeheim"))]
    {
        let failure = courier().deliver(&channel, &opened(), NOW).await.expect_err("400");
        let shown =
            format!("{channel:?} {} {failure} {failure:?}", serde_json::to_string(&channel.redacted()).expect("JSON"));
        let own: &[&str] = match channel {
            Channel::Slack(_) => &["pfadgeheim"],
            Channel::Pagerduty(_) => &["r0utinggeheim"],
            _ => &["geheim kopf", "kopfgeheim"],
        };
        assert!(own.iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(failure.message.contains("***") && !failure.message.contains('\n'), "{failure}");
    }
}
