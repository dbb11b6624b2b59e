//! `componentize WIT IN OUT`: a core module (Wasm or WAT) becomes a component of the metric contract.
//!
//! A module without embedded component metadata (from WAT) is given that of the
//! world `metric-plugin`, or of the only world in a `.wit` file beside it, in the
//! version of the contract that its exports name; a component is only copied.

use std::{env, fs, path::Path};

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [wit, input, output] = arguments.as_slice() else { bail!("usage: componentize WIT IN OUT") };
    let bytes = wat::parse_file(input).with_context(|| format!("{input} is neither Wasm nor WAT"))?;
    let component = if wasmparser::Parser::is_component(&bytes) {
        bytes
    } else {
        componentize(bytes, Path::new(wit), Path::new(input))?
    };
    fs::write(output, component).with_context(|| format!("{output} can't be written"))
}

fn componentize(mut module: Vec<u8>, wit: &Path, input: &Path) -> Result<Vec<u8>> {
    if !has_metadata(&module)? {
        let (resolve, world) = world(wit, &input.with_extension("wit"), version(&module)?)?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    }
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

fn world(wit: &Path, beside: &Path, version: Option<String>) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let file = wit.join("metric.wit");
    let text = fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
    let contract = resolve.push_str(&file, &in_version(&text, version))?;
    let (package, name) = match beside.exists() {
        true => (resolve.push_str(beside, &fs::read_to_string(beside)?)?, None),
        false => (contract, Some("metric-plugin")),
    };
    let world = resolve.select_world(&[package], name)?;
    Ok((resolve, world))
}

/// The contract's text under another version: within one track what is there never changes.
fn in_version(text: &str, version: Option<String>) -> String {
    let line = |line: &str| match (&version, line.starts_with(PACKAGE)) {
        (Some(version), true) => format!("{PACKAGE}{version};"),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

const PACKAGE: &str = "package driftline:metric@";
const EXPORT: &str = "driftline:metric/metric@";

/// The version of the contract that the module's exports name.
fn version(module: &[u8]) -> Result<Option<String>> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let wasmparser::Payload::ExportSection(exports) = payload? else { continue };
        for export in exports {
            if let Some((version, _)) = export?.name.strip_prefix(EXPORT).and_then(|rest| rest.split_once('#')) {
                return Ok(Some(version.to_owned()));
            }
        }
    }
    Ok(None)
}

fn has_metadata(module: &[u8]) -> Result<bool> {
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::CustomSection(section) = payload?
            && section.name().starts_with("component-type")
        {
            return Ok(true);
        }
    }
    Ok(false)
}
