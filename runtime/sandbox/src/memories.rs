//! How the linear memories of a plugin come to be.

use wasmparser::{Parser, Payload};

/// Beyond so much data, or so many pieces of it, copying them into every instance takes longer than mapping them; and
/// the code that copies is one function, which a compiler needs more than its memory for when there are 100,000 pieces.
const DATA_BYTES: usize = 1 << 20;
const DATA_SEGMENTS: u32 = 1_000;

/// One of two ways, which exclude each other in the Wasm runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memories {
    /// On huge pages, beginning as zeros: what keeps many rows is fast. For plugins with little data of their own.
    HugePages,
    /// As copy-on-write views of the data that a plugin brings along: interpreters start fast.
    Images,
}

impl Memories {
    /// The better one for a component or module. What does not parse is refused by others.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let (mut data_bytes, mut segments) = (0, 0_u32);
        for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
            if let Payload::DataSection(section) = payload {
                data_bytes += section.range().len();
                segments = segments.saturating_add(section.count());
            }
        }
        let is_large = data_bytes > DATA_BYTES || segments > DATA_SEGMENTS;
        if is_large { Self::Images } else { Self::HugePages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_data_is_mapped() {
        let many = |segments: usize| "(data (i32.const 0) \"a\")".repeat(segments);
        let long = |bytes: usize| format!("(data (i32.const 0) \"{}\")", "a".repeat(bytes));
        for (data, memories) in [
            (String::new(), Memories::HugePages),
            (many(1_000), Memories::HugePages),
            (many(1_001), Memories::Images),
            (long(1_000_000), Memories::HugePages),
            (long(1_100_000), Memories::Images),
        ] {
            let module = format!("(module (memory 20) {data})");
            for text in [module.clone(), format!("(component (core {}", &module[1..]) + ")"] {
                assert_eq!(Memories::of(&wat::parse_str(&text).expect("valid")), memories, "{}", data.len());
            }
        }
    }
}
