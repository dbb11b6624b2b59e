//! The text of the contract, for making components and for explaining what differs.

use semver::Version;
use wit_parser::{Resolve, WorldId};

const TEXT: &str = include_str!("../../../wit/metric.wit");
const WORLD: &str = "metric-plugin";

/// The package, without its version.
pub(crate) const PACKAGE: &str = "driftline:metric";
/// The newest version of the package that this runtime offers.
pub(crate) const VERSION: &str = "0.1.1";
/// The interface that a plugin exports.
pub(crate) const METRIC: &str = "driftline:metric/metric@0.1.1";
/// The functions of [`METRIC`].
pub(crate) const FUNCTIONS: [&str; 6] = [
    "describe",
    "[static]accumulator.open",
    "[method]accumulator.update",
    "[method]accumulator.state",
    "[method]accumulator.merge",
    "evaluate",
];

/// The contract, parsed, under a version that [`is_offered`]: within one track what is there never changes, so
/// that the newest text holds for all.
pub(crate) fn world(version: &Version) -> Result<(Resolve, WorldId), String> {
    let mut resolve = Resolve::default();
    let text = TEXT.replacen(&format!("package {PACKAGE}@{VERSION};"), &format!("package {PACKAGE}@{version};"), 1);
    let package = resolve.push_str("metric.wit", &text).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], Some(WORLD)).map_err(|error| format!("{error:#}"))?;
    Ok((resolve, world))
}

/// Whether what is built against this version can run here: versions before 1.0 that share the minor number, later
/// those that share the major number, are one track.
pub(crate) fn is_offered(theirs: &Version) -> bool {
    let track = |version: &Version| (version.major, if version.major == 0 { version.minor } else { 0 });
    track(&newest()) == track(theirs) && theirs.pre.is_empty()
}

/// [`VERSION`] in its parts.
pub(crate) const fn newest() -> Version {
    Version::new(0, 1, 1)
}

/// The version of the contract in the name of one of its interfaces.
pub(crate) fn version_in(interface: &str) -> Option<Version> {
    let (_, version) = interface.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@')?;
    Version::parse(version).ok()
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

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn the_constants_agree_with_the_text() {
        let (resolve, world) = world(&version(VERSION)).expect("the contract parses");
        let package = resolve.worlds[world].package.expect("a package");
        assert_eq!(resolve.packages[package].name.to_string(), format!("{PACKAGE}@{VERSION}"));
        for function in FUNCTIONS {
            assert!(declaration(function).is_some_and(|line| line.contains("func(")), "{function}");
        }
        assert_eq!(METRIC, format!("{PACKAGE}/metric@{VERSION}"));
        assert_eq!(newest(), version(VERSION));
    }

    #[test]
    fn one_track_is_offered() {
        for (text, offered) in [
            ("0.1.0", true),
            ("0.1.1", true),
            ("0.1.9", true),
            ("0.2.0", false),
            ("1.1.0", false),
            ("0.1.0-rc.1", false),
        ] {
            assert_eq!(is_offered(&version(text)), offered, "{text}");
        }
        assert_eq!(version_in("driftline:metric/columns@0.1.7"), Some(version("0.1.7")));
        assert_eq!(version_in("driftline:metrics/columns@0.1.7"), None);
        assert_eq!(version_in("driftline:metric/columns"), None);
    }

    /// A shipped version is frozen: all that was in it is in the newest of its track, word for word.
    #[test]
    fn nothing_of_a_frozen_version_has_changed() {
        let frozen = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/frozen");
        let mut seen = 0;
        for folder in std::fs::read_dir(frozen).expect("the frozen versions").map(|folder| folder.expect("listed")) {
            let theirs = version(folder.file_name().to_str().expect("UTF-8"));
            let text = std::fs::read_to_string(folder.path().join("metric.wit")).expect("its text");
            assert!(text.contains(&format!("package {PACKAGE}@{theirs};")), "{theirs}");
            if is_offered(&theirs) {
                assert!(theirs < version(VERSION), "{theirs} is frozen, so the next change gets another number");
                let ours: Vec<&str> = code(TEXT).collect();
                let missing: Vec<&str> = code(&text).filter(|line| !ours.contains(line)).collect();
                assert!(missing.is_empty(), "{theirs} had {missing:?}");
                seen += 1;
            }
        }
        assert!(seen > 0, "no frozen version of this track");
    }

    /// The lines that mean something, without the package's own.
    fn code(text: &str) -> impl Iterator<Item = &str> {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("package "))
    }
}
