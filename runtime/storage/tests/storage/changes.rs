//! What has changed of some time: whatever came, when, and wherever it has gone since.

use driftline_core::Window;
use driftline_storage::{Committed, Kind, NewMonitor, NewUpload, Started, Trigger};

use crate::{
    summed,
    world::{Int, Row, World, batch, delayed, name, prediction, window},
};

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;
/// Three windows of four hours each.
const WINDOWS: [(i64, i64); 3] = [(0, 4), (4, 8), (8, 12)];

fn windows() -> Vec<Window> {
    WINDOWS.iter().map(|(start, end)| window(start * HOUR, end * HOUR)).collect()
}

/// Model `m` with predictions 1 to 3 in the middle of the windows, one of them labelled; watched.
fn world() -> World {
    // Small segments: else one would hold all three windows.
    let world = World::with(|options| options.segment_rows = 2);
    watch(&world);
    world.append(&(1..4).map(|id| at(id, id as i64 * 4 - 2)).collect::<Vec<_>>());
    world.append(&[label(1, "late"), label(50, "late")]);
    world
}

fn watch(world: &World) {
    let new = NewMonitor {
        name: name("one"),
        model: "*".into(),
        trigger: Trigger::Time,
        definition: "{}".into(),
        paused: false,
    };
    world.storage().put_monitor(new).expect("writes");
}

fn at(id: u128, hour: i64) -> Row {
    prediction(id, hour * HOUR, &[("score", Int(1))])
}

fn label(id: u128, column: &str) -> Row {
    delayed(id, &[(column, Int(1))])
}

fn upload(world: &World, kind: Kind, rows: &[Row]) {
    let new = NewUpload { model: name("m"), kind, create_model: false, retry: None, unique: None };
    let Started::Fresh(mut upload) = world.storage().start_upload(new).expect("starts") else { panic!("no key") };
    rows.iter().for_each(|row| upload.write(&batch(std::slice::from_ref(row)), true).expect("writes"));
    assert!(matches!(upload.commit(String::new()).expect("commits"), Committed::Fresh { .. }));
}

/// Which windows have changed after a place for who reads these columns.
fn changed(world: &World, after: i64, columns: Option<&[&str]>) -> [bool; 3] {
    let columns = columns.map(|columns| columns.iter().map(ToString::to_string).collect::<Vec<_>>());
    let changes = world.storage().changes(&world.model(), after, &windows()).expect("reads");
    let touched: Vec<bool> =
        windows().into_iter().map(|window| changes.touch(window, after, columns.as_deref())).collect();
    touched.try_into().expect("three")
}

type Deed = fn(&World);

/// What may happen before and after what changes rows, and changes none.
const UPKEEP: [(&str, Deed); 3] =
    [("nothing", |_| {}), ("sealing", World::seal), ("folding and merging", World::maintain)];

#[test]
fn what_comes_changes_the_windows_and_columns_that_it_is_about_wherever_it_is_kept() {
    let (late, other): (&[&str], &[&str]) = (&["score", "late"], &["score", "nps"]);
    const NONE: [bool; 3] = [false; 3];
    const SECOND: [bool; 3] = [false, true, false];
    // What is done, and what has changed for who reads `late`, and for who reads another delayed metric.
    let cases: [(&str, Deed, [bool; 3], [bool; 3]); 13] = [
        ("nothing", |_| {}, NONE, NONE),
        ("a label", |world| world.append(&[label(2, "late")]), SECOND, NONE),
        ("a label once more", |world| world.append(&[label(1, "late")]), [true, false, false], NONE),
        ("a label of nothing", |world| world.append(&[label(99, "late")]), NONE, NONE),
        ("labels of two", |world| world.append(&[label(1, "late"), label(3, "late")]), [true, false, true], NONE),
        ("another column", |world| world.append(&[label(2, "nps")]), NONE, SECOND),
        ("a prediction", |world| world.append(&[at(9, 5)]), SECOND, SECOND),
        ("a prediction with a label that waits", |world| world.append(&[at(50, 5)]), SECOND, SECOND),
        ("predictions elsewhere", |world| world.append(&[at(9, -1), at(10, 12)]), NONE, NONE),
        ("around a window", |world| world.append(&[at(9, 1), at(10, 11)]), [true, false, true], [true, false, true]),
        ("a deletion", |world| delete(world, 2), SECOND, SECOND),
        ("a deletion of nothing", |world| delete(world, 99), NONE, NONE),
        ("a deletion of what has a label", |world| delete(world, 1), [true, false, false], [true, false, false]),
    ];
    for (what, deed, of_late, of_other) in cases {
        for (first, before) in UPKEEP {
            for (then, after) in UPKEEP {
                let world = world();
                before(&world);
                let place = world.storage().arrived().expect("reads");
                deed(&world);
                let now = world.storage().arrived().expect("reads");
                after(&world);
                let found = (changed(&world, place, Some(late)), changed(&world, place, Some(other)));
                assert_eq!(found, (of_late, of_other), "{first}, {what}, {then}");
                let either = |at: usize| of_late[at] || of_other[at];
                assert_eq!(changed(&world, place, None), [either(0), either(1), either(2)], "{first}, {what}, {then}");
                while world.storage().erase().expect("erases") != driftline_storage::Erasing::Nothing {}
                world.maintain();
                assert_eq!(changed(&world, now, None), NONE, "read since: {first}, {what}, {then}");
                assert_eq!(changed(&world, place, Some(late)), of_late, "erased: {first}, {what}, {then}");
            }
        }
    }
}

fn delete(world: &World, id: u128) {
    world.storage().delete_prediction(&name("m"), id.to_be_bytes()).expect("deletes");
}

#[test]
fn uploads_change_what_they_are_about() {
    let cases: [(Kind, Vec<Row>, [bool; 3]); 3] = [
        (Kind::Predictions, (20..23).map(|id| at(id, 5)).collect(), [false, true, false]),
        (Kind::Predictions, (20..26).map(|id| at(id, (id as i64 - 20) * 2)).collect(), [true; 3]),
        (Kind::Delayed, (1..3).map(|id| label(id, "late")).collect(), [true, true, false]),
    ];
    for (kind, rows, expected) in cases {
        for (then, after) in UPKEEP {
            let world = world();
            let place = world.storage().arrived().expect("reads");
            upload(&world, kind, &rows);
            let now = world.storage().arrived().expect("reads");
            after(&world);
            assert_eq!(changed(&world, place, Some(&["late"])), expected, "{kind:?}, {then}");
            assert_eq!(changed(&world, now, None), [false; 3], "{kind:?}, {then}");
        }
    }
}

#[test]
fn labels_that_came_before_a_window_was_read_change_it_no_more_in_whatever_file_they_are() {
    // Whether labels are sealed, uploaded after the window was read, and merged, before they are folded.
    for (then, after) in UPKEEP {
        for sealed_between in [false, true] {
            for uploaded in [false, true] {
                let world = world();
                world.seal();
                world.append(&[label(1, "late"), label(70, "late")]);
                if sealed_between {
                    world.seal();
                }
                let place = world.storage().arrived().expect("reads");
                match uploaded {
                    true => upload(&world, Kind::Delayed, &[label(3, "late"), label(71, "late")]),
                    false => world.append(&[label(3, "late"), label(70, "late")]),
                }
                after(&world);
                let found = changed(&world, place, None);
                assert_eq!(found, [false, false, true], "{then}, sealed {sealed_between}, uploaded {uploaded}");
                world.maintain();
                let found = changed(&world, place, None);
                assert_eq!(found, [false, false, true], "{then}, sealed {sealed_between}, uploaded {uploaded}, folded");
            }
        }
    }
}

#[test]
fn many_years_at_once_are_noted_in_longer_stretches() {
    let world = world();
    let place = world.storage().arrived().expect("reads");
    let far: Vec<Row> = (100..3_100).map(|id| at(id, (id as i64) * 97)).collect();
    world.append(&far);
    let later = world.storage().changes(&world.model(), place, &[window(0, 400_000 * HOUR)]).expect("reads");
    for row in far.iter().step_by(100) {
        let time = row.time.expect("a time");
        assert!(later.touch(window(time, time + 1), place, None), "{time}");
    }
    assert!(!later.touch(window(350_000 * HOUR, 360_000 * HOUR), place, None));
}

#[test]
fn of_a_model_that_nobody_watches_nothing_is_noted() {
    let world = World::new();
    world.append(&[at(1, 1)]);
    assert_eq!(changed(&world, 0, None), [false; 3]);
    watch(&world);
    world.append(&[at(2, 1)]);
    assert_eq!(changed(&world, 0, None), [true, false, false]);
}

#[test]
fn labels_that_wait_while_their_rows_are_rolled_up_are_not_forgotten() {
    let cases: [(&str, Deed, Deed, [bool; 3]); 3] = [
        ("no label", |_| {}, |_| {}, [false; 3]),
        // The first two rows are in one file, and of a file it is not known any more which.
        ("in the log", |world| world.append(&[label(2, "late")]), |_| {}, [true, true, false]),
        ("sealed", |world| world.append(&[label(2, "late")]), World::seal, [true, true, false]),
    ];
    for (what, deed, then, expected) in cases {
        let world = world();
        world.maintain();
        let place = world.storage().arrived().expect("reads");
        deed(&world);
        then(&world);
        let now = world.storage().arrived().expect("reads");
        summed::keep_for(world.storage(), &name("m"), 30, None).expect("writes");
        summed::retain(world.storage(), &name("m")).expect("retains");
        assert!(world.read(None).is_empty(), "{what}: all is rolled up");
        assert_eq!(changed(&world, place, Some(&["late"])), expected, "{what}");
        assert_eq!(changed(&world, now, None), [false; 3], "read since: {what}");
        world.maintain();
        assert_eq!(changed(&world, place, Some(&["late"])), expected, "{what}, maintained");
    }
}
