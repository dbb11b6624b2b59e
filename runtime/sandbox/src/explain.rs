//! What a plugin's interface is and what it must be, declaration by declaration.

use semver::Version;
use wasmparser::{Parser, Payload};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem};

use crate::{built_against, contained::contained, contract, shape};

/// A declaration that differs from the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The interface, and the type within.
    pub place: String,
    /// What the contract declares.
    pub wanted: Option<String>,
    /// What the plugin has.
    pub found: Option<String>,
}

impl Mismatch {
    fn new(place: &str, wanted: Option<&str>, found: Option<&str>) -> Self {
        Self { place: place.to_owned(), wanted: wanted.map(str::to_owned), found: found.map(str::to_owned) }
    }
}

/// Where the interface of a component, or of a core module with or without a component-type section, differs from
/// the contract; nothing when it can't be told.
pub fn mismatches(wasm: &[u8]) -> Vec<Mismatch> {
    // The decoder would make room for a section as long as its header claims.
    let is_whole = shape::look(wasm, usize::MAX).is_ok();
    if is_whole { contained(|| explained(wasm)).unwrap_or_default() } else { Vec::new() }
}

fn explained(wasm: &[u8]) -> Vec<Mismatch> {
    let version = built_against::check(wasm).ok().flatten().unwrap_or_else(contract::newest);
    let Ok((ours, our_world)) = contract::world(&version) else { return Vec::new() };
    if Parser::is_component(wasm) {
        return match wit_component::decode(wasm) {
            Ok(DecodedWasm::Component(theirs, world)) => compared(&ours, our_world, &theirs, world),
            Ok(DecodedWasm::WitPackage(..)) => vec![Mismatch::new("", Some("a component"), Some("a WIT package"))],
            Err(_) => Vec::new(),
        };
    }
    match wit_component::metadata::decode(wasm) {
        Ok((Some(_), bindgen)) => compared(&ours, our_world, &bindgen.resolve, bindgen.world),
        _ => exports(wasm, &version),
    }
}

fn compared(ours: &Resolve, our_world: WorldId, theirs: &Resolve, world: WorldId) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let (wanted, given) = (&ours.worlds[our_world], &theirs.worlds[world]);
    for (key, item) in &wanted.exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let name = ours.name_world_key(key);
        match given.exports.values().find_map(|item| same_interface(ours, *id, theirs, item)) {
            Some(other) => found.extend(differences(&declared(ours, *id), &declared(theirs, other), true)),
            None => found.push(Mismatch::new("exports", Some(&name), None)),
        }
        version(&name, given.exports.keys().map(|key| theirs.name_world_key(key)), &mut found);
    }
    for item in wanted.imports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        // What a plugin does not use it need not import.
        if let Some(other) = given.imports.values().find_map(|item| same_interface(ours, *id, theirs, item)) {
            found.extend(differences(&declared(ours, *id), &declared(theirs, other), false));
        }
    }
    found
}

/// The interface of an item when it is of our package and has the name of ours, whatever its version.
fn same_interface(ours: &Resolve, id: InterfaceId, theirs: &Resolve, item: &WorldItem) -> Option<InterfaceId> {
    let WorldItem::Interface { id: other, .. } = item else { return None };
    let (wanted, given) = (&ours.interfaces[id], &theirs.interfaces[*other]);
    let package = &theirs.packages[given.package?].name;
    let is_ours = format!("{}:{}", package.namespace, package.name) == contract::PACKAGE;
    (is_ours && wanted.name == given.name).then_some(*other)
}

fn version(wanted: &str, exports: impl Iterator<Item = String>, found: &mut Vec<Mismatch>) {
    let bare = wanted.split('@').next().unwrap_or(wanted);
    let other = exports.into_iter().find(|name| name.split('@').next() == Some(bare) && name != wanted);
    found.extend(other.map(|name| Mismatch::new("exports", Some(wanted), Some(&name))));
}

/// One line of an interface.
struct Declaration {
    place: String,
    name: String,
    text: String,
}

fn declared(resolve: &Resolve, id: InterfaceId) -> Vec<Declaration> {
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    // What can't be printed differs from everything, which is told by its absence.
    let _ = printer.print_interface(resolve, id);
    let mut places = vec![resolve.interfaces[id].name.clone().unwrap_or_default()];
    let mut lines = Vec::new();
    for line in printer.output.to_string().lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('}') {
            places.pop();
            continue;
        }
        let text = line.trim_end_matches([',', ';', '{', ' ']).to_owned();
        let name = text.split(':').next().unwrap_or_default().to_owned();
        lines.push(Declaration { place: places.join("."), name: name.clone(), text });
        if line.ends_with('{') {
            places.push(name.split(' ').next_back().unwrap_or_default().to_owned());
        }
    }
    lines
}

/// What differs; also what is missing, when `all` must be there.
fn differences(wanted: &[Declaration], found: &[Declaration], all: bool) -> Vec<Mismatch> {
    let same = |a: &&Declaration, b: &Declaration| a.place == b.place && a.name == b.name;
    let mut mismatches = Vec::new();
    for ours in wanted {
        match found.iter().find(|theirs| same(theirs, ours)) {
            Some(theirs) if theirs.text != ours.text => {
                mismatches.push(Mismatch::new(&ours.place, Some(&ours.text), Some(&theirs.text)));
            }
            None if all => mismatches.push(Mismatch::new(&ours.place, Some(&ours.text), None)),
            _ => {}
        }
    }
    let more = found.iter().filter(|theirs| !wanted.iter().any(|ours| same(theirs, ours)));
    mismatches.extend(more.map(|theirs| Mismatch::new(&theirs.place, None, Some(&theirs.text))));
    mismatches
}

/// The functions that a core module must export, and what it exports instead.
fn exports(module: &[u8], version: &Version) -> Vec<Mismatch> {
    let sections = Parser::new(0).parse_all(module).filter_map(Result::ok);
    let found: Vec<String> = sections
        .filter_map(|payload| if let Payload::ExportSection(exports) = payload { Some(exports) } else { None })
        .flatten()
        .filter_map(|export| export.ok().map(|export| export.name.to_owned()))
        .collect();
    let metric = format!("{}/metric@{version}", contract::PACKAGE);
    let wanted: Vec<String> = contract::FUNCTIONS.iter().map(|name| format!("{metric}#{name}")).collect();
    let missing = wanted.iter().filter(|name| !found.contains(name));
    let own = ["memory", "cabi_", "_initialize", "__"];
    let others = found.iter().filter(|name| !wanted.contains(name) && !own.iter().any(|own| name.starts_with(own)));
    let missing = missing.map(|name| Mismatch::new("exports", Some(name), None));
    missing.chain(others.map(|name| Mismatch::new("exports", None, Some(name)))).collect()
}

#[cfg(test)]
mod tests {
    use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

    use super::*;

    /// A core module that says it was written against a changed contract.
    fn written_against(change: impl Fn(&str) -> String) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let text = change(include_str!("../../../wit/metric.wit"));
        let package = resolve.push_str("metric.wit", &text).expect("it parses");
        let world = resolve.select_world(&[package], Some("metric-plugin")).expect("a world");
        let mut module = wat::parse_str("(module)").expect("valid");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
        module
    }

    #[test]
    fn each_changed_declaration_is_shown_beside_the_contracts() {
        for (from, to, place, wanted, found) in [
            ("describe: func() -> string", "describe: func() -> u32", "metric", "func() -> string", "func() -> u32"),
            ("note: option<string>,", "", "metric.value", "note: option<string>", ""),
            ("note: option<string>,", "note: option<string>, more: u32,", "metric.value", "", "more: u32"),
            ("invalid-data(string),", "", "metric.failure", "invalid-data(string)", ""),
            ("merge: func(state: list<u8>)", "merge: func(state: string)", "metric.accumulator", "list<u8>", "string"),
            ("rows: func() -> u32", "rows: func() -> u64", "columns", "u32", "u64"),
        ] {
            let all = mismatches(&written_against(|text| text.replace(from, to)));
            let one = all.iter().find(|mismatch| mismatch.place == place).unwrap_or_else(|| panic!("{to}: {all:?}"));
            assert!(one.wanted.as_deref().unwrap_or_default().contains(wanted), "{one:?}");
            assert!(one.found.as_deref().unwrap_or_default().contains(found), "{one:?}");
        }
        assert!(mismatches(&written_against(str::to_owned)).is_empty());
        let offered = format!("@{}", contract::VERSION);
        let newer = mismatches(&written_against(|text| text.replace(&offered, "@0.2.0")));
        assert!(newer.iter().any(|one| one.found.as_deref() == Some("driftline:metric/metric@0.2.0")), "{newer:?}");
    }

    #[test]
    fn a_section_that_claims_more_than_there_is_takes_no_room() {
        let claims_4_gib = b"\0asm\x0d\0\x01\0\x01\xff\xff\xff\xff\x0f";
        assert!(mismatches(claims_4_gib).is_empty());
    }

    #[test]
    fn modules_without_a_world_are_told_by_their_exports() {
        let module = wat::parse_str(r#"(module (func (export "discribe")) (memory (export "memory") 1))"#);
        let all = mismatches(&module.expect("valid"));
        assert_eq!(all.len(), contract::FUNCTIONS.len() + 1);
        assert_eq!(all.last().and_then(|one| one.found.as_deref()), Some("discribe"));
        let empty = ComponentEncoder::default().module(&wat::parse_str("(module)").expect("valid"));
        let component = empty.and_then(|mut encoder| encoder.encode()).expect("a component");
        let none = mismatches(&component);
        assert_eq!(none, [Mismatch::new("exports", Some(contract::METRIC), None)]);
    }
}
