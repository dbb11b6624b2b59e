//! Mails, to a server that speaks SMTP.

use driftline_notify::{Failure, FailureKind, Receipt};

use super::{sinks::smtp::SmtpSink, *};

async fn deliver(sink: &SmtpSink, notice: &Notice) -> Result<Receipt, Failure> {
    courier().deliver(&Channel::Email(email("127.0.0.1", sink.port(), Tls::None)), notice, NOW).await
}

#[tokio::test]
async fn a_mail_says_what_has_happened() {
    let sink = SmtpSink::start().await;
    let receipt = deliver(&sink, &opened()).await.expect("taken");
    assert_eq!(receipt, Receipt { answer: "250 2.0.0 queued as 7A".to_owned(), undelivered: Vec::new() });
    let mails = sink.mails();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((mail.from.as_str(), mail.hello.as_str()), ("alerts@example.com", "[127.0.0.1]"));
    assert_eq!((mail.to.join(" "), mail.login.clone()), ("a@example.com b@example.org".to_owned(), None));
    for (name, value) in [
        ("From", "Driftline <alerts@example.com>"),
        ("To", "a@example.com, Bo <b@example.org>"),
        ("Subject", "[critical] Alert opened: auc of churn is below 0.7"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
        ("Message-ID", "<00000000-0000-0000-0000-00000000000d@example.com>"),
        ("References", "<alert-00000000-0000-0000-0000-000000000001@example.com>"),
        ("Auto-Submitted", "auto-generated"),
        ("Driftline-Event", "opened"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ] {
        assert_eq!(mail.header(name).as_deref(), Some(value), "{name}");
    }
    let expected = "[critical] Alert opened: auc of churn is below 0.7

auc of churn is below 0.7
It was 0.81 the week before.
  Monitor:    churn-auc
  Model:      churn
  Slice:      region = eu
  Value:      auc = 0.61
  Threshold:  {\"lower\":0.7}
  Window:     2001-01-01T00:00:00Z to 2001-01-08T00:00:00Z
  Level:      critical
  Status:     open
  Evaluation: 00000000-0000-0000-0000-00000000000e

-- 
Driftline, 2023-11-14T22:13:20Z, delivery 00000000-0000-0000-0000-00000000000d";
    assert_eq!(mail.text(), expected);
    assert_eq!(sink.commands().last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn no_text_adds_a_header_a_recipient_or_an_end() {
    let sink = SmtpSink::start().await;
    let mut evil = alert(1);
    evil.title = "x\r\nBcc: evil@example.com\r\n\r\nhello".to_owned();
    evil.detail = "one\n.\nRCPT TO:<evil@example.com>\r\n.\r\n..two\n.three".to_owned();
    evil.monitor = "a\r\n.\r\nQUIT".to_owned();
    deliver(&sink, &notice(Event::Opened, vec![evil])).await.expect("taken");
    let mail = &sink.mails()[0];
    assert_eq!(mail.to, ["a@example.com", "b@example.org"]);
    assert_eq!(mail.header("Bcc"), None);
    assert_eq!(mail.header("Subject").expect("one"), "[critical] Alert opened: x Bcc: evil@example.com hello");
    assert!(mail.text().contains("\none\n.\nRCPT TO:<evil@example.com>\n.\n..two\n.three\n"), "{mail:?}");
    assert!(sink.commands().iter().filter(|command| command.starts_with("RCPT")).count() == 2);
}

#[tokio::test]
async fn other_scripts_travel_as_ascii() {
    let sink = SmtpSink::start().await;
    let mut greek = alert(1);
    greek.title = format!("μοντέλο {}", "ω".repeat(150));
    deliver(&sink, &notice(Event::Opened, vec![greek])).await.expect("taken");
    let mail = &sink.mails()[0];
    assert!(mail.data.is_ascii() && mail.data.lines().all(|line| line.len() <= 78), "{}", mail.data);
    assert!(mail.header("Subject").expect("one").contains("=?utf-8?b?"), "{mail:?}");
    assert!(mail.text().contains(&format!("\nμοντέλο {}\n", "ω".repeat(150))), "{mail:?}");
}

#[tokio::test]
async fn says_whether_trying_again_makes_sense() {
    let again = true;
    let never = false;
    for (command, reply, kind, retried) in [
        ("CONNECT", "421 4.3.2 not now", FailureKind::Rejected(421), again),
        ("CONNECT", "554 5.7.1 not you", FailureKind::Rejected(554), never),
        ("CONNECT", "HTTP/1.1 400 Bad Request", FailureKind::Unreachable, again),
        ("CONNECT", "", FailureKind::Timeout, again),
        ("EHLO", "502 5.5.1 what?", FailureKind::Rejected(502), never),
        ("MAIL", "451 4.7.1 greylisted", FailureKind::Rejected(451), again),
        ("MAIL", "550 5.7.1 not from you", FailureKind::Rejected(550), never),
        ("RCPT", "450 4.2.1 later", FailureKind::Rejected(450), again),
        ("RCPT", "550 5.1.1 unknown", FailureKind::Rejected(550), never),
        ("RCPT TO:<b@", "421 4.3.2 going down", FailureKind::Rejected(421), again),
        ("DATA", "451 4.3.0 later", FailureKind::Rejected(451), again),
        ("DATA", "", FailureKind::Timeout, again),
        (".", "452 4.3.1 full", FailureKind::Rejected(452), again),
        (".", "554-5.7.1 looks like\r\n554 5.7.1 spam", FailureKind::Rejected(554), never),
        ("MAIL", "25", FailureKind::Unreachable, again),
        ("MAIL", "999 what", FailureKind::Unreachable, again),
    ] {
        let sink = SmtpSink::start().await;
        sink.answer(command, reply);
        let failure = deliver(&sink, &opened()).await.expect_err(reply);
        assert_eq!((failure.kind, failure.retry.is_some()), (kind, retried), "{command}: {reply}: {failure}");
        assert_eq!(sink.mails(), []);
    }
}

#[tokio::test]
async fn one_recipient_who_is_refused_keeps_the_others_none() {
    let sink = SmtpSink::start().await;
    sink.answer("RCPT TO:<b@", "550 5.1.1 no such user");
    let receipt = deliver(&sink, &opened()).await.expect("taken for one");
    assert_eq!(receipt.undelivered, ["b@example.org: the mail server answered 550 5.1.1 no such user"]);
    assert_eq!(sink.mails()[0].to, ["a@example.com"]);
    // When all are refused, one that may be taken later decides.
    sink.answer("RCPT TO:<a@", "450 4.2.1 greylisted");
    let failure = deliver(&sink, &opened()).await.expect_err("taken for none");
    assert_eq!((failure.kind, failure.retry.is_some()), (FailureKind::Rejected(450), true), "{failure}");
}

#[tokio::test]
async fn a_server_that_says_too_much_is_left() {
    for reply in ["x".repeat(99_999), "250-x\r\n".repeat(20_000)] {
        let sink = SmtpSink::start().await;
        sink.answer("EHLO", &reply);
        let failure = deliver(&sink, &opened()).await.expect_err("too much");
        assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
        assert!(failure.message.chars().count() <= 500);
    }
}

#[tokio::test]
async fn logs_in_and_shows_no_password() {
    let sink = SmtpSink::start().await;
    let login = |user: &str| Email {
        username: Some(user.to_owned()),
        password: Some("paßgeheim".into()),
        ..email("127.0.0.1", sink.port(), Tls::None)
    };
    courier().deliver(&Channel::Email(login("alice")), &opened(), NOW).await.expect("taken");
    assert_eq!(sink.mails()[0].login, Some(("alice".to_owned(), "paßgeheim".to_owned())));
    // Some servers repeat what they did not like.
    let repeated = "535 5.7.8 no: AUTH PLAIN AGFsaWNlAHBhw59nZWhlaW0= paßgeheim";
    for (reply, retried) in [(repeated, false), ("454 4.7.0 later", true)] {
        sink.answer_times(1, "AUTH", reply);
        let channel = Channel::Email(login("alice"));
        let failure = courier().deliver(&channel, &opened(), NOW).await.expect_err(reply);
        assert_eq!(failure.retry.is_some(), retried, "{failure}");
        let shown = format!("{failure} {failure:?} {channel:?}");
        assert!(shown.contains("did not let alice log in") && !shown.contains("geheim") && !shown.contains("AGFs"));
    }
    sink.answer("EHLO", "250 sink.example");
    let failure = courier().deliver(&Channel::Email(login("alice")), &opened(), NOW).await.expect_err("no login");
    assert_eq!((failure.kind, failure.retry), (FailureKind::Invalid, None), "{failure}");
}

#[tokio::test]
async fn logs_in_step_by_step_where_the_server_wants_that() {
    let sink = SmtpSink::start().await;
    sink.answer("EHLO", "250-sink.example\r\n250 AUTH LOGIN");
    sink.answer("AUTH LOGIN", "334 VXNlcm5hbWU6");
    sink.answer("YWxpY2U=", "334 UGFzc3dvcmQ6");
    sink.answer("Z2VoZWlt", "235 2.7.0 welcome");
    let login = Email {
        username: Some("alice".to_owned()),
        password: Some("geheim".into()),
        ..email("127.0.0.1", sink.port(), Tls::None)
    };
    courier().deliver(&Channel::Email(login), &opened(), NOW).await.expect("taken");
    assert_eq!(sink.commands()[1..4], ["AUTH LOGIN", "YWxpY2U=", "Z2VoZWlt"]);
}
