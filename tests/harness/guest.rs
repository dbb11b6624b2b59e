//! Small guests, made of a Wasm text with some of its bodies replaced.

use serde_json::{Value, json};

#[path = "../../runtime/sandbox/tests/sandbox/guest/text.rs"]
mod text;

pub use text::{KEEP_FIRST, SUM};
use text::{TEXT, assembled};

/// A guest that says `description` of itself: `("MERGE", body)` puts the body at the start of `merge`.
pub fn guest(description: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    built(&assembled(TEXT, description, parts.iter().copied()))
}

fn built(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A plugin to be built.
pub struct Guest {
    description: Value,
    plus: f64,
    parts: Vec<(&'static str, String)>,
}

impl Guest {
    /// One that reports the sum of `value` as `a`.
    pub fn new(name: &str, version: &str) -> Self {
        let description =
            json!({"name": name, "version": version, "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]});
        Self { description, plus: 0.0, parts: vec![("UPDATE", SUM.to_owned())] }
    }

    /// One that adds something to the sum that it reports.
    pub fn plus(mut self, number: f64) -> Self {
        self.plus = number;
        self
    }

    /// One that does something more in `update`, but only with the rows 0, 1, 2, …, 9: whatever rows it is tried out
    /// with before, it behaves.
    pub fn with_ten_rows(self, text: &str) -> Self {
        let second = "(f64.load offset=8 (i32.load (i32.const 256)))";
        let last = "(f64.load offset=72 (i32.load (i32.const 256)))";
        let ten = format!(
            "(if (i32.eq (call $rows) (i32.const 10)) (then
               (if (i32.and (f64.eq {second} (f64.const 1)) (f64.eq {last} (f64.const 9))) (then {text}))))"
        );
        self.part("UPDATE", format!("{SUM} {ten}"))
    }

    /// One that does something more in `place`, but only when the sum so far is `sum`.
    pub fn at_sum(self, place: &'static str, sum: f64, text: &str) -> Self {
        let more = format!("(if (f64.eq (f64.load (local.get $self)) (f64.const {sum})) (then {text}))");
        self.part(place, more)
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
        let told = "(f64.store (i32.const 1048) (f64.load (local.get $self)))";
        let more = format!("(f64.add (f64.load (local.get $self)) (f64.const {}))", self.plus);
        let text = text.replace(told, &format!("(f64.store (i32.const 1048) {more})"));
        let parts = self.parts.iter().map(|(place, part)| (*place, part.as_str()));
        built(&assembled(&text, &self.description.to_string(), parts))
    }
}
