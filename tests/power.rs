//! An acknowledged write survives a power failure and is counted once.
//!
//! The server's data lie on a disk that loses what was not synced; see `tests/disk`.
//! `DRIFTLINE_POWER_FAILURES=5000 cargo test --release --test system power` runs for longer than CI does; a run that
//! fails prints the seed of its choices, which `DRIFTLINE_SEED` takes.

mod machine;

use crate::{
    harness::{Honesty, random, times_or},
    ledger::Ledger,
};
use machine::Machine;

const FAILURES: u32 = 60;
const WRITERS: u64 = 4;
/// After every so many failures the data directory is checked.
const VERIFIED_EVERY: u32 = 10;
/// What was not synced is lost wholly, from a random moment on, or here and there; writes are torn at sectors.
const LOSSES: [&str; 5] = ["everything", "tail 512", "tail 4096", "scattered 512", "scattered 4096"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_power_failures() {
    let mut random = random();
    let Some(mut machine) = Machine::start(Honesty::Honest).await else { return };
    let mut ledger = Ledger::open(machine.server(), WRITERS, &mut random).await;
    let failures = times_or("DRIFTLINE_POWER_FAILURES", FAILURES);
    for failure in 1..=failures {
        let loss = random.choice(LOSSES).expect("a loss");
        machine.fail_while_writing(&mut ledger, random.u64(1..300)).await;
        machine.start_again(loss, &mut random).await;
        ledger.retry(machine.server()).await;
        let checked = ledger.check(machine.server()).await;
        checked.unwrap_or_else(|difference| panic!("after failure {failure}, {loss}: {difference:?}"));
        if failure % VERIFIED_EVERY == 0 || failure == failures {
            machine.verify();
        }
    }
    println!("{failures} power failures: {}", ledger.summary());
}

/// What shows that the test above can fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_lies_about_syncing_is_found_out() {
    let mut random = random();
    let Some(mut machine) = Machine::start(Honesty::Lying).await else { return };
    let mut ledger = Ledger::open(machine.server(), WRITERS, &mut random).await;
    machine.settle();
    machine.fail_while_writing(&mut ledger, 500).await;
    machine.start_again("everything", &mut random).await;
    let checked = ledger.check(machine.server()).await;
    let difference = checked.expect_err("what a lying disk lost was not missed").0;
    assert!(difference.ends_with("is lost"), "{difference}");
}
