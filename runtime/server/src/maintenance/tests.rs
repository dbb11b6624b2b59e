//! What monitors did goes at its day, and not an instant sooner.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use driftline_core::{Name, Span, Time, Window};
use driftline_storage::{
    Clock, EvaluatedRun, EvaluationFilter, EvaluationRecord, NewMonitor, NewResult, NewRun, Options as StorageOptions,
    Reason, RunEnd, RunFilter, RunStatus, Trigger,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::forget;
use crate::{Config, app::Shared, config::History, server};

/// When everything was done, in microseconds.
const THEN: i64 = 1_700_000_000_000_000;
const DAY: i64 = 86_400_000_000;

/// A clock that a test turns.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Time {
        time(self.0.load(Ordering::SeqCst))
    }
}

fn time(micros: i64) -> Time {
    Time::from_micros(micros).expect("a time")
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn open(dir: &TempDir, clock: &Arc<Hand>, history: History) -> Shared {
    let mut config = Config::new(dir.path().into(), ([127, 0, 0, 1], 0).into());
    config.compile_in_process = true;
    let options = StorageOptions { clock: clock.clone(), background: false, ..StorageOptions::default() };
    let app = server::open_with(&config, options).expect("opens");
    let mut app = Arc::into_inner(app).expect("nobody else has it");
    app.history = history;
    Arc::new(app)
}

/// A run that was due so many seconds before then, with an evaluation and a result of a window of its own.
fn run(app: &Shared, before: i64) {
    let (storage, owner, due) = (&app.storage, app.scheduler.owner(), time(THEN - before * 1_000_000));
    let new = NewRun {
        id: Uuid::now_v7(),
        reason: Reason::Manual,
        due,
        not_before: due,
        batch: None,
        detail: "{}".into(),
        skipped: None,
    };
    storage.insert_runs(&name("one"), vec![(name("m"), new)]).expect("writes");
    let lease = Span::from_micros(60_000_000).expect("positive");
    let id = storage.claim_runs(owner, lease, 1).expect("claims").remove(0).run.id;
    let record = EvaluationRecord {
        id,
        model: name("m"),
        plugin: "psi@1.0.0".into(),
        status: "succeeded".into(),
        created: time(THEN),
        finished: Some(time(THEN)),
        request: "{}".into(),
        result: "{}".into(),
    };
    let result = NewResult {
        window: Window::new(due, time(THEN + 1)).expect("a window"),
        slice: "{}".into(),
        inputs: "{}".into(),
        level: "none".into(),
        rows: 1,
        detail: "{}".into(),
        evaluation: id,
        digest: String::new(),
        place: 1,
        basis: "{}".into(),
    };
    let end = RunEnd {
        status: RunStatus::Succeeded,
        outcome: "{}".into(),
        evaluations: vec![EvaluatedRun { record, aggregates: Vec::new(), definitions: Vec::new() }],
        results: vec![result],
        judge: Box::new(|_| Vec::new()),
    };
    storage.finish_run(owner, id, end).expect("finishes");
}

/// How much time has passed, in microseconds, and how many evaluations, runs and results are left then.
type Left = (i64, [usize; 3]);

/// How many evaluations, runs and results there are.
fn left(app: &Shared) -> [usize; 3] {
    let storage = &app.storage;
    [
        storage.evaluations(&EvaluationFilter::default(), None, 9).expect("reads").len(),
        storage.runs(&RunFilter::default(), None, 9).expect("reads").len(),
        storage.latest_results(&name("one"), &name("m"), Time::EPOCH, 9).expect("reads").len(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_monitors_did_goes_at_its_day() {
    let some = History { evaluation_days: 1, run_days: 3, result_days: 5 };
    let for_ever = History { evaluation_days: 0, run_days: 0, result_days: 0 };
    // What is kept for how long, and what is left when. The last evaluation of a monitor stays for as long as its run.
    let cases: [(History, &[Left]); 2] = [
        (
            some,
            &[
                (DAY, [2, 2, 2]),
                (DAY + 1, [1, 2, 2]),
                (3 * DAY, [1, 2, 2]),
                (3 * DAY + 1, [1, 0, 2]),
                (5 * DAY, [0, 0, 2]),
                (5 * DAY + 1, [0, 0, 0]),
            ],
        ),
        (for_ever, &[(10_000 * DAY, [2, 2, 2])]),
    ];
    for (history, steps) in cases {
        let (dir, clock) = (TempDir::new().expect("a directory"), Arc::new(Hand(AtomicI64::new(THEN))));
        let app = open(&dir, &clock, history);
        app.storage.put_model(&name("m"), Default::default()).expect("writes");
        let watching = NewMonitor {
            name: name("one"),
            model: "m".into(),
            trigger: Trigger::Time,
            definition: "{}".into(),
            paused: false,
        };
        app.storage.put_monitor(watching).expect("writes");
        run(&app, 2);
        run(&app, 1);
        for (passed, expected) in steps {
            clock.0.store(THEN + passed, Ordering::SeqCst);
            forget(&app).await.expect("forgets");
            assert_eq!(left(&app), *expected, "{history:?} after {passed} microseconds");
        }
    }
}
