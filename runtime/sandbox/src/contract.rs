//! The text of the contract, for making components and for explaining what differs.

use wit_parser::{Resolve, WorldId};

const TEXT: &str = include_str!("../../../wit/metric.wit");
const WORLD: &str = "metric-plugin";

/// The package, without its version.
pub(crate) const PACKAGE: &str = "driftline:metric";
/// The version of the package that this runtime offers.
pub(crate) const VERSION: &str = "0.1.0";
/// The interface that a plugin exports.
pub(crate) const METRIC: &str = "driftline:metric/metric@0.1.0";
/// The functions of [`METRIC`].
pub(crate) const FUNCTIONS: [&str; 6] = [
    "describe",
    "[static]accumulator.open",
    "[method]accumulator.update",
    "[method]accumulator.state",
    "[method]accumulator.merge",
    "evaluate",
];

/// The contract, parsed.
pub(crate) fn world() -> Result<(Resolve, WorldId), String> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("metric.wit", TEXT).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], Some(WORLD)).map_err(|error| format!("{error:#}"))?;
    Ok((resolve, world))
}

/// How the contract declares a function or method, as written there.
pub(crate) fn declaration(function: &str) -> Option<&'static str> {
    let bare = function.rsplit(['.', ']']).next()?;
    TEXT.lines()
        .map(str::trim)
        .find(|line| line.strip_prefix(bare).is_some_and(|rest| rest.starts_with(": ")))
        .map(|line| line.trim_end_matches(';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_agree_with_the_text() {
        let (resolve, world) = world().expect("the contract parses");
        let package = resolve.worlds[world].package.expect("a package");
        assert_eq!(resolve.packages[package].name.to_string(), format!("{PACKAGE}@{VERSION}"));
        for function in FUNCTIONS {
            assert!(declaration(function).is_some_and(|line| line.contains("func(")), "{function}");
        }
        assert_eq!(METRIC, format!("{PACKAGE}/metric@{VERSION}"));
    }
}
