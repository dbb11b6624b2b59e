//! A core module becomes a component of our world.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use semver::Version;

use crate::{
    Refusal, RefusalCode, built_against,
    contained::contained,
    contract,
    shape::{self, Shape},
};

/// The component that is in `bytes` or can be made from them; always the same for the same bytes. A core module is
/// validated before, a component is given back as it is.
///
/// # Errors
/// When there are more than `limit_bytes`, they are no Wasm, or a module does not fit the contract's world.
pub fn componentize(bytes: &[u8], limit_bytes: usize) -> Result<Vec<u8>, Refusal> {
    match shape::look(bytes, limit_bytes)? {
        Shape::Component => Ok(bytes.to_vec()),
        Shape::Module => {
            validate(bytes)?;
            let version = built_against::check(bytes)?.unwrap_or(contract::newest());
            contained(|| encode(bytes.to_vec(), &version))
                .and_then(|encoded| encoded)
                .map_err(|cause| mismatch(bytes, &version, &cause))
        }
    }
}

fn validate(module: &[u8]) -> Result<(), Refusal> {
    let features =
        WasmFeatures::default() - WasmFeatures::THREADS - WasmFeatures::MEMORY64 - WasmFeatures::RELAXED_SIMD;
    Validator::new_with_features(features)
        .validate_all(module)
        .map(drop)
        .map_err(|error| shape::invalid(&error.to_string()))
}

fn encode(mut module: Vec<u8>, version: &Version) -> Result<Vec<u8>, String> {
    if !says_its_world(&module) {
        let (resolve, world) = contract::world(version)?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| format!("{error:#}"))?;
    }
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| {
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
        })
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{error:#}"))
}

/// Binding generators leave a section that says which world a module was written for.
fn says_its_world(module: &[u8]) -> bool {
    Parser::new(0).parse_all(module).filter_map(Result::ok).any(
        |payload| matches!(payload, Payload::CustomSection(section) if section.name().starts_with("component-type")),
    )
}

fn mismatch(module: &[u8], version: &Version, cause: &str) -> Refusal {
    let missing = missing(module, version);
    let missing =
        if missing.is_empty() { String::new() } else { format!(", it does not export {}", missing.join(", ")) };
    Refusal::new(
        RefusalCode::WorldMismatch,
        format!(
            "this core module cannot be made a component of world metric-plugin of {}@{version}{missing}: {cause}. Build it \
             with bindings made from that world, for wasm32-unknown-unknown or wasm32-wasip1",
            contract::PACKAGE
        ),
    )
}

/// The contract's functions that a module does not export under the names that binding generators give them.
fn missing(module: &[u8], version: &Version) -> Vec<String> {
    let sections = Parser::new(0).parse_all(module).filter_map(Result::ok);
    let exports: Vec<&str> = sections
        .filter_map(|payload| if let Payload::ExportSection(exports) = payload { Some(exports) } else { None })
        .flatten()
        .filter_map(|export| export.ok().map(|export| export.name))
        .collect();
    let metric = format!("{}/metric@{version}", contract::PACKAGE);
    let names = contract::FUNCTIONS.iter().map(|function| format!("{metric}#{function}"));
    names.filter(|name| !exports.contains(&name.as_str())).map(|name| format!("`{name}`")).collect()
}
