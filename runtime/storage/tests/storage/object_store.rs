//! Files in an S3-compatible store, over a connection on which everything goes wrong.

#[path = "../../../../tests/s3/process.rs"]
mod process;

use std::{fs, path::Path, sync::Arc};

use arrow::array::{Float64Array, RecordBatch};
use driftline_storage::{Credentials, Error, Place, S3};

use crate::world::{Int, Row, World, delayed, name, open, prediction, read};
use process::S3Server;

fn server() -> S3Server {
    S3Server::start(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn place(server: &S3Server, prefix: &str) -> Place {
    let s3: S3 = format!("s3://files/{prefix}").parse().expect("an address");
    let credentials = Credentials { key_id: S3Server::KEY_ID.into(), secret: S3Server::SECRET.into() };
    Place::S3(S3 {
        endpoint: Some(server.address().to_owned()),
        allow_http: true,
        credentials: Some(credentials),
        ..s3
    })
}

fn world(place: Place) -> World {
    World::with(|options| {
        options.place = place;
        options.segment_rows = 40;
    })
}

fn rows(ids: std::ops::Range<u128>) -> Vec<Row> {
    ids.map(|id| prediction(id, id as i64, &[("a", Int(id as i64))])).collect()
}

/// Appends, labels, seals, folds, restarts; gives the rows that must be there.
fn live(world: &mut World, round: u128) -> Vec<Row> {
    world.append(&rows(round * 100..round * 100 + 90));
    world.seal();
    world.append(&[delayed(round * 100, &[("late", Int(1))])]);
    world.append(&rows(round * 100 + 90..round * 100 + 100));
    world.seal();
    world.storage().maintain().expect("folds and merges");
    world.restart();
    let ids = (0..=round).flat_map(|round| rows(round * 100..round * 100 + 100));
    let labelled = ids.map(|mut row| {
        if row.id % 100 == 0 {
            row.cells.insert("late".into(), Int(1));
        }
        row
    });
    labelled.collect()
}

#[test]
fn nothing_is_lost_or_doubled_whatever_the_connection_does() {
    let mut server = server();
    let mut world = world(place(&server, "some/where"));
    let plans = ["", "lost=3", "error=2", "reset=3", "slow=6", "half=2", "lost=5 error=7 reset=11 half=4 slow=13"];
    for (round, plan) in (0..).zip(plans) {
        let before = server.plan(plan);
        let expected = live(&mut world, round);
        assert_eq!(world.read(None), expected, "{plan}");
        let after = server.plan("");
        assert!(after.requests > before.requests, "{plan}: the store was used");
        assert_eq!(after.faults > before.faults, !plan.is_empty(), "{plan}: faults happened");
        world.restart();
        let segments = world.snapshot(None).segments.len();
        assert_eq!(server.keys("some/where/segments").len(), segments, "{plan}: only what is listed is there");
        assert!(!world.dir.path().join("segments").exists(), "{plan}: nothing is in the data directory");
    }
}

#[test]
fn large_files_go_up_in_parts_and_come_down_once() {
    let mut server = server();
    let mut world = world(place(&server, "large"));
    world.append(&rows(0..1));
    // 24 MiB that do not compress.
    let mut state = 1_u64;
    let numbers = Float64Array::from_iter_values((0..3 << 20).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64
    }));
    let table = RecordBatch::try_from_iter([("x", Arc::new(numbers) as _)]).expect("a table");
    for plan in ["", "lost=4", "reset=3 error=5"] {
        server.plan(plan);
        let dataset = world.storage().put_dataset(&name("m"), &name("d"), vec![table.clone()]).expect("keeps");
        assert!(dataset.bytes > 20 << 20, "{} bytes are no large file", dataset.bytes);
        server.plan("");
        world.restart();
        world.storage().verify_dataset(&dataset).expect("the copy that was made on writing is right");
        fs::remove_dir_all(world.dir.path().join("near")).expect("removes the copies");
        world.restart();
        let before = server.plan("half=4");
        world.storage().verify_dataset(&dataset).expect("the file is whole");
        world.storage().verify_dataset(&dataset).expect("and stays so");
        let fetched = server.plan("").sent_bytes - before.sent_bytes;
        assert!(fetched >= dataset.bytes, "{plan}: {fetched} bytes were fetched");
        world.restart();
        let before = server.plan("");
        world.storage().verify_dataset(&dataset).expect("the copy is right");
        assert_eq!(server.plan("").sent_bytes, before.sent_bytes, "{plan}: a copy serves the next process too");
    }
}

#[test]
fn a_copy_that_changed_is_fetched_again_and_a_file_that_changed_is_an_error() {
    let server = server();
    let mut world = world(place(&server, "near"));
    world.append(&rows(0..30));
    world.seal();
    world.restart();
    let path = world.snapshot(None).segments[0].path.to_string();
    let near = world.dir.path().join("near").join(&path);
    fs::write(&near, b"other bytes").expect("writes");
    assert_eq!(world.read(None), rows(0..30));
    fs::remove_file(&near).expect("removes");
    fs::write(server.object(&format!("near/{path}")), b"other bytes").expect("writes");
    world.restart();
    let error = read(world.storage(), &world.snapshot(None), None).expect_err("damaged");
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn a_data_directory_and_its_store_belong_together() {
    let server = server();
    let mut world = world(place(&server, "one"));
    world.append(&rows(0..10));
    world.seal();
    let stray = server.object("one/segments/1/stray.parquet");
    fs::write(stray, b"stray").expect("writes");
    world.restart();
    assert_eq!(server.keys("one/segments").len(), 1, "what is not listed is swept");
    let (dir, mut options) = world.stop();
    for (given, complaint) in [
        (Place::DataDirectory, "are in s3://files/one, not in the data directory"),
        (place(&server, "two"), "are in s3://files/one, not in s3://files/two"),
    ] {
        options.place = given;
        let error = open(dir.path(), &options).err().expect("another place is refused");
        assert!(matches!(&error, Error::WrongStore { reason } if reason.contains(complaint)), "{error}");
    }
    options.place = place(&server, "one");
    assert!(open(dir.path(), &options).is_ok());
    let other = tempfile::TempDir::new().expect("a directory");
    let error = open(other.path(), &options).err().expect("another directory's store is refused");
    assert!(error.to_string().contains("holds the files of another data directory"), "{error}");
    fs::remove_file(server.object("one/driftline-owner")).expect("removes");
    let error = open(dir.path(), &options).err().expect("a store without the files is refused");
    assert!(error.to_string().contains("does not hold the files of this data directory"), "{error}");
}
