//! What can go wrong in any export.

use std::hint::black_box;

use crate::bindings::{
    driftline::metric::{columns, log},
    exports::driftline::metric::metric::Failure,
};

const HUGE: usize = 48 << 20;

/// Does what `behaviour` says for `export`, if anything.
pub(crate) fn act(behaviour: &str, export: &str) -> Result<(), Failure> {
    if behaviour == "read-in-open" && export == "open"
        || behaviour == "read-in-state" && export == "state"
        || behaviour == "read-in-merge" && export == "merge"
        || behaviour == "read-in-evaluate" && export == "evaluate"
    {
        black_box(columns::numbers(0));
    }
    let Some((deed, place)) = behaviour.split_once("-in-") else { return Ok(()) };
    if place != export {
        return Ok(());
    }
    match deed {
        "loop" => loop {
            black_box(());
        },
        "panic" => panic!("told to panic in {export}"),
        "fail" => Err(Failure::Failed(format!("told to fail in {export}"))),
        "hoard" => hoard(),
        "recurse" => Err(Failure::Failed(format!("recursion came back with {}", recurse(&[1; 64])))),
        "flood" => Ok((0..1_000_000).for_each(|i| log::write(log::Level::Info, &format!("message {i} of a million")))),
        "huge-message" => Err(Failure::Failed("much ".repeat(HUGE / 5))),
        _ => Ok(()),
    }
}

fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}

#[allow(unconditional_recursion)]
fn recurse(above: &[u64; 64]) -> u64 {
    let mut here = *above;
    here[0] += 1;
    recurse(black_box(&here)) + here[1]
}

/// Reads a column as it must not be read.
pub(crate) fn misread(behaviour: &str) {
    match behaviour {
        "read-unbound" => drop(black_box(columns::codes(1))),
        "read-undeclared" => drop(black_box(columns::numbers(99))),
        "read-as-labels" => drop(black_box(columns::codes(0))),
        "read-as-times" => drop(black_box(columns::timestamps(0))),
        _ => (),
    }
}
