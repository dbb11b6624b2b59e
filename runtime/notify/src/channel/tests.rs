//! Channels as JSON: which are taken, what is shown, what is kept.

use serde_json::{Value, json};

use super::*;

fn channel(json: Value) -> Channel {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn shown(channel: &Channel) -> Value {
    serde_json::to_value(channel).expect("JSON")
}

/// `base` with some fields set to others; null takes a field away.
fn with(base: &Value, changes: Value) -> Value {
    let mut changed = base.clone();
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(changed.as_object_mut().expect("an object").remove(name)),
            value => changed[name] = value.clone(),
        }
    }
    changed
}

fn examples() -> [Value; 4] {
    [
        json!({"type": "webhook", "url": "https://a.example/x?token=s1", "secret": "s2", "headers": {"Authorization": "s3"}}),
        json!({"type": "slack", "url": "https://hooks.slack.example/services/T/B/s4"}),
        json!({"type": "email", "server": "mail.example", "port": 465, "tls": "tls", "username": "u", "password": "s5",
            "from": "a@example.com", "to": ["b@example.com"]}),
        json!({"type": "pagerduty", "routing_key": "s6", "url": "https://events.example/v2"}),
    ]
}

#[test]
fn names_the_field_that_is_wrong() {
    let [webhook, slack, email, pagerduty] = examples();
    let many: Vec<String> = (0..51).map(|i| format!("a{i}@example.com")).collect();
    for (base, changes, field) in [
        (&webhook, json!({"url": "ftp://a.example"}), "url"),
        (&webhook, json!({"url": "https://u:p@a.example"}), "url"),
        (&webhook, json!({"url": "https://a.example/?***"}), "url"),
        (&webhook, json!({"secret": ""}), "secret"),
        (&webhook, json!({"secret": "***"}), "secret"),
        (&webhook, json!({"headers": {"A B": "x"}}), "headers.A B"),
        (&webhook, json!({"headers": {"A": "x\r\nB: y"}}), "headers.A"),
        (&webhook, json!({"headers": {"A": "***"}}), "headers.A"),
        (&webhook, json!({"headers": {"Host": "x"}}), "headers.Host"),
        (&webhook, json!({"headers": {"Content-LENGTH": "1"}}), "headers.Content-LENGTH"),
        (&webhook, json!({"headers": {"Driftline-Signature": "1"}}), "headers.Driftline-Signature"),
        (&slack, json!({"url": "hooks.slack.example"}), "url"),
        (&slack, json!({"url": "https://hooks.slack.example/***"}), "url"),
        (&email, json!({"server": ""}), "server"),
        (&email, json!({"server": "mail.example:25"}), "server"),
        (&email, json!({"server": "https://mail.example"}), "server"),
        (&email, json!({"server": "mail example"}), "server"),
        (&email, json!({"port": 0}), "port"),
        (&email, json!({"username": null}), "username"),
        (&email, json!({"password": null}), "password"),
        (&email, json!({"password": "***"}), "password"),
        (&email, json!({"username": "a\r\nb"}), "username"),
        (&email, json!({"from": "nobody"}), "from"),
        (&email, json!({"to": []}), "to"),
        (&email, json!({"to": many}), "to"),
        (&email, json!({"to": ["a@example.com", "b@example.com\r\nDATA"]}), "to[1]"),
        (&pagerduty, json!({"routing_key": "a b"}), "routing_key"),
        (&pagerduty, json!({"routing_key": "***"}), "routing_key"),
        (&pagerduty, json!({"url": "x"}), "url"),
    ] {
        assert_eq!(channel(base.clone()).check(), Ok(()));
        let changed = with(base, changes);
        let invalid = channel(changed.clone()).check().expect_err(&changed.to_string());
        assert_eq!(invalid.field, field, "{changed}: {invalid}");
    }
}

#[test]
fn refuses_unknown_types_and_fields() {
    for base in examples() {
        for changes in [json!({"type": "pigeon"}), json!({"type": null}), json!({"colour": "red"})] {
            let changed = with(&base, changes);
            assert!(serde_json::from_value::<Channel>(changed.clone()).is_err(), "{changed}");
        }
    }
}

#[test]
fn has_defaults() {
    for (tls, port) in [("none", 25), ("starttls", 587), ("tls", 465)] {
        let [_, _, email, _] = examples();
        let Channel::Email(email) = channel(with(&email, json!({"tls": tls, "port": null}))) else { panic!("e-mail") };
        assert_eq!(email.port(), port);
    }
    let Channel::Pagerduty(pagerduty) = channel(json!({"type": "pagerduty", "routing_key": "k"})) else { panic!() };
    assert_eq!(pagerduty.url(), "https://events.pagerduty.com/v2/enqueue");
    let minimal = json!({"type": "email", "server": "m", "from": "a@b", "to": ["c@d"]});
    assert_eq!(shown(&channel(minimal))["tls"], "starttls");
}

#[test]
fn shows_no_secret_and_takes_back_what_it_shows() {
    for json in examples() {
        let kept = channel(json.clone());
        let redacted = kept.redacted();
        let text = format!("{redacted:?} {kept:?} {}", shown(&redacted));
        let secrets = ["s2", "s3", "s5", "s6"];
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(!shown(&redacted).to_string().contains("s1") && !shown(&redacted).to_string().contains("s4"));
        assert!(redacted.check().is_err(), "what is shown is no channel: {redacted:?}");
        assert_eq!(channel(shown(&redacted)).with_secrets_of(&kept), Ok(kept.clone()));
        assert_eq!(kept.clone().with_secrets_of(&kept), Ok(kept));
    }
}

#[test]
fn a_secret_stays_where_it_goes() {
    let [webhook, _, email, pagerduty] = examples();
    let kept = Ok(());
    let refused = |field| Err(field);
    for (base, changes, expected) in [
        (&webhook, json!({"url": "https://a.example/other"}), kept),
        (&webhook, json!({"headers": {}}), kept),
        (&webhook, json!({"secret": "new", "headers": {}, "url": "https://evil.example/"}), kept),
        (&webhook, json!({"url": "https://evil.example/x"}), refused("secret")),
        (&webhook, json!({"url": "http://a.example/x"}), refused("secret")),
        (&webhook, json!({"url": "https://a.example:444/x"}), refused("secret")),
        (&webhook, json!({"url": "https://evil.example/", "secret": null}), refused("headers.Authorization")),
        (&webhook, json!({"headers": {"Other": "***"}}), refused("headers.Other")),
        (&email, json!({"to": ["c@example.com"]}), kept),
        (&email, json!({"server": "MAIL.example"}), kept),
        (&email, json!({"server": "evil.example"}), refused("password")),
        (&email, json!({"port": 2525}), refused("password")),
        (&email, json!({"tls": "none"}), refused("password")),
        (&pagerduty, json!({"url": "https://events.example/other"}), kept),
        (&pagerduty, json!({"url": "https://evil.example/v2"}), refused("routing_key")),
        (&pagerduty, json!({"url": null}), refused("routing_key")),
    ] {
        let old = channel(base.clone());
        let new = with(&shown(&old.redacted()), changes);
        let outcome = channel(new.clone()).with_secrets_of(&old);
        let found = outcome.as_ref().map(|_| ()).map_err(|invalid| invalid.field.as_str());
        assert_eq!(found, expected, "{new}");
        if let Ok(channel) = outcome {
            assert_eq!(channel.check(), Ok(()), "{new}");
        }
    }
    // Another type has none of them.
    let [webhook, _, email, _] = examples();
    let invalid = channel(email).redacted().with_secrets_of(&channel(webhook)).expect_err("another type");
    assert_eq!(invalid.field, "password");
}
