//! A Wasm text in which bodies are put in, for these tests and the black-box ones.

pub const TEXT: &str = include_str!("../guest.wat");

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

/// Keeps what is there and drops the rest: a merge that loses rows.
pub const KEEP_FIRST: &str = "(if (f64.ne (f64.load (local.get $self)) (f64.const 0)) (then
      (i32.store (i32.const 0) (i32.const 0)) (return (i32.const 0))))";

/// A text that describes itself with `description` and has other parts: `("UPDATE", body)` puts the body at the start of `update`.
pub fn assembled<'a>(text: &str, description: &str, parts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let text = parts.fold(text.to_owned(), |text, (part, body)| text.replacen(&format!(";;{part}"), body, 1));
    let literal: String = description.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    text.replace("\"DESCRIPTION\"", &format!("\"{literal}\"")).replace("DESCRIBED", &description.len().to_string())
}
