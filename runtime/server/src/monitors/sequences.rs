//! Windows as they come, and what becomes of alerts: by hand, and at random.

use std::collections::{BTreeMap, BTreeSet};

use driftline_core::{Time, Window};
use driftline_notify::{Event, Notice};
use driftline_storage::{AlertChange, AlertKind, AlertRecord, AlertStatus, Docket, SilenceRecord};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{
    absence::Absence,
    alerts::{Ruled, judge},
    findings::{findings, measured},
    history::History,
    judged::{Judged, JudgedResult, Key},
};
use crate::wire::{MonitorDefinition, RowCounts, Verdict};

/// What a window says of a slice: of each threshold whether it is breached; nothing when there are no rows of it.
type Say = Option<[Option<bool>; 2]>;

const FINE: Say = Some([Some(false), Some(false)]);
const WARN: Say = Some([Some(true), Some(false)]);
const BAD: Say = Some([Some(true), Some(true)]);
const UNKNOWN: Say = Some([None, None]);
const GONE: Say = None;

fn hour(number: i64) -> Time {
    Time::from_micros(number * 3_600_000_000).expect("a time")
}

/// A monitor with a threshold for each level, tests each hour.
struct Watch {
    definition: MonitorDefinition,
    history: History,
    alerts: Vec<AlertRecord>,
    /// What was told: when, of which alert and slice, in which notice.
    told: Vec<(i64, Event, Uuid, String)>,
    silenced: bool,
}

impl Watch {
    fn new(consecutive: u32, alerts: serde_json::Value) -> Self {
        let threshold = |level| json!({"constant": {"lower": 0.5}, "level": level, "consecutive": consecutive});
        let definition = json!({
            "model": "m", "plugin": "p", "window": {"last": "1h"}, "alerts": alerts,
            "thresholds": [threshold("warning"), threshold("critical")],
        });
        let definition = serde_json::from_value(definition).expect("a definition");
        Self { definition, history: History::default(), alerts: Vec::new(), told: Vec::new(), silenced: false }
    }

    /// What each slice says in the hour that ends at `at`, and what becomes of that.
    fn hour(&mut self, at: i64, says: &[Say]) {
        let window = Window::new(hour(at - 1), hour(at)).expect("a window");
        let mut results = Vec::new();
        for (slice, say) in says.iter().enumerate() {
            let Some(breached) = say else { continue };
            let key: Key = (json!({"slice": slice}).to_string(), "{}".into());
            let verdicts: Vec<Verdict> =
                breached.iter().zip(["warning", "critical"]).enumerate().map(verdict).collect();
            let level = if breached.iter().any(Option::is_some) { "none" } else { "not_judged" };
            let judged = Judged { rows: RowCounts::default(), values: Vec::new(), verdicts, note: None };
            let evaluation = Uuid::nil();
            results.push(JudgedResult { key, window, level: level.into(), judged, evaluation });
        }
        let measured = measured(&results);
        results.into_iter().for_each(|result| self.history.put(result));
        let found = findings(&self.definition, &self.history, &measured);
        let absence = Absence::new(&self.definition, &self.history);
        let ruled = Ruled {
            monitor: "w".into(),
            model: "m".into(),
            rules: self.definition.alerts.clone(),
            resolved: self.resolved(),
        };
        let docket = self.docket(at);
        for change in judge(ruled, found, Some(absence))(&docket) {
            self.keep(at, change);
        }
    }

    fn docket(&self, at: i64) -> Docket {
        let silence = SilenceRecord {
            id: Uuid::nil(),
            starts: hour(0),
            ends: hour(at + 1),
            rule: json!({"why": "so", "by": "me"}).to_string(),
            created: hour(0),
        };
        Docket {
            now: hour(at),
            alerts: self.alerts.iter().filter(|alert| alert.status != AlertStatus::Resolved).cloned().collect(),
            waiting: Vec::new(),
            silences: self.silenced.then_some(silence).into_iter().collect(),
            watched: true,
        }
    }

    /// When alerts that were told were resolved last.
    fn resolved(&self) -> std::collections::HashMap<(AlertKind, Key), Time> {
        let told = |alert: &&AlertRecord| self.told.iter().any(|(_, _, id, _)| *id == alert.id);
        let resolved = self.alerts.iter().filter(told);
        resolved.filter_map(|a| Some(((a.kind, (a.slice.clone(), a.inputs.clone())), a.resolved?))).collect()
    }

    fn keep(&mut self, at: i64, change: AlertChange) {
        let new = change.alert;
        let alert = AlertRecord {
            id: new.id,
            monitor: "w".parse().expect("a name"),
            model: "m".parse().expect("a name"),
            kind: new.kind,
            slice: new.slice,
            inputs: new.inputs,
            status: new.status,
            level: new.level,
            opened: new.opened,
            updated: hour(at),
            resolved: new.resolved,
            look_at: new.look_at,
            state: new.state,
        };
        for delivery in change.deliveries {
            let notice: Notice = serde_json::from_str(&delivery.notice).expect("a notice");
            for told in notice.alerts {
                let slice = serde_json::Value::Object(told.slice).to_string();
                self.told.push((at, notice.event, told.id, slice));
            }
        }
        match self.alerts.iter_mut().find(|held| held.id == alert.id) {
            Some(held) => *held = alert,
            None => self.alerts.push(alert),
        }
    }

    /// The status of the alert of a slice, if it has one.
    fn status(&self, slice: usize) -> Option<AlertStatus> {
        let slice = json!({"slice": slice}).to_string();
        let held = self.alerts.iter().find(|alert| alert.slice == slice && alert.status != AlertStatus::Resolved);
        held.map(|alert| alert.status)
    }

    fn events(&self) -> Vec<&'static str> {
        self.told.iter().map(|(_, event, ..)| event.name()).collect()
    }
}

fn verdict((threshold, (breached, level)): (usize, (&Option<bool>, &str))) -> Verdict {
    let value = breached.map(|breached| if breached { 0.4 } else { 0.6 });
    let (output, level) = ("auc".to_owned(), level.to_owned());
    Verdict { threshold, output, level, value, lower: Some(0.5), upper: None, breached: *breached, note: None }
}

#[test]
fn alerts_end_when_it_is_known_that_all_is_well() {
    let half_known: Say = Some([Some(false), None]);
    // consecutive; the hours of a slice, another one is always fine; what is told; whether it is open in the end
    for (consecutive, says, told, open) in [
        (1, vec![BAD, FINE], vec!["opened", "resolved"], false),
        // What is unknown, wholly or in part, ends nothing and does not begin anything.
        (1, vec![BAD, UNKNOWN, UNKNOWN], vec!["opened"], true),
        (1, vec![BAD, half_known], vec!["opened"], true),
        (1, vec![BAD, half_known, FINE], vec!["opened", "resolved"], false),
        (1, vec![WARN, half_known], vec!["opened", "resolved"], false),
        (1, vec![half_known, UNKNOWN], vec![], false),
        // What was known before begins nothing anew.
        (1, vec![BAD, GONE, UNKNOWN], vec!["opened", "resolved"], false),
        (1, vec![BAD, GONE, half_known], vec!["opened", "resolved"], false),
        // It does not break a row either.
        (2, vec![BAD, UNKNOWN, BAD], vec!["opened"], true),
        (2, vec![BAD, FINE, BAD], vec![], false),
        // No rows any more: over after as many windows as must breach in a row.
        (1, vec![BAD, GONE], vec!["opened", "resolved"], false),
        (3, vec![BAD, BAD, BAD, GONE, GONE], vec!["opened"], true),
        (3, vec![BAD, BAD, BAD, GONE, GONE, GONE], vec!["opened", "resolved"], false),
        (1, vec![GONE, GONE], vec![], false),
        // Up and down.
        (1, vec![WARN, BAD, WARN, FINE], vec!["opened", "escalated", "deescalated", "resolved"], false),
    ] {
        let mut watch = Watch::new(consecutive, json!({"channels": ["ops"]}));
        for (at, say) in says.iter().enumerate() {
            watch.hour(at as i64 + 1, &[*say, FINE]);
        }
        assert_eq!(watch.events(), told, "{consecutive} {says:?}");
        assert_eq!(watch.status(0) == Some(AlertStatus::Open), open, "{consecutive} {says:?}");
        assert_eq!(watch.status(1), None);
    }
}

#[test]
fn hours_without_any_rows_end_nothing() {
    let mut watch = Watch::new(1, json!({"channels": ["ops"]}));
    for (at, says) in [[BAD, FINE], [GONE, GONE], [GONE, GONE]].iter().enumerate() {
        watch.hour(at as i64 + 1, says);
    }
    assert_eq!((watch.events(), watch.status(0)), (vec!["opened"], Some(AlertStatus::Open)));
}

#[test]
fn who_was_told_that_it_began_is_told_that_it_is_over() {
    let mut watch = Watch::new(1, json!({"channels": ["ops"]}));
    watch.hour(1, &[BAD]);
    watch.silenced = true;
    watch.hour(2, &[FINE]);
    watch.hour(3, &[BAD]);
    watch.hour(4, &[FINE]);
    assert_eq!(watch.events(), ["opened", "resolved"], "nothing of the one that began in silence");
}

fn says() -> impl Strategy<Value = Say> {
    let threshold = prop_oneof![3 => Just(Some(false)), 3 => Just(Some(true)), 1 => Just(None)];
    prop_oneof![1 => Just(GONE), 6 => (threshold.clone(), threshold).prop_map(|(a, b)| Some([a, b]))]
}

/// What is known of a slice, counted anew: in how many windows in a row each threshold was breached when it was judged.
#[derive(Default)]
struct Count {
    breaches: [u32; 2],
    missing: u32,
    open: bool,
}

impl Count {
    fn hour(&mut self, say: Say, consecutive: u32) {
        let Some(breached) = say else {
            self.missing += 1;
            self.open &= self.missing < consecutive;
            return;
        };
        self.missing = 0;
        if breached == [None, None] {
            return;
        }
        let mut fires = false;
        for (count, breached) in self.breaches.iter_mut().zip(breached) {
            match breached {
                Some(true) => {
                    *count += 1;
                    fires |= *count >= consecutive;
                }
                Some(false) => *count = 0,
                None => {}
            }
        }
        self.open = fires || (self.open && self.breaches != [0, 0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// However windows come: at most one alert of a slice at a time, which is open when it should be; what is told of it
    /// begins with `opened` and ends with `resolved`, each once; and nothing is told twice in an hour.
    #[test]
    fn alerts_are_one_for_each_slice_and_told_once(
        consecutive in 1_u32..4,
        cooldown in any::<bool>(),
        hours in prop::collection::vec((says(), says(), prop::bool::weighted(0.15)), 1..40),
    ) {
        let rules = if cooldown { json!({"channels": ["ops"], "cooldown": "3h"}) } else { json!({"channels": ["ops"]}) };
        let mut watch = Watch::new(consecutive, rules);
        let mut counts = [Count::default(), Count::default()];
        for (at, (one, other, silenced)) in hours.into_iter().enumerate() {
            let at = at as i64 + 1;
            watch.silenced = silenced;
            // A third one keeps every hour from being one without rows.
            watch.hour(at, &[one, other, FINE]);
            for (slice, (count, say)) in counts.iter_mut().zip([one, other]).enumerate() {
                count.hour(say, consecutive);
                let open = watch.status(slice) == Some(AlertStatus::Open);
                prop_assert_eq!(open, count.open, "slice {} at {}", slice, at);
            }
            let unresolved: Vec<&str> = watch.alerts.iter().filter(|a| a.status != AlertStatus::Resolved)
                .map(|alert| alert.slice.as_str()).collect();
            prop_assert_eq!(unresolved.len(), unresolved.iter().collect::<BTreeSet<_>>().len());
            if silenced {
                let told = watch.told.iter().filter(|(when, ..)| *when == at);
                prop_assert!(told.clone().all(|(_, event, ..)| *event == Event::Resolved), "{:?}", told.collect::<Vec<_>>());
            }
        }
        let mut of_alert: BTreeMap<Uuid, Vec<(i64, Event)>> = BTreeMap::new();
        for (at, event, id, _) in &watch.told {
            of_alert.entry(*id).or_default().push((*at, *event));
        }
        for (id, told) in of_alert {
            let is = |wanted: Event| told.iter().filter(|(_, event)| *event == wanted).count();
            prop_assert_eq!((told[0].1, is(Event::Opened)), (Event::Opened, 1), "{:?}", told);
            let alert = watch.alerts.iter().find(|alert| alert.id == id).expect("it is there");
            let over = alert.status == AlertStatus::Resolved;
            prop_assert_eq!(is(Event::Resolved), usize::from(over), "{:?}", told);
            prop_assert_eq!(told.last().map(|(_, event)| *event == Event::Resolved), Some(over), "{:?}", told);
            prop_assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", told);
            // What goes up and down goes up first, and in turn.
            let changes: Vec<Event> = told.iter().map(|(_, event)| *event)
                .filter(|event| matches!(event, Event::Escalated | Event::Deescalated)).collect();
            prop_assert!(changes.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", told);
        }
    }
}
