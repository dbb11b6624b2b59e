//! A disk that takes no writes for a while: writes are refused and say why, reads go on, and it all recovers by itself.

use std::sync::{Arc, Mutex};

use driftline_core::Digest;
use driftline_storage::{Appended, Error, Fault, Faults, Options, Retry, Step};

use crate::world::{Int, Row, World, prediction};

/// Fails every step of its list until it is told to stop.
#[derive(Default)]
struct Outage(Mutex<Option<(Fault, &'static [Step])>>);

impl Outage {
    fn begin(&self, fault: Fault, steps: &'static [Step]) {
        *self.0.lock().expect("no panic") = Some((fault, steps));
    }

    fn end(&self) {
        *self.0.lock().expect("no panic") = None;
    }
}

impl Faults for Outage {
    fn at(&self, step: Step) -> Option<Fault> {
        let (fault, steps) = (*self.0.lock().expect("no panic"))?;
        steps.contains(&step).then_some(fault)
    }
}

fn world() -> (World, Arc<Outage>) {
    let outage = Arc::new(Outage::default());
    let faults = outage.clone();
    (World::with(|options: &mut Options| options.faults = faults), outage)
}

fn row(id: u128) -> Vec<Row> {
    vec![prediction(id, id as i64, &[("a", Int(1))])]
}

fn key(name: &str) -> Option<Retry> {
    Some(Retry { key: name.into(), fingerprint: Digest::of(name.as_bytes()) })
}

#[test]
fn writes_are_refused_reads_go_on_and_everything_recovers() {
    type Is = fn(&Error) -> bool;
    let kinds: [(Fault, Is); 3] = [
        (Fault::Full, |error| matches!(error, Error::Full)),
        (Fault::ReadOnly, |error| matches!(error, Error::ReadOnly)),
        (Fault::Error, |error| matches!(error, Error::Disk { .. })),
    ];
    for (fault, is_expected) in kinds {
        for step in [&[Step::TransactionBegin], &[Step::TransactionLog], &[Step::TransactionCommit]] {
            let (world, outage) = world();
            world.append(&row(1));
            outage.begin(fault, step);
            for _ in 0..2 {
                let refused = world.try_append(&row(2), key("k"), "").expect_err("refused");
                assert!(is_expected(&refused), "{fault:?} at {step:?}: {refused}");
                let unwell = world.storage().health().expect_err("unwell");
                assert!(is_expected(&unwell), "{fault:?} at {step:?}: {unwell}");
                assert_eq!(world.read(None).len(), 1);
            }
            outage.end();
            world.storage().health().expect("well again, by itself");
            assert_eq!(world.try_append(&row(2), key("k"), "").expect("appends"), Appended::Fresh);
            assert_eq!(world.read(None).len(), 2);
        }
    }
}

#[test]
fn sealing_waits_for_the_disk_and_loses_nothing() {
    let (world, outage) = world();
    world.append(&row(1));
    outage.begin(Fault::Full, &[Step::FileWrite]);
    for _ in 0..3 {
        assert!(matches!(world.storage().seal_all(), Err(Error::Full)));
        world.append(&row(2 + world.read(None).len() as u128));
    }
    outage.end();
    world.seal();
    assert_eq!((world.read(None).len(), world.snapshot(None).unsealed.len()), (4, 0));
}
