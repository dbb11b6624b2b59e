//! Monitors survive `kill -9`: each instant is one run, each alert is told, and what is told twice has the same key.
//!
//! The server is a process of its own whose clock the test turns; the receiver of its notices stays up.
//! `DRIFTLINE_MONITOR_KILLS=1000 cargo test --release --test system monitors::kills` runs for longer than CI does; a
//! run that fails prints the seed of its choices, which `DRIFTLINE_SEED` takes.

mod books;
mod check;
mod plan;
mod process;
mod world;

use crate::{
    harness::{random, times_or, verify},
    sinks::http::HttpSink,
};
use world::World;

const KILLS: u32 = 100;
/// After every so many kills the data directory is checked as the kill left it.
const VERIFIED_EVERY: u32 = 25;
/// Each so manyth life ends when nothing is left to do: a run that is cut off ten times is given up, since it may be what
/// kills the server.
const SETTLED_EVERY: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_doubled_or_kept_to_itself_by_kills() {
    let mut random = random();
    let sink = HttpSink::start().await;
    let mut world = World::open(&sink).await;
    let kills = times_or("DRIFTLINE_MONITOR_KILLS", KILLS);
    for kill in 1..=kills {
        world.work_until_killed(&sink, &mut random, kill % SETTLED_EVERY == 0).await;
        if kill % VERIFIED_EVERY == 0 {
            verify(world.data());
        }
        world.start_again(&mut random).await;
    }
    world.finish().await;
    let summary = check::check(&world, &sink).await;
    verify(world.data());
    println!("{kills} kills: {summary}");
}
