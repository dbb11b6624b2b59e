//! Names and addresses in mails.

use lettre::{Address, message::Mailbox};

use crate::Invalid;

/// Whom a mail is from or for: takes `a@example.com` and `Name <a@example.com>`. The address is a dot-atom at a domain
/// (RFC 5322), ASCII only: servers that take others are rare.
pub(crate) fn parse(field: &str, text: &str) -> Result<Mailbox, Invalid> {
    let refuse = |message: &str| Err(Invalid::new(field, message));
    if text.chars().any(char::is_control) {
        return refuse("holds a control character");
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", text.trim()),
    };
    match address.parse::<Address>() {
        Ok(parsed) if address.is_ascii() && !address.contains(['"', '[']) => {
            Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), parsed))
        }
        _ => refuse("is not an e-mail address, such as `a@example.com` or `Name <a@example.com>`, in ASCII"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_mailboxes() {
        for (text, name, address) in [
            ("a@example.com", None, "a@example.com"),
            (" a.b+c@mail.example.com ", None, "a.b+c@mail.example.com"),
            ("<a@localhost>", None, "a@localhost"),
            ("On Call <a@example.com>", Some("On Call"), "a@example.com"),
            ("\"Call, On\" <a@example.com>", Some("Call, On"), "a@example.com"),
            ("A \"B\" C <a@example.com>", Some("A \"B\" C"), "a@example.com"),
            ("Zoë <a@example.com>", Some("Zoë"), "a@example.com"),
        ] {
            let mailbox = parse("to", text).expect(text);
            assert_eq!((mailbox.name.as_deref(), mailbox.email.to_string().as_str()), (name, address), "{text}");
        }
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a b@example.com",
            "a@exam ple.com",
            "a@@example.com",
            "a@b@example.com",
            "a@example.com, b@example.com",
            "a@example.com> <b@example.com",
            "<a@example.com> b",
            "a@example.com\r\nBcc: b@example.com",
            "X\nBcc: <b@example.com>",
            "a@example.com\0",
            "zoë@example.com",
            "a@exämple.com",
            ".a@example.com",
            "a@example..com",
            "a@[127.0.0.1]",
            "\"a> NOTIFY=NEVER\"@example.com",
        ] {
            assert!(parse("to", text).is_err(), "{text:?}");
        }
    }
}
