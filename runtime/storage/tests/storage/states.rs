//! Kept states: bounded, gone with the rows that they rest on, made anew when their file is another's.

use std::fs;

use driftline_core::Digest;
use driftline_storage::{Erasing, Keep, Model};

use crate::{
    deletions::{ID, traces},
    world::{Int, World, name, prediction},
};

fn model(world: &World) -> Model {
    world.storage().model(&name("m")).expect("reads").expect("the model")
}

/// Bytes that do not compress.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn key(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let mut world = World::with(|options| options.state_cache_bytes = 300_000);
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    let model = model(&world).id;
    for number in 0..100 {
        world.storage().states().put(model, key(number), noise(number, 10_000), Keep::Long);
        if number == 20 {
            world.storage().states().settle();
        }
    }
    world.storage().states().settle();
    let readings = world.storage().states().readings();
    assert!(readings.bytes <= 300_000 && readings.evicted >= 70, "{readings:?}");
    world.restart();
    let found = |number: u32| world.storage().states().get(&key(number));
    let kept: Vec<u32> = (0..100).filter(|number| found(*number).is_some()).collect();
    assert!((15..30).contains(&kept.len()), "{kept:?}");
    assert!((0..100).all(|number| world.storage().states().has(&key(number)) == kept.contains(&number)));
    assert!(kept.iter().all(|number| found(*number).as_deref() == Some(&noise(*number, 10_000)[..])));
    assert_eq!(world.storage().states().readings().damaged, 0);
}

#[test]
fn no_byte_of_a_deleted_prediction_is_left_in_kept_states() {
    let world = World::new();
    world.append(&[prediction(ID, 1, &[("a", Int(1))]), prediction(2, 2, &[("a", Int(1))])]);
    world.seal();
    let states = world.storage().states().clone();
    // One that is there, one that made room, one that was written twice, one in a rush behind the deletion.
    let holding = |number: u32| [&noise(number, 90)[..], &ID.to_be_bytes(), &noise(number, 90)].concat();
    for number in 0..50 {
        states.put(model(&world).id, key(number), holding(number), Keep::Long);
    }
    states.settle();
    let folder = world.dir.path().join("cache");
    assert!(!traces(&folder).is_empty());
    world.storage().delete_prediction(&name("m"), ID.to_be_bytes()).expect("deletes");
    while world.storage().erase().expect("erases") == Erasing::Worked {}
    assert_eq!(traces(&folder), Vec::<String>::new());
    assert!((0..50).all(|number| states.get(&key(number)).is_none()));
}

#[test]
fn a_file_of_another_format_is_made_anew_and_none_is_left_where_nothing_is_kept() {
    let mut world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(1))])]);
    let file = world.dir.path().join("cache").join("states.db");
    for text in ["", "not a database at all, but long enough to look like one", "SQLite format 3\0"] {
        world.restart_after(|| fs::write(&file, text).expect("writes"));
        let states = world.storage().states().clone();
        states.put(model(&world).id, key(1), vec![7; 10], Keep::Long);
        states.settle();
        assert_eq!(states.get(&key(1)).as_deref(), Some(&[7; 10][..]), "{text:?}");
    }
    world.options.state_cache_bytes = 0;
    world.restart();
    assert!(!file.exists() && !world.storage().states().is_on());
    world.storage().states().put(model(&world).id, key(1), vec![7; 10], Keep::Long);
    assert_eq!(world.storage().states().get(&key(1)), None);
}
