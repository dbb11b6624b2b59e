//! `componentize WIT IN OUT`: a core module (Wasm or WAT) becomes a component of the metric contract.
//!
//! A module without embedded component metadata (from WAT) is given that of the
//! world `metric-plugin`, or of the only world in a `.wit` file beside it; a
//! component is only copied.

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
        let (resolve, world) = world(wit, &input.with_extension("wit"))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    }
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

fn world(wit: &Path, beside: &Path) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_path(wit)?;
    let (package, name) = match beside.exists() {
        true => (resolve.push_str(beside, &fs::read_to_string(beside)?)?, None),
        false => (contract, Some("metric-plugin")),
    };
    let world = resolve.select_world(&[package], name)?;
    Ok((resolve, world))
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
