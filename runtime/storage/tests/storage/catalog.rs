//! The data directory: its lock, its formats, models and their details.

use std::fs;

use driftline_storage::{Error, ModelDetails, Retention};
use tempfile::TempDir;

use crate::world::{Int, World, name, open, prediction};

#[test]
fn a_directory_in_use_is_refused_with_its_name() {
    let world = World::new();
    let error = open(world.dir.path(), &world.options).err().expect("refused");
    assert!(matches!(error, Error::InUse { .. }));
    assert!(error.to_string().contains(&world.dir.path().display().to_string()), "{error}");
}

#[test]
fn a_directory_is_free_again_after_the_last_clone_is_dropped() {
    let world = World::new();
    let clone = world.storage().clone();
    let (dir, options) = world.stop();
    drop(clone);
    open(dir.path(), &options).expect("opens");
}

#[test]
fn an_empty_database_of_the_first_format_still_opens() {
    let world = World::new();
    let dir = TempDir::new().expect("a directory");
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/catalog_v1.db");
    fs::copy(old, dir.path().join("catalog.db")).expect("copies");
    let storage = open(dir.path(), &world.options).expect("opens");
    assert_eq!(storage.models(None, 10).expect("reads"), []);
    storage.put_model(&name("m"), ModelDetails::default()).expect("writes");
}

#[test]
fn a_database_of_a_later_format_is_refused() {
    let world = World::new();
    let dir = TempDir::new().expect("a directory");
    let catalog = rusqlite::Connection::open(dir.path().join("catalog.db")).expect("opens");
    catalog.execute_batch("PRAGMA user_version = 99; CREATE TABLE later (x)").expect("writes");
    drop(catalog);
    let error = open(dir.path(), &world.options).err().expect("refused");
    assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("newer release"));
}

#[test]
fn something_else_than_a_database_is_refused_as_damaged() {
    let world = World::new();
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("catalog.db"), vec![7; 20_000]).expect("writes");
    assert!(matches!(open(dir.path(), &world.options), Err(Error::Corrupt { .. })));
}

#[test]
fn writes_after_closing_are_refused() {
    let world = World::new();
    world.storage().close();
    assert!(matches!(world.try_append(&[prediction(1, 1, &[])], None, ""), Err(Error::Closed)));
}

#[test]
fn models_are_created_described_and_listed() {
    let mut world = World::new();
    let details = |text: &str| ModelDetails {
        description: Some(text.into()),
        tags: vec!["eu".into(), "x,y".into()],
        lineage: None,
        retention: Retention { raw_days: Some(30), summary_days: None },
    };
    assert!(world.storage().put_model(&name("b"), details("first")).expect("writes").1);
    let (model, created) = world.storage().put_model(&name("b"), details("second")).expect("writes");
    assert!(!created);
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    assert_eq!(
        world.storage().put_model(&name("m"), details("rows first")).expect("writes").0.schema,
        world.model().schema
    );
    world.restart();
    assert_eq!(world.storage().model(&name("b")).expect("reads"), Some(model.clone()));
    assert_eq!(model.details, details("second"));
    assert_eq!(world.storage().model(&name("none")).expect("reads"), None);
    let names = |after: Option<&str>, limit| {
        let models = world.storage().models(after.map(name).as_ref(), limit).expect("reads");
        models.into_iter().map(|model| model.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 10), ["b", "m"]);
    assert_eq!(names(None, 1), ["b"]);
    assert_eq!(names(Some("b"), 10), ["m"]);
}

#[test]
fn a_summary_counts_what_is_sealed_and_what_is_not() {
    let world = World::new();
    world.storage().put_model(&name("m"), ModelDetails::default()).expect("writes");
    let summary = || world.storage().model_summary(&world.model()).expect("a summary");
    assert_eq!(summary(), Default::default());
    world.append(&[prediction(1, 50, &[]), prediction(2, 20, &[])]);
    world.seal();
    world.append(&[prediction(3, 70, &[])]);
    let summary = summary();
    assert_eq!((summary.predictions, summary.unsealed_rows, summary.segments), (3, 1, 1));
    assert_eq!(summary.first_time.map(|time| time.micros()), Some(20));
    assert_eq!(summary.last_time.map(|time| time.micros()), Some(70));
    assert!(summary.bytes > 0);
}
