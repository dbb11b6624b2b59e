//! Which version of the contract some bytes were built against, read from their names before anything is compiled.

use semver::Version;
use wasmparser::{Parser, Payload};

use crate::{Refusal, RefusalCode, contract};

/// The versions of the contract that the bytes name, each with where: that of the exported interface first.
///
/// # Errors
/// [`RefusalCode::ContractVersion`] when there is one that this runtime does not offer.
pub(crate) fn check(bytes: &[u8]) -> Result<Option<Version>, Refusal> {
    let named = named(bytes);
    match named.iter().find(|(_, version)| !contract::is_offered(version)) {
        None => Ok(named.into_iter().next().map(|(_, version)| version)),
        Some((interface, version)) => Err(refusal(interface, version)),
    }
}

fn refusal(interface: &str, version: &Version) -> Refusal {
    let (package, ours) = (contract::PACKAGE, contract::VERSION);
    let advice = if *version > contract::newest() { "use a newer Driftline, or build it" } else { "build it" };
    Refusal::new(
        RefusalCode::ContractVersion,
        format!(
            "the plugin is built against {package}@{version} (`{interface}`), and this runtime offers {package}@{ours} \
             and what came before it under the same number: {advice} against wit/metric.wit of {ours}"
        ),
    )
}

/// Names of the contract's interfaces at the surface of a component or module, exports first.
fn named(bytes: &[u8]) -> Vec<(String, Version)> {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    // What does not parse is refused by others, with more to say.
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            Payload::ComponentImportSection(section) => {
                imports.extend(section.into_iter().flatten().map(|import| import.name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) => {
                exports.extend(section.into_iter().flatten().map(|export| export.name.name.to_owned()));
            }
            Payload::ImportSection(section) => {
                imports.extend(section.into_imports().flatten().map(|import| import.module.to_owned()));
            }
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().flatten().map(|export| export.name.to_owned()));
            }
            _ => {}
        }
    }
    let interface = |name: String| {
        let interface = name.split('#').next().unwrap_or_default();
        let interface = interface.strip_prefix("[export]").unwrap_or(interface);
        contract::version_in(interface).map(|version| (interface.to_owned(), version))
    };
    exports.into_iter().chain(imports).filter_map(interface).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_version() {
        let component = |import: &str, export: &str| {
            let text = format!(
                "(component (import \"driftline:metric/columns@{import}\" (instance)) (instance $i)
                   (component (import \"driftline:metric/columns@7.0.0\" (instance)))
                   (export \"driftline:metric/metric@{export}\" (instance $i)))"
            );
            wat::parse_str(text).expect("valid")
        };
        let module = |version: &str| {
            let text = format!(
                "(module (import \"driftline:metric/columns@{version}\" \"rows\" (func (result i32)))
                   (func (export \"driftline:metric/metric@{version}#describe\") (result i32) unreachable))"
            );
            wat::parse_str(text).expect("valid")
        };
        let nothing = wat::parse_str("(module (func (export \"a\")))").expect("valid");
        for (bytes, expected) in [
            (component("0.1.0", "0.1.1"), Ok(Some("0.1.1"))),
            (module("0.1.0"), Ok(Some("0.1.0"))),
            (nothing, Ok(None)),
            (component("0.1.0", "9.0.0"), Err(("driftline:metric@9.0.0", "newer Driftline"))),
            (component("9.0.0", "0.1.0"), Err(("`driftline:metric/columns@9.0.0`", "newer Driftline"))),
            (module("0.2.0"), Err(("driftline:metric@0.2.0", "newer Driftline"))),
            (module("0.0.9"), Err(("driftline:metric@0.0.9", ": build it against"))),
        ] {
            match (check(&bytes), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.map(|version| version.to_string()).as_deref(), expected),
                (Err(refusal), Err((version, advice))) => {
                    assert_eq!(refusal.code, RefusalCode::ContractVersion);
                    for words in [version, advice, contract::VERSION] {
                        assert!(refusal.message.contains(words), "{refusal} lacks {words}");
                    }
                }
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        }
    }
}
