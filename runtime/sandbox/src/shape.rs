//! Whether some bytes are Wasm at all, and whole.

use wasmparser::{Parser, Payload};

use crate::{Refusal, RefusalCode};

/// What kind of Wasm some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A component.
    Component,
    /// A core module.
    Module,
}

const MAGIC: &[u8] = b"\0asm";

/// Looks at the frame of the bytes without running, compiling or validating anything.
pub(crate) fn look(bytes: &[u8], limit_bytes: usize) -> Result<Shape, Refusal> {
    if bytes.len() > limit_bytes {
        return Err(Refusal::new(
            RefusalCode::TooLarge,
            format!(
                "the plugin has {} bytes and may have {limit_bytes}: strip it (wasm-tools strip) and build it optimised for size",
                bytes.len()
            ),
        ));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(not_wasm(bytes));
    }
    let shape = match bytes.get(4..8) {
        Some([1, 0, 0, 0]) => Shape::Module,
        Some([_, 0, 1, 0]) => Shape::Component,
        Some(version) => {
            return Err(Refusal::new(
                RefusalCode::InvalidWasm,
                format!("the plugin is Wasm of the unknown version {version:?}: build it with current tools"),
            ));
        }
        None => return Err(truncated(bytes.len(), 8 - bytes.len())),
    };
    whole(bytes)?;
    Ok(shape)
}

fn whole(bytes: &[u8]) -> Result<(), Refusal> {
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::End(_)) | Ok(_) => {}
            Err(error) if error.message().contains("unexpected end") => {
                return Err(truncated(bytes.len(), 0));
            }
            Err(error) => return Err(invalid(&error.to_string())),
        }
    }
    Ok(())
}

/// The refusal of Wasm that does not validate.
pub(crate) fn invalid(cause: &str) -> Refusal {
    Refusal::new(
        RefusalCode::InvalidWasm,
        format!(
            "the plugin is not valid Wasm, or uses a feature that is off here (threads, 64-bit memory, relaxed SIMD): {cause}. \
             `wasm-tools validate` shows the same"
        ),
    )
}

fn not_wasm(bytes: &[u8]) -> Refusal {
    let what = match bytes {
        [] => "is empty".to_owned(),
        [b'(', ..] | [b';', b';', ..] => "is Wasm text: translate it (wasm-tools parse)".to_owned(),
        [0x1f, 0x8b, ..] => "is compressed with gzip: decompress it, or say so with Content-Encoding".to_owned(),
        [b'P', b'K', ..] => "is a zip archive".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => "is a native program: build it for a wasm32 target".to_owned(),
        [first, ..] => format!("starts with the byte {first:#04x}, not with \\0asm"),
    };
    Refusal::new(
        RefusalCode::NotWasm,
        format!("the plugin is not Wasm, it {what}. Upload the .wasm file that your build made"),
    )
}

fn truncated(found: usize, missing: usize) -> Refusal {
    let missing = if missing > 0 { format!(", {missing} bytes before the end of its header") } else { String::new() };
    Refusal::new(
        RefusalCode::Truncated,
        format!(
            "the plugin ends too early{missing}: {found} bytes arrived, so compare with the file's size and upload it again"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_was_given() {
        let module = wat::parse_str("(module (func (export \"a\") (nop)))").expect("valid");
        let component = wat::parse_str("(component (core module (func)))").expect("valid");
        assert_eq!(look(&module, 1000), Ok(Shape::Module));
        assert_eq!(look(&component, 1000), Ok(Shape::Component));
        let cases: [(&[u8], RefusalCode, &str); 11] = [
            (b"", RefusalCode::NotWasm, "is empty"),
            (b"(module)", RefusalCode::NotWasm, "Wasm text"),
            (b"PK\x03\x04", RefusalCode::NotWasm, "zip"),
            (b"\x1f\x8b\x08", RefusalCode::NotWasm, "gzip"),
            (b"\x7fELF", RefusalCode::NotWasm, "wasm32"),
            (b"{\"a\":1}", RefusalCode::NotWasm, "0x7b"),
            (b"\0asm", RefusalCode::Truncated, "4 bytes arrived"),
            (b"\0asm\x07\0\0\0", RefusalCode::InvalidWasm, "unknown version"),
            (&module[..module.len() - 1], RefusalCode::Truncated, "ends too early"),
            (&component[..component.len() - 3], RefusalCode::Truncated, "ends too early"),
            (&[0; 2000], RefusalCode::TooLarge, "may have 1000"),
        ];
        for (bytes, code, text) in cases {
            let refusal = look(bytes, 1000).expect_err(text);
            assert_eq!(refusal.code, code, "{refusal}");
            assert!(refusal.message.contains(text), "{refusal}");
        }
    }
}
