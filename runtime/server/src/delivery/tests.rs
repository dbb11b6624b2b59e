//! The outbox with a post that hangs, refuses and takes, as the tests say.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use driftline_core::{Name, Span, Time};
use driftline_storage::{
    AlertChange, AlertKind, AlertStatus, ChannelRecord, DeliveryFilter, DeliveryRecord, DeliveryStatus, Docket,
    NewAlert, NewDelivery, NewMonitor, NewRun, Options as StorageOptions, Reason, RunEnd, RunStatus, Settled, Trigger,
};
use futures::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Attempt, Deliveries, Post, settle, tick};
use crate::{Config, app::Shared, server};

/// Notes what is sent. Channels called `slow` wait for a permit, others do as their text says.
struct Noting {
    sent: Mutex<Vec<(String, Uuid)>>,
    permits: Semaphore,
}

impl Noting {
    fn new() -> Arc<Self> {
        Arc::new(Self { sent: Mutex::default(), permits: Semaphore::new(0) })
    }

    /// How often each delivery to a channel was sent.
    fn counts(&self, channel: &str) -> BTreeMap<Uuid, usize> {
        let mut counts = BTreeMap::new();
        for (to, id) in self.sent.lock().expect("no panic").iter().filter(|(to, _)| to == channel) {
            *counts.entry(*id).or_default() += usize::from(to == channel);
        }
        counts
    }
}

impl Post for Noting {
    fn send<'a>(
        &'a self,
        channel: &'a ChannelRecord,
        delivery: &'a DeliveryRecord,
        now: Time,
    ) -> BoxFuture<'a, Attempt> {
        Box::pin(async move {
            self.sent.lock().expect("no panic").push((channel.name.to_string(), delivery.id));
            if channel.name.as_str() == "slow" {
                self.permits.acquire().await.expect("never closed").forget();
            }
            let settled = match channel.config.as_str() {
                "panics" => panic!("as asked"),
                "refuses" if delivery.attempts < 2 => {
                    Settled::Again(now.after(Span::from_micros(1).expect("positive")))
                }
                "refuses" => Settled::Dead,
                _ => Settled::Sent,
            };
            Attempt { settled, said: "said".into() }
        })
    }
}

fn open(dir: &TempDir, post: &Arc<Noting>) -> Shared {
    let mut config = Config::new(dir.path().into(), ([127, 0, 0, 1], 0).into());
    config.compile_in_process = true;
    let app = server::open_with(&config, StorageOptions::default()).expect("opens");
    let mut app = Arc::into_inner(app).expect("nobody else has it");
    app.deliveries = Deliveries::new(post.clone());
    Arc::new(app)
}

fn put(app: &Shared, channel: &str, config: &str, count: u128) {
    let name = channel.parse().expect("a name");
    app.storage.put_channel(&name, config.into()).expect("writes");
    for _ in 0..count {
        app.storage.put_delivery(Uuid::now_v7(), &name, "{}".into()).expect("writes");
    }
}

fn count(app: &Shared, status: DeliveryStatus) -> usize {
    let filter = DeliveryFilter { status: Some(status), ..DeliveryFilter::default() };
    app.storage.deliveries(&filter, None, 100).expect("reads").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_hangs_holds_up_no_other_and_what_is_cut_off_is_sent_again() {
    let (dir, post) = (TempDir::new().expect("a directory"), Noting::new());
    let app = open(&dir, &post);
    put(&app, "slow", "{}", 9);
    put(&app, "quick", "{}", 9);
    let mut ended = app.deliveries.ended.subscribe();
    while count(&app, DeliveryStatus::Sent) < 9 {
        ended.mark_unchanged();
        if tick(&app).await.expect("ticks") == 0 {
            let _next = tokio::time::timeout(Duration::from_secs(30), ended.changed()).await.expect("quick ones end");
        }
    }
    assert_eq!(post.counts("quick").into_values().collect::<Vec<_>>(), [1; 9]);
    assert_eq!(post.counts("slow").len(), super::PLACES_EACH, "no more at once");
    app.deliveries.stop().await;
    assert_eq!(count(&app, DeliveryStatus::Pending), 9);
    app.storage.close();
    drop(app);

    let app = open(&dir, &post);
    app.storage.release_others(app.scheduler.owner()).expect("writes");
    post.permits.add_permits(100);
    assert_eq!(settle(&app).await.expect("sends"), 9);
    let counts = post.counts("slow");
    assert_eq!(counts.len(), 9, "the same keys");
    assert_eq!(counts.values().filter(|count| **count == 2).count(), super::PLACES_EACH, "{counts:?}");
    assert_eq!((count(&app, DeliveryStatus::Sent), settle(&app).await.expect("sends")), (18, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_tried_again_and_then_given_up() {
    let (dir, post) = (TempDir::new().expect("a directory"), Noting::new());
    let app = open(&dir, &post);
    put(&app, "bad", "refuses", 2);
    put(&app, "worse", "panics", 1);
    while count(&app, DeliveryStatus::Dead) < 3 {
        settle(&app).await.expect("sends");
    }
    assert_eq!(post.counts("bad").into_values().collect::<Vec<_>>(), [3, 3]);
    let dead = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..DeliveryFilter::default() };
    let dead = app.storage.deliveries(&dead, None, 9).expect("reads");
    assert!(dead.iter().all(|delivery| delivery.settled.is_some() && !delivery.said.is_empty()), "{dead:?}");
}

/// Lets a run of a monitor tell a channel of alerts; gives the delivery's key.
fn tell(app: &Shared, channel: &str, alerts: &[u128]) -> Uuid {
    let (storage, owner) = (&app.storage, app.scheduler.owner());
    let [model, monitor, channel]: [Name; 3] = ["m", "one", channel].map(|name| name.parse().expect("a name"));
    storage.put_model(&model, Default::default()).expect("writes");
    let watching = NewMonitor {
        name: monitor.clone(),
        model: "m".into(),
        trigger: Trigger::Time,
        definition: "{}".into(),
        paused: false,
    };
    storage.put_monitor(watching).expect("writes");
    let due = storage.now();
    let run = NewRun {
        id: Uuid::now_v7(),
        reason: Reason::Manual,
        due,
        not_before: due,
        batch: None,
        detail: "{}".into(),
        skipped: None,
    };
    storage.insert_runs(&monitor, vec![(model, run)]).expect("writes");
    let lease = Span::from_micros(60_000_000).expect("positive");
    let run = storage.claim_runs(owner, lease, 1).expect("claims").remove(0).run.id;
    let alerts: Vec<Uuid> = alerts.iter().copied().map(Uuid::from_u128).collect();
    let id = Uuid::now_v7();
    let judge = move |docket: &Docket| {
        let alert = NewAlert {
            id: alerts[0],
            kind: AlertKind::Threshold,
            slice: alerts[0].to_string(),
            inputs: "{}".into(),
            status: AlertStatus::Open,
            level: "critical".into(),
            opened: docket.now,
            resolved: None,
            look_at: None,
            state: "{}".into(),
        };
        let told = NewDelivery { id, channel, alerts, notice: "{}".into(), not_before: docket.now };
        vec![AlertChange { alert, events: Vec::new(), deliveries: vec![told] }]
    };
    let end = RunEnd {
        status: RunStatus::Succeeded,
        outcome: "{}".into(),
        evaluations: Vec::new(),
        results: Vec::new(),
        judge: Box::new(judge),
    };
    storage.finish_run(owner, run, end).expect("finishes");
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_later_to_an_alert_is_told_after_what_is_tried_again() {
    let (dir, post) = (TempDir::new().expect("a directory"), Noting::new());
    let app = open(&dir, &post);
    put(&app, "bad", "refuses", 0);
    put(&app, "good", "{}", 0);
    let opened = tell(&app, "bad", &[1, 2]);
    let resolved = tell(&app, "bad", &[2]);
    let [other, elsewhere] = [("bad", 3), ("good", 2)].map(|(channel, alert)| tell(&app, channel, &[alert]));
    assert_eq!(tick(&app).await.expect("ticks"), 3, "the resolve waits, other alerts and channels do not");
    while count(&app, DeliveryStatus::Dead) < 3 {
        settle(&app).await.expect("sends");
    }
    let sent: Vec<Uuid> = post.sent.lock().expect("no panic").iter().map(|(_, id)| *id).collect();
    let of_alert: Vec<Uuid> = sent.iter().copied().filter(|id| [opened, resolved].contains(id)).collect();
    assert_eq!(of_alert, [[opened; 3], [resolved; 3]].concat());
    let tries = |id: Uuid| sent.iter().filter(|sent| **sent == id).count();
    assert_eq!((tries(other), tries(elsewhere)), (3, 1));
}
