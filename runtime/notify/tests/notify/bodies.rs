//! What goes over the wire to HTTP receivers.

use driftline_notify::signature;

use super::{
    sinks::http::{Answer, HttpSink},
    *,
};

#[tokio::test]
async fn webhooks_are_signed_and_the_same_in_each_attempt() {
    let sink = HttpSink::start().await;
    sink.answer(Answer::status(503));
    courier().deliver(&webhook(sink.url("/hook?a=b")), &opened(), NOW).await.expect_err("503");
    courier().deliver(&webhook(sink.url("/hook?a=b")), &opened(), NOW + 10).await.expect("taken");
    let requests = sink.requests();
    assert_eq!(requests[0].body, requests[1].body);
    for (request, time) in requests.iter().zip([NOW, NOW + 10]) {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook?a=b"));
        let header = |name: &str| request.header(name).expect(name).to_owned();
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("idempotency-key"), "00000000-0000-0000-0000-00000000000d");
        assert_eq!(header("driftline-event"), "opened");
        assert_eq!(header("x-team"), "kopfgeheim");
        assert!(header("user-agent").starts_with("driftline/"));
        let (signed, tolerance) = (header("driftline-signature"), Duration::from_secs(0));
        assert_eq!(signature::verify("geheim", &signed, &request.body, time, tolerance), Ok(()));
        let read: Notice = serde_json::from_slice(&request.body).expect("a notice");
        assert_eq!(read, opened());
    }
    let body: Value = serde_json::from_slice(&requests[0].body).expect("JSON");
    assert_eq!(
        body,
        json!({
            "delivery": "00000000-0000-0000-0000-00000000000d", "event": "opened", "sent": "2023-11-14T22:13:20Z",
            "alerts": [{
                "id": "00000000-0000-0000-0000-000000000001", "monitor": "churn-auc", "model": "churn",
                "slice": {"region": "eu"}, "inputs": {}, "kind": "threshold", "level": "critical", "status": "open",
                "title": "auc of churn is below 0.7", "detail": "It was 0.81 the week before.", "value": 0.61,
                "metric": "auc", "threshold": {"lower": 0.7},
                "window": {"start": "2001-01-01T00:00:00Z", "end": "2001-01-08T00:00:00Z"},
                "evaluation": "00000000-0000-0000-0000-00000000000e",
            }],
        })
    );
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_not_signed() {
    let sink = HttpSink::start().await;
    let channel = Channel::Webhook(Webhook { url: sink.url("/"), secret: None, headers: BTreeMap::new() });
    courier().deliver(&channel, &notice(Event::Test, Vec::new()), NOW).await.expect("taken");
    assert_eq!(sink.requests()[0].header("driftline-signature"), None);
    assert_eq!(sink.requests()[0].header("driftline-event"), Some("test"));
}

#[tokio::test]
async fn slack_gets_blocks_and_a_text_without_markup_of_others() {
    let sink = HttpSink::start().await;
    let mut evil = alert(1);
    evil.title = "<!channel> a & b".to_owned();
    evil.detail = "<https://evil.example|click> ".repeat(200);
    courier().deliver(&slack(sink.url("/s")), &notice(Event::Opened, vec![evil.clone()]), NOW).await.expect("taken");
    courier().deliver(&slack(sink.url("/s")), &notice(Event::Resolved, vec![evil; 60]), NOW).await.expect("taken");
    courier().deliver(&slack(sink.url("/s")), &notice(Event::Test, Vec::new()), NOW).await.expect("taken");
    let bodies: Vec<Value> =
        sink.requests().iter().map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect();
    for (body, text, blocks) in [
        (&bodies[0], "[critical] Alert opened: &lt;!channel&gt; a &amp; b", 2),
        (&bodies[1], "[critical] 60 alerts resolved, 60 of them critical", 22),
        (&bodies[2], "Test notification from Driftline", 2),
    ] {
        assert_eq!(body["text"], text);
        assert_eq!(body["blocks"].as_array().expect("blocks").len(), blocks);
        for block in body["blocks"].as_array().expect("blocks") {
            let text = block["text"]["text"].as_str().expect("a text");
            assert!(text.chars().count() <= 3000 && !text.contains(['<', '>']), "{text}");
        }
    }
    let section = bodies[0]["blocks"][1]["text"]["text"].as_str().expect("a text");
    assert!(section.contains("\nValue: auc = 0.61\nThreshold: {\"lower\":0.7}\n"), "{section}");
}

#[tokio::test]
async fn pagerduty_gets_an_event_for_each_alert() {
    let sink = HttpSink::start().await;
    sink.otherwise(Answer::status(202));
    for (event, actions) in [
        (Event::Opened, vec!["trigger", "trigger"]),
        (Event::Escalated, vec!["trigger", "trigger"]),
        (Event::Deescalated, vec!["trigger", "trigger"]),
        (Event::Reminded, vec!["trigger", "trigger"]),
        (Event::Acknowledged, vec!["acknowledge", "acknowledge"]),
        (Event::Resolved, vec!["resolve", "resolve"]),
        (Event::Test, vec!["trigger", "resolve"]),
    ] {
        let before = sink.requests().len();
        let alerts = if event == Event::Test { Vec::new() } else { vec![alert(1), alert(2)] };
        courier().deliver(&pagerduty(sink.url("/v2")), &notice(event, alerts), NOW).await.expect("taken");
        let bodies: Vec<Value> = sink.requests()[before..]
            .iter()
            .map(|request| serde_json::from_slice(&request.body).expect("JSON"))
            .collect();
        let said: Vec<&str> = bodies.iter().map(|body| body["event_action"].as_str().expect("an action")).collect();
        assert_eq!(said, actions, "{event:?}");
        for (body, id) in bodies.iter().zip([1, 2]) {
            let key = if event == Event::Test { 0xd } else { id };
            assert_eq!(body["dedup_key"], Uuid::from_u128(key).to_string());
            assert_eq!(body["routing_key"], "r0utinggeheim");
        }
        if event == Event::Opened {
            assert_eq!(bodies[0]["payload"]["severity"], "critical");
            assert_eq!(bodies[0]["payload"]["summary"], "auc of churn is below 0.7");
            assert_eq!(bodies[0]["payload"]["source"], "churn");
            assert_eq!(bodies[0]["payload"]["custom_details"]["facts"]["value"], "auc = 0.61");
        }
    }
}

#[tokio::test]
async fn one_event_that_fails_fails_the_delivery() {
    let sink = HttpSink::start().await;
    let group = notice(Event::Opened, vec![alert(1), alert(2), alert(3)]);
    // What passes is repeated as a whole; what does not pass keeps nobody else from being told.
    for (status, retried, calls) in [(429, true, 2), (400, false, 3)] {
        let before = sink.requests().len();
        sink.answer(Answer::status(202));
        sink.answer(Answer::status(status));
        let failure = courier().deliver(&pagerduty(sink.url("/v2")), &group, NOW).await.expect_err("one failed");
        assert_eq!((failure.retry.is_some(), sink.requests().len() - before), (retried, calls), "{failure}");
    }
}
