//! Small guests, made of a Wasm text with some of its bodies replaced.

use serde_json::{Value, json};

const TEXT: &str = include_str!("../../runtime/sandbox/tests/sandbox/guest.wat");

/// A guest that says `description` of itself: `("MERGE", body)` puts the body at the start of `merge`.
pub fn guest(description: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    assembled(TEXT.to_owned(), description, parts.iter().copied())
}

fn assembled<'a>(text: String, description: &str, parts: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let text = parts.fold(text, |text, (part, body)| text.replacen(&format!(";;{part}"), body, 1));
    let literal: String = description.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let text = text.replace("\"DESCRIPTION\"", &format!("\"{literal}\""));
    let text = text.replace("DESCRIBED", &description.len().to_string());
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Adds up the numbers of column 0.
pub const SUM: &str = "
    (global.set $heap (i32.const 65536))
    (call $numbers (i32.const 0) (i32.const 256))
    (local.set $cell (i32.load (i32.const 256)))
    (local.set $end (i32.add (local.get $cell) (i32.mul (i32.load (i32.const 260)) (i32.const 8))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $cell) (local.get $end)))
      (f64.store (local.get $self) (f64.add (f64.load (local.get $self)) (f64.load (local.get $cell))))
      (local.set $cell (i32.add (local.get $cell) (i32.const 8)))
      (br $next)))";

/// A plugin to be built.
pub struct Guest {
    description: Value,
    parts: Vec<(&'static str, String)>,
}

impl Guest {
    /// One that reports the sum of `value` as `a`.
    pub fn new(name: &str, version: &str) -> Self {
        let description =
            json!({"name": name, "version": version, "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]});
        Self { description, parts: vec![("UPDATE", SUM.to_owned())] }
    }

    /// One that adds something to the sum.
    pub fn plus(self, number: f64) -> Self {
        let add = format!("(f64.store (local.get $self) (f64.add (f64.load (local.get $self)) (f64.const {number})))");
        self.part("EVALUATE", add)
    }

    /// One that describes itself with one more key.
    pub fn described(mut self, key: &str, value: Value) -> Self {
        self.description[key] = value;
        self
    }

    /// One with text put in at a place of `guest.wat`.
    pub fn part(mut self, place: &'static str, text: impl Into<String>) -> Self {
        self.parts.retain(|(other, _)| *other != place);
        self.parts.push((place, text.into()));
        self
    }

    /// Its bytes, a core module.
    pub fn wasm(&self) -> Vec<u8> {
        self.wasm_of("0.1.0")
    }

    /// The same as if it had been built against another version of the contract: only names tell.
    pub fn wasm_of(&self, contract: &str) -> Vec<u8> {
        let text = TEXT.replace("@0.1.0", &format!("@{contract}"));
        let parts = self.parts.iter().map(|(place, part)| (*place, part.as_str()));
        assembled(text, &self.description.to_string(), parts)
    }
}

/// Keeps what is there and drops the rest.
pub const DROP_LATER: &str = "(if (f64.ne (f64.load (local.get $self)) (f64.const 0)) (then
      (i32.store (i32.const 0) (i32.const 0)) (return (i32.const 0))))";
