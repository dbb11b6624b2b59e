//! Names and addresses in mails, and how words stand in their headers.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::Invalid;

/// Whom a mail is from or for. Its address is a dot-atom at a domain (RFC 5322), ASCII only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    name: String,
    pub(crate) address: String,
}

impl Mailbox {
    /// Takes `a@example.com` and `Name <a@example.com>`.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let refuse = |message: &str| Err(Invalid::new(field, message));
        if text.chars().any(char::is_control) {
            return refuse("holds a control character");
        }
        let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text.trim()),
        };
        if !is_address(address) {
            return refuse("is not an e-mail address, such as `a@example.com` or `Name <a@example.com>`, in ASCII");
        }
        Ok(Self { name: name.to_owned(), address: address.to_owned() })
    }

    pub(crate) fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }

    /// As in a header.
    pub(crate) fn header(&self) -> String {
        let Self { name, address } = self;
        match name.as_str() {
            "" => address.clone(),
            name if is_plain(name) => format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
            name => format!("{} <{address}>", encoded(name)),
        }
    }
}

fn is_address(text: &str) -> bool {
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || ATOM.contains(&b));
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.rsplit_once('@').is_some_and(|(user, domain)| {
        (1..=64).contains(&user.len())
            && (1..=253).contains(&domain.len())
            && user.split('.').all(is_atom)
            && domain.split('.').all(is_label)
    })
}

const ATOM: &[u8] = b"!#$%&'*+-/=?^_`{|}~";

/// A header's words: themselves when they are ASCII, otherwise encoded (RFC 2047). `text` is one line.
pub(crate) fn words(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { encoded(text) }
}

/// Whether a reader takes the text as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && !text.contains("=?") && text.len() < 900
}

/// A line with encoded words has at most 76 characters, with the header's name; a word holds whole characters.
const MAX_WORD_BYTES: usize = 39;

fn encoded(text: &str) -> String {
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= MAX_WORD_BYTES => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let encode = |word: &String| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word));
    words.iter().map(encode).collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_mailboxes() {
        for (text, header) in [
            ("a@example.com", "a@example.com"),
            (" a.b+c@mail.example.com ", "a.b+c@mail.example.com"),
            ("<a@localhost>", "a@localhost"),
            ("On Call <a@example.com>", "\"On Call\" <a@example.com>"),
            ("\"Call, On\" <a@example.com>", "\"Call, On\" <a@example.com>"),
            ("A \"B\" C <a@example.com>", "\"A \\\"B\\\" C\" <a@example.com>"),
            ("Zoë <a@example.com>", "=?utf-8?B?Wm/Dqw==?= <a@example.com>"),
            ("=?utf-8?Q?x?= <a@example.com>", "=?utf-8?B?PT91dGYtOD9RP3g/PQ==?= <a@example.com>"),
        ] {
            assert_eq!(Mailbox::parse("to", text).expect(text).header(), header);
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
        ] {
            assert!(Mailbox::parse("to", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn encodes_words_without_breaking_characters() {
        let text = "ä".repeat(60);
        let header = words(&text);
        let mut decoded = Vec::new();
        for word in header.split("\r\n ") {
            assert!(word.len() <= 76 - "Subject: ".len() && word.is_ascii(), "{word}");
            let base64 = word.trim_start_matches("=?utf-8?B?").trim_end_matches("?=");
            let bytes = BASE64_STANDARD.decode(base64).expect("base64");
            assert!(std::str::from_utf8(&bytes).is_ok());
            decoded.extend(bytes);
        }
        assert_eq!(decoded, text.as_bytes());
        assert_eq!(words("[critical] a < b"), "[critical] a < b");
    }
}
