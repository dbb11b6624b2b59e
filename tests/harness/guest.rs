//! Small plugins from Wasm text: each adds up the column `value`, and does whatever else a test wants of it.

use serde_json::{Value, json};

const TEXT: &str = include_str!("../../runtime/sandbox/tests/sandbox/guest.wat");

const SUM: &str = "
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
        let mut text = TEXT.replace("@0.1.0", &format!("@{contract}"));
        for (place, part) in &self.parts {
            text = text.replacen(&format!(";;{place}"), part, 1);
        }
        let description = self.description.to_string();
        let literal: String = description.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let text = text.replace("\"DESCRIPTION\"", &format!("\"{literal}\""));
        let text = text.replace("DESCRIBED", &description.len().to_string());
        wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
    }
}
