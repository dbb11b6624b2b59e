//! Small guests, made of a Wasm text with some of its bodies replaced.

/// A guest that says `description` of itself: `("MERGE", body)` puts the body at the start of `merge`.
pub fn guest(description: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let mut text = include_str!("../../runtime/sandbox/tests/sandbox/guest.wat").to_owned();
    for (part, body) in parts {
        text = text.replacen(&format!(";;{part}"), body, 1);
    }
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

/// Keeps what is there and drops the rest.
pub const DROP_LATER: &str = "(if (f64.ne (f64.load (local.get $self)) (f64.const 0)) (then
      (i32.store (i32.const 0) (i32.const 0)) (return (i32.const 0))))";
