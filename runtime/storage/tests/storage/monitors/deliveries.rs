//! Whoever is told of an alert is told in order, however the notices are grouped.

use std::time::Duration;

use driftline_core::Span;
use driftline_storage::{AlertChange, DeliveryFilter, Docket, NewDelivery, RunEnd, Settled};
use uuid::Uuid;

use super::{
    claim,
    deed::{end, opened},
    due, lease, models, monitor, owner,
};
use crate::world::{World, name, time};

/// What a run tells: deliveries, each with its channel, and the alerts that it tells of.
type Told = &'static [(u128, &'static str, &'static [u128])];

/// The end of a run that tells; an alert is opened when it is told of first.
fn telling(told: Told) -> RunEnd {
    let judge = move |docket: &Docket| {
        let change = |(id, channel, alerts): &(u128, &str, &[u128])| AlertChange {
            alert: opened(alerts[0], &format!(r#"{{"n":{}}}"#, alerts[0]), docket.now),
            events: Vec::new(),
            deliveries: vec![NewDelivery {
                id: Uuid::from_u128(*id),
                channel: name(channel),
                alerts: alerts.iter().copied().map(Uuid::from_u128).collect(),
                notice: "{}".into(),
                not_before: docket.now,
            }],
        };
        told.iter().map(change).collect()
    };
    RunEnd { judge: Box::new(judge), ..end(Vec::new()) }
}

/// A world in which runs told, a second after each other, the latest with the smallest key: keys say nothing of the order.
fn world(told: &[Told]) -> World {
    let world = World::new();
    models(&world, &["a"]);
    world.storage().put_monitor(monitor("one", "a")).expect("writes");
    for channel in ["ops", "dev"] {
        world.storage().put_channel(&name(channel), "{}".into()).expect("writes");
    }
    for (second, told) in (0..).zip(told) {
        due(&world, "one", &[("a", second)]);
        world.clock.advance(Duration::from_secs(1));
        let run = claim(&world, 1, 1)[0].0;
        world.storage().finish_run(owner(1), run, telling(told)).expect("finishes");
    }
    world
}

fn take(world: &World) -> Vec<u128> {
    let claimed = world.storage().claim_deliveries(owner(1), lease(), 9, 9).expect("claims");
    claimed.into_iter().map(|claimed| claimed.delivery.id.as_u128()).collect()
}

fn settle(world: &World, id: u128, settled: Settled) {
    assert!(world.storage().settle_delivery(owner(1), Uuid::from_u128(id), settled, "x".into()).expect("settles"));
}

#[test]
fn a_later_notice_waits_for_an_earlier_one_of_any_of_its_alerts() {
    // What was told, run by run, and what goes out at once: the rest waits.
    let cases: [(&[Told], &[u128]); 7] = [
        (&[&[(9, "ops", &[1])], &[(8, "ops", &[1])]], &[9]),
        (&[&[(9, "ops", &[1])], &[(8, "dev", &[1])]], &[9, 8]),
        (&[&[(9, "ops", &[1])], &[(8, "ops", &[2])]], &[9, 8]),
        // Opened together, resolved alone: 2 is not the first alert of the notice that told of it.
        (&[&[(9, "ops", &[1, 2])], &[(8, "ops", &[2])]], &[9]),
        (&[&[(9, "ops", &[2])], &[(8, "ops", &[1, 2])]], &[9]),
        (&[&[(9, "ops", &[1, 2])], &[(8, "ops", &[2, 3])], &[(7, "ops", &[3])], &[(6, "ops", &[4])]], &[9, 6]),
        (&[&[(9, "ops", &[1, 2])], &[(8, "ops", &[3]), (7, "dev", &[2])]], &[9, 7, 8]),
    ];
    for (told, at_once) in cases {
        let world = world(told);
        assert_eq!(take(&world), at_once, "{told:?}");
        assert_eq!(take(&world), [], "{told:?}");
    }
}

#[test]
fn a_notice_that_is_tried_again_holds_up_those_of_its_alerts_until_it_is_sent_or_given_up() {
    let later = |world: &World| Settled::Again(time(world.clock_micros() + 3_600_000_000));
    for ends in [Settled::Sent, Settled::Dead] {
        let world = world(&[&[(9, "ops", &[1, 2])], &[(8, "ops", &[2]), (7, "ops", &[3])]]);
        assert_eq!(take(&world), [9, 7], "another alert's is not held up");
        settle(&world, 7, Settled::Sent);
        settle(&world, 9, later(&world));
        assert_eq!(take(&world), []);
        let next = world.storage().next_delivery().expect("reads").expect("one");
        assert_eq!(next, time(world.clock_micros() + 3_600_000_000), "who waits for another is not due");
        world.clock.advance(Duration::from_secs(3_600));
        assert_eq!(take(&world), [9]);
        assert_eq!(take(&world), [], "it is being sent");
        settle(&world, 9, ends);
        let next = world.storage().next_delivery().expect("reads");
        assert!(next.is_some_and(|next| next <= world.storage().now()));
        assert_eq!(take(&world), [8]);
    }
}

#[test]
fn a_clock_that_is_set_back_turns_no_order_around() {
    let world = world(&[&[(1, "ops", &[1, 2])]]);
    assert_eq!(take(&world), [1]);
    settle(&world, 1, Settled::Again(time(world.clock_micros() + 1_000_000)));
    let back = World::copied(&world);
    back.clock.set_back(Duration::from_secs(500));
    due(&back, "one", &[("a", -600)]);
    let run = claim(&back, 1, 1)[0].0;
    back.storage().finish_run(owner(1), run, telling(&[(0, "ops", &[2])])).expect("finishes");
    assert_eq!(take(&back), [], "it is due, and waits");
    back.clock.advance(Duration::from_secs(600));
    assert_eq!(take(&back), [1]);
    settle(&back, 1, Settled::Sent);
    assert_eq!(take(&back), [0]);
}

#[test]
fn the_deliveries_of_an_alert_are_all_that_tell_of_it() {
    let world = world(&[&[(9, "ops", &[1, 2])], &[(8, "ops", &[2])], &[(7, "ops", &[3])]]);
    let of = |alert: u128| {
        let filter = DeliveryFilter { alert: Some(Uuid::from_u128(alert)), ..DeliveryFilter::default() };
        let found = world.storage().deliveries(&filter, None, 9).expect("reads");
        found.into_iter().map(|delivery| delivery.id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!((of(1), of(2), of(3), of(4)), (vec![9], vec![8, 9], vec![7], vec![]));
    assert_eq!(take(&world), [9, 7]);
    settle(&world, 9, Settled::Sent);
    settle(&world, 7, Settled::Sent);
    world.clock.advance(Duration::from_secs(10));
    let now = world.storage().now();
    while world.storage().expire_history(now.after(Span::from_micros(1).expect("positive"))).expect("expires") {}
    assert_eq!((of(1), of(2), of(3)), (vec![], vec![8], vec![]));
}
