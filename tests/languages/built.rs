//! The components and core modules that the examples' build commands have made.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use wasmparser::{Parser, Payload};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::harness::repository;

pub const WASM: &str = "application/wasm";

/// The folder with `LANGUAGE.wasm` for each of [`LANGUAGES`]; `.ci/run languages` fills one.
const FOLDER: &str = "DRIFTLINE_TEST_LANGUAGES";

/// All but Rust, whose component is committed, and built too.
pub const LANGUAGES: [&str; 8] = ["assemblyscript", "c", "cpp", "go", "javascript", "python", "typescript", "zig"];

/// What a build command has made.
pub struct Built {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Those of every language. None, and a line that says so, where they were not built.
pub fn languages() -> Option<Vec<Built>> {
    let folder = folder()?;
    Some(LANGUAGES.iter().map(|name| Built::read(name, &folder.join(format!("{name}.wasm")))).collect())
}

/// The folder of what was built. None, and a line that says so, where there is none.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    if folder.is_none() {
        // Not by println, which shows nothing when the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, proves nothing: {FOLDER} names no folder of built examples");
    }
    folder
}

impl Built {
    /// What is in a file.
    pub fn read(name: &str, path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: name.to_owned(), bytes }
    }

    /// The committed component.
    pub fn rust() -> Self {
        Self::read("rust", &repository("examples/custom-metric/rust/cost-by-segment.wasm"))
    }

    pub fn is_core_module(&self) -> bool {
        Parser::is_core_wasm(&self.bytes)
    }

    /// Whether a section tells which world it was written for.
    pub fn says_its_world(&self) -> bool {
        Parser::new(0).parse_all(&self.bytes).any(|payload| {
            let payload = payload.expect("a valid module");
            matches!(payload, Payload::CustomSection(section) if section.name().starts_with("component-type"))
        })
    }

    /// The same module with that section, under a version that is not taken.
    pub fn saying_its_world(&self) -> Self {
        let mut resolve = Resolve::default();
        let package = resolve.push_path(repository("wit")).expect("the contract").0;
        let world = resolve.select_world(&[package], Some("metric-plugin")).expect("its world");
        let mut bytes = renumbered(&self.bytes);
        embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8).expect("embedded");
        Self { name: self.name.clone(), bytes }
    }
}

/// With the version of the description changed, wherever it is written and in whatever encoding.
fn renumbered(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let utf8: Vec<u8> = br#""version": "1.0.0""#.to_vec();
    let utf16: Vec<u8> = utf8.iter().flat_map(|byte| [*byte, 0]).collect();
    for (pattern, last) in [(utf8.clone(), utf8.len() - 2), (utf16.clone(), utf16.len() - 4)] {
        let places: Vec<_> = bytes.windows(pattern.len()).enumerate().filter(|(_, part)| *part == pattern).collect();
        let places: Vec<_> = places.into_iter().map(|(at, _)| at + last).collect();
        for place in places {
            bytes[place] = b'1';
        }
    }
    bytes
}
