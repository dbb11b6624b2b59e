//! The standard plugins, as they are committed, pass the door that every plugin passes.

use std::{fs, path::Path};

use driftline_core::MetricFactory;
use driftline_sandbox::{Limits, parse_description};

use crate::guest::Place;

#[test]
fn every_built_plugin_can_be_installed_and_says_what_is_written_beside_it() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let mut names = Vec::new();
    let place = Place::new(Limits::default());
    for file in fs::read_dir(built).expect("the built plugins").map(|file| file.expect("listed").path()) {
        if file.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let plugin =
            place.plugin(&fs::read(&file).expect("read")).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(file.file_stem().and_then(|stem| stem.to_str()), Some(plugin.description().name.as_str()));
        let written = fs::read_to_string(file.with_extension("json")).expect("a description beside the component");
        let (_, written) = parse_description(&written).expect("a description");
        assert_eq!(written, plugin.description_json(), "{}: run plugins/build", file.display());
        names.push(plugin.description().name.to_string());
    }
    names.sort();
    assert!(names.iter().any(|name| name == "roc-auc"), "{names:?}");
}
