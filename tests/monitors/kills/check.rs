//! Whether the catalog and the receiver have all that they must, once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{
    books::{Change, Subject, arrivals, changes, expected, minute, shown, subject, text},
    plan::{CHANNELS, CHURN, ROWS, WATCHES, Watch},
    world::World,
};
use crate::sinks::http::HttpSink;

/// Compares everything; gives how much there was.
pub async fn check(world: &World, sink: &HttpSink) -> String {
    let (mut runs, mut must_happen) = (0, BTreeMap::new());
    for watch in &WATCHES {
        let ran = ran(world, watch).await;
        results(world, watch, &ran).await;
        runs += ran.len();
        for (subject, changes) in expected(watch, &ran.keys().copied().collect::<Vec<_>>()) {
            must_happen.insert(subject, (watch.channels, changes));
        }
    }
    happened(world, &must_happen).await;
    let told = told(world, sink, &must_happen).await;
    format!("{runs} runs, {told}")
}

/// The runs of a watch by the minute at which they were due: each instant has one, or is among those passed over.
async fn ran(world: &World, watch: &Watch) -> BTreeMap<i64, Value> {
    let Watch { monitor, model, .. } = watch;
    let runs = world.list(&format!("/v1/monitors/{monitor}/runs?model={model}&reason=schedule")).await;
    let (mut ran, mut instants) = (BTreeMap::new(), Vec::new());
    for run in runs {
        let due = minute(&run["due"]);
        if run["status"] == "skipped" {
            assert!(!watch.catches_all_up, "{run}");
            let [first, last] = ["first", "last"].map(|end| minute(&run["outcome"][end]));
            instants.extend((first..=last).filter(|minute| minute % watch.every == 0));
            continue;
        }
        assert_eq!(run["status"], "succeeded", "{run}");
        instants.push(due);
        ran.insert(due, run);
    }
    instants.sort_unstable();
    assert_eq!(instants, watch.instants(world.clock()), "the instants of {monitor} over {model}");
    ran
}

/// Each run has one result for each slice, and one evaluation. Truth that came later made new versions.
async fn results(world: &World, watch: &Watch, ran: &BTreeMap<i64, Value>) {
    let Watch { monitor, model, .. } = watch;
    let mut versions: BTreeMap<(i64, String), Vec<Value>> = BTreeMap::new();
    for result in world.list(&format!("/v1/monitors/{monitor}/results?model={model}&history=true")).await {
        let region = text(&result["slice"]["region"]);
        versions.entry((minute(&result["window"]["end"]), region)).or_default().push(result);
    }
    let all: BTreeSet<_> =
        ran.keys().flat_map(|due| watch.regions.iter().map(|region| (*due, (*region).to_owned()))).collect();
    assert_eq!(versions.keys().cloned().collect::<BTreeSet<_>>(), all, "the windows of {monitor} over {model}");
    for ((due, region), versions) in &versions {
        let of = format!("{monitor} over {model}, {region}, minute {due}: {versions:?}");
        let level = if watch.is_breach(region, *due) { "critical" } else { "none" };
        assert!(versions.iter().all(|version| version["level"] == level), "{of}");
        assert_eq!(versions.iter().filter(|version| version["superseded"].is_null()).count(), 1, "{of}");
        if *monitor == "auc" {
            assert!(versions.windows(2).all(|pair| shown(&pair[0]) != shown(&pair[1])), "{of}");
            assert_eq!(versions[0]["rows"]["used"], watch.last as u64 * ROWS, "{of}");
        } else {
            assert_eq!(versions.len(), 1, "{of}");
            assert_eq!(versions[0]["evaluation"], ran[due]["id"], "{of}");
        }
    }
    if *model != CHURN {
        let evaluations = world.list(&format!("/v1/evaluations?model={model}")).await;
        let mut found: Vec<_> = evaluations.iter().map(|evaluation| evaluation["id"].to_string()).collect();
        let mut runs: Vec<_> = ran.values().map(|run| run["id"].to_string()).collect();
        found.sort_unstable();
        runs.sort_unstable();
        assert!(found == runs, "{} evaluations of {model} for {} runs", found.len(), runs.len());
    }
}

/// What must happen to each alert, and in how many channels it is told.
type Expected = BTreeMap<Subject, (usize, Vec<Change>)>;

/// The alerts in the catalog have become what they must, and nothing else.
async fn happened(world: &World, must: &Expected) {
    let mut found: BTreeMap<Subject, Vec<Change>> = BTreeMap::new();
    let resolved = world.list("/v1/alerts?status=resolved").await;
    for alert in world.list("/v1/alerts").await.into_iter().chain(resolved) {
        assert_eq!(alert["kind"], "threshold", "{alert}");
        let alert = world.get(&format!("/v1/alerts/{}", text(&alert["id"]))).await;
        let events = alert["events"].as_array().expect("events").iter().filter(|event| event["event"] != "updated");
        let events: Vec<Change> =
            events.map(|event| (text(&event["event"]), minute(&event["window"]["end"]))).collect();
        found.entry(subject(&alert)).or_default().extend(events);
    }
    for (subject, (_, changes)) in must {
        let mut found = found.remove(subject).unwrap_or_default();
        // One after the other: the list is in no order.
        found.sort_by_key(|(_, due)| *due);
        assert_eq!(&found, changes, "the alerts of {subject:?}");
    }
    assert!(found.is_empty(), "{found:?}");
}

/// Each change has arrived in each channel, under one key, those of an alert in order, and at most once in each life of
/// the server.
async fn told(world: &World, sink: &HttpSink, must: &Expected) -> String {
    let arrivals = arrivals(world, sink);
    let (mut bodies, mut sent, mut latest) = (HashMap::new(), BTreeSet::new(), HashMap::new());
    let mut told: BTreeMap<(&str, Subject), Vec<Change>> = BTreeMap::new();
    for arrival in &arrivals {
        assert!(sent.insert((&arrival.key, arrival.life)), "{} was sent twice in life {}", arrival.key, arrival.life);
        let this = (&arrival.channel, &arrival.body);
        if let Some(first) = bodies.insert(&arrival.key, this) {
            assert!(first == this, "another notice has the key {}", arrival.key);
            continue;
        }
        let notice: Value = serde_json::from_slice(&arrival.body).expect("JSON");
        for (alert, subject, change) in changes(&notice) {
            let last = latest.insert((&arrival.channel, alert), change.1);
            assert!(last < Some(change.1), "{} was told of {subject:?} in disorder: {change:?}", arrival.channel);
            told.entry((&arrival.channel, subject)).or_default().push(change);
        }
    }
    for (subject, (channels, changes)) in must {
        for channel in &CHANNELS[..*channels] {
            let mut told = told.remove(&(*channel, subject.clone())).unwrap_or_default();
            // Of one alert after the other nothing is said.
            told.sort_by_key(|(_, due)| *due);
            assert_eq!(&told, changes, "what {channel} was told of {subject:?}");
        }
    }
    assert!(told.is_empty(), "{told:?}");
    let deliveries = world.list("/v1/deliveries").await;
    for delivery in &deliveries {
        assert_eq!(delivery["status"], "sent", "{delivery}");
        let (channel, body) = bodies.remove(&text(&delivery["id"])).expect("it arrived");
        let arrived: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!((json!(channel), &arrived), (delivery["channel"].clone(), &delivery["notice"]));
    }
    assert!(bodies.is_empty(), "these are in no outbox: {:?}", bodies.keys());
    format!("{} notices, {} of them sent again", deliveries.len(), arrivals.len() - deliveries.len())
}
