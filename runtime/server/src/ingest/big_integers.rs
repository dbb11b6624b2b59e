//! Finds whole numbers beyond 64 bits in JSON text: the parser hands them over as floats.

/// The smallest magnitude at which a float may have been written as such an integer.
pub const LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// Whether `json` (valid JSON) holds an integer literal, beyond 64 bits, of this value.
pub fn contains(json: &[u8], value: f64) -> bool {
    let mut rest = json;
    while let Some(byte) = rest.first() {
        rest = match byte {
            b'"' => after_text(&rest[1..]),
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().position(|b| !is_number(*b)).unwrap_or(rest.len());
                let (literal, after) = rest.split_at(length);
                if is_integer_of(literal, value) {
                    return true;
                }
                after
            }
            _ => &rest[1..],
        };
    }
    false
}

fn is_number(byte: u8) -> bool {
    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
}

fn is_integer_of(literal: &[u8], value: f64) -> bool {
    literal.len() >= 19
        && !literal.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
        && str::from_utf8(literal).is_ok_and(|text| text.parse::<i64>().is_err() && text.parse() == Ok(value))
}

fn after_text(mut rest: &[u8]) -> &[u8] {
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => return after,
            b'\\' => after.get(1..).unwrap_or_default(),
            _ => after,
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_integers_from_floats_and_texts() {
        for (json, expected) in [
            ("[123456789012345678901]", true),
            ("[-123456789012345678901]", false),
            ("[1.23456789012345678901e20]", false),
            (r#"["123456789012345678901", "\"123456789012345678901"]"#, false),
            (r#"{"a\\": 123456789012345678901}"#, true),
        ] {
            assert_eq!(contains(json.as_bytes(), 123_456_789_012_345_678_901.0), expected, "{json}");
        }
    }
}
