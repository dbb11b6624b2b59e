//! The same with real components: weeks of rows, windows cut at odd instants, and rows that have given way to states.

use std::{collections::BTreeMap, path::Path, sync::OnceLock};

use arrow::array::Int64Array;
use driftline_sandbox::parse_description;
use driftline_storage::{Clock, Erasing, EvaluationRecord, ModelDetails, PluginRecord, Retention};
use serde_json::{Map, json};
use tokio::task::block_in_place;
use uuid::Uuid;

use super::*;

/// Plugins whose states lose nothing of the rows: however these are merged, the numbers have the same bits.
const EXACT: [&str; 2] = ["roc-auc", "ks"];
/// Those whose states hold sums, which round as they are added up.
const SUMS: [&str; 2] = ["psi", "summary"];
/// How far a sum may be off, relatively, when files are merged and others are added up first. `summary` says itself by how
/// many rows its quantiles of so many rows can be off, so they are not compared.
const TOLERANCE: f64 = 1e-12;
const DAY: i64 = 24 * HOUR;
/// Three weeks of rows, of which three days have so many an hour that hours are cut apart, too.
const DAYS: i64 = 21;
const DENSE: std::ops::Range<i64> = 12..15;
/// Rows of all days, of which enough stay that a file is cut into days, and of the dense ones, which are cut into hours.
const ROWS: [usize; 2] = [90_000, 80_000];
/// Room for what is merged into either, and not for both.
const SEGMENT_ROWS: usize = 120_000;
/// Days for which rows are kept; the time of all stores is the end of [`DAYS`].
const RAW_DAYS: u32 = 16;

struct Now;

impl Clock for Now {
    fn now(&self) -> Time {
        Time::from_micros(DAYS * DAY).expect("a time")
    }
}

/// Numbers that are the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0) * u128::from(limit)) >> 64) as u64
    }

    /// From some instant in the first half of these days to one in the second.
    fn window(&mut self, days: std::ops::Range<i64>) -> Window {
        let half = (days.end - days.start) * DAY / 2;
        let mut at = || self.below(half.unsigned_abs()) as i64;
        span(days.start * DAY + at(), days.start * DAY + half + at())
    }

    /// A little later: either end by less than three hours, and onto no whole second.
    fn slid(&mut self, window: Window) -> Window {
        let mut later = || self.below(3 * HOUR.unsigned_abs() / 1_000_000) as i64 * 1_000_000 + 7;
        span(window.start().micros() + later(), window.end().micros() + later())
    }
}

fn span(from: i64, to: i64) -> Window {
    let instant = |micros: i64| Time::from_micros(micros).expect("a time");
    Window::new(instant(from), instant(to)).expect("a window")
}

/// A store that compiles nothing that another has compiled.
fn open(dir: tempfile::TempDir, state_cache_bytes: u64) -> House {
    static COMPILED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| tempfile::tempdir().expect("a directory"));
    let clock = Arc::new(Now);
    let options = driftline_storage::Options {
        background: false,
        segment_rows: SEGMENT_ROWS,
        state_cache_bytes,
        clock,
        ..Default::default()
    };
    let storage = Storage::open(&dir.path().join("data"), options).expect("opens");
    let options = driftline_sandbox::Options::new(compiled.path().to_owned(), Compiler::InProcess);
    let sandbox = Sandbox::new(options).expect("sandbox");
    let options = Options { threads: 2, ..Options::default() };
    let evaluator = Evaluator::new(storage.clone(), sandbox, &options).expect("evaluator");
    House { storage, evaluator, dir }
}

fn install(house: &House, plugin: &str) {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let read = |ending: &str| std::fs::read(built.join(format!("{plugin}.{ending}"))).expect("a built plugin");
    let (wasm, text) = (read("wasm"), String::from_utf8(read("json")).expect("text"));
    let (described, description) = parse_description(&text).expect("a description");
    let record = PluginRecord {
        digest: Digest::of(&wasm),
        name: described.name,
        version: described.version,
        description,
        size_bytes: wasm.len() as u64,
        installed: house.storage.now(),
        retired: None,
        laws: None,
        limits: None,
        fuel: None,
    };
    house.storage.install_plugin(record, &wasm).expect("installs");
}

/// Rows in random order of these days; values need all bits of a float.
async fn track_days(house: &House, draw: &mut Draw, rows: std::ops::Range<usize>, days: std::ops::Range<i64>) {
    let ids: Vec<_> = rows.map(id).collect();
    let length = ((days.end - days.start) * DAY) as u64;
    let times: TimestampMicrosecondArray =
        ids.iter().map(|_| Some(days.start * DAY + draw.below(length) as i64)).collect();
    let values: Float64Array = ids.iter().map(|_| Some(draw.below(5000) as f64 / 7.0)).collect();
    let scores: Float64Array = ids.iter().map(|_| Some(draw.below(1000) as f64 / 1000.0)).collect();
    let regions: StringArray = ids.iter().map(|_| ["eu", "us", "af"].get(draw.below(4) as usize).copied()).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        ("time", Arc::new(times.with_timezone("UTC"))),
        ("value", Arc::new(values)),
        ("score", Arc::new(scores)),
        ("region", Arc::new(regions)),
    ];
    house.append(Kind::Predictions, RecordBatch::try_from_iter(columns).expect("batch")).await;
}

async fn learn(house: &House, draw: &mut Draw, rows: impl Iterator<Item = usize>) {
    let ids: Vec<_> = rows.map(id).collect();
    let truth: Int64Array = ids.iter().map(|_| Some(draw.below(2) as i64)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        ("truth", Arc::new(truth)),
    ];
    house.append(Kind::Delayed, RecordBatch::try_from_iter(columns).expect("batch")).await;
}

fn asked(plugin: &str, window: Window) -> Request {
    let input = |name: &str, column: &str| (name.to_owned(), vec![column.to_owned()]);
    let inputs = match plugin {
        "roc-auc" => vec![input("score", "score"), input("label", "truth")],
        _ => vec![input("value", "value")],
    };
    let plugin = PluginRef::Latest(name(plugin));
    Request { plugin, inputs, parameters: Map::new(), window: WindowSpec::Range(window), ..request() }
}

/// What is asked again and again: by slice, by period, under a condition, several columns, against references.
fn standing_requests(draw: &mut Draw) -> Vec<Request> {
    let reference = |draw: &mut Draw| Some(Reference::Window(draw.window(0..DAYS)));
    let two = vec![("value".into(), vec!["value".into(), "value * 2".into()])];
    let region = || vec!["region".to_owned()];
    vec![
        asked("roc-auc", draw.window(0..DAYS)),
        Request { group_by: region(), every: "7h".parse().ok(), ..asked("roc-auc", draw.window(DENSE)) },
        Request { group_by: region(), reference: reference(draw), ..asked("ks", draw.window(0..DAYS)) },
        Request {
            inputs: two,
            filter: Some("value > 100".into()),
            reference: reference(draw),
            every: "1d".parse().ok(),
            ..asked("ks", draw.window(DENSE))
        },
        Request { reference: reference(draw), group_by: region(), ..asked("psi", draw.window(DENSE)) },
        asked("summary", draw.window(0..DAYS)),
    ]
}

/// The same a little later; now and then the reference moves, too.
fn slid(draw: &mut Draw, request: &Request) -> Request {
    let WindowSpec::Range(window) = request.window else { panic!("{request:?}") };
    let reference = match &request.reference {
        Some(Reference::Window(window)) if draw.below(3) == 0 => Some(Reference::Window(draw.slid(*window))),
        reference => reference.clone(),
    };
    Request { window: WindowSpec::Range(draw.slid(window)), reference, ..request.clone() }
}

/// Over whole days, whatever has become of their rows.
fn whole_requests() -> Vec<Request> {
    let days = window(0, DAYS * 24);
    let whole = |plugin: &str| Request {
        reference: (plugin != "roc-auc" && plugin != "summary").then(|| Reference::Window(window(24, 10 * 24))),
        ..asked(plugin, days)
    };
    let mut requests: Vec<_> = EXACT.iter().chain(&SUMS).map(|plugin| whole(plugin)).collect();
    let daily = Request { group_by: vec!["region".into()], every: "1d".parse().ok(), ..whole("roc-auc") };
    requests.push(daily);
    requests
}

async fn ask(house: &House, request: &Request) -> Outcome {
    let plan = house.evaluator.plan(request.clone()).await.expect("plans");
    let definitions = plan.definitions();
    let outcome = house.evaluator.run(plan, Arc::new(Progress::default()), CancellationToken::new()).await;
    let outcome = outcome.expect("runs");
    assert_eq!(outcome.failure(), None, "{request:?}");
    // What is asked is what states are kept of when the rows go.
    let record = EvaluationRecord {
        id: Uuid::from_u128(1),
        model: name("m"),
        plugin: "asked".into(),
        status: "succeeded".into(),
        created: house.storage.now(),
        finished: None,
        request: json!({}).to_string(),
        result: json!({}).to_string(),
    };
    let is_whole = request.filter.is_none() && request.inputs.iter().all(|(_, columns)| columns.len() == 1);
    let definitions = if is_whole { definitions } else { Vec::new() };
    block_in_place(|| house.storage.put_evaluation(record, Vec::new(), definitions)).expect("keeps");
    outcome
}

/// Each number by period, slice and name.
fn numbers(outcome: &Outcome) -> BTreeMap<String, Option<f64>> {
    let of = |result: &driftline_eval::WindowResult| {
        let key = format!("{} {:?}", result.window, result.slice);
        let number = move |value: &driftline_core::Value| (format!("{key} {}", value.name), value.number);
        result.values.iter().map(number).collect::<Vec<_>>()
    };
    outcome.results.iter().flat_map(of).collect()
}

/// The same numbers: exactly where states are exact, or else within the tolerance.
fn assert_close(request: &Request, before: &Outcome, after: &Outcome, what: &str) {
    let (before, after) = (numbers(before), numbers(after));
    let PluginRef::Latest(plugin) = &request.plugin else { panic!("{request:?}") };
    if EXACT.contains(&plugin.as_str()) {
        assert_eq!(after, before, "{what}: {request:?}");
        return;
    }
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{what}");
    let is_quantile =
        |key: &str| plugin.as_str() == "summary" && key.rsplit(' ').next().is_some_and(|n| n.starts_with('p'));
    for (key, number) in before.iter().filter(|(key, _)| !is_quantile(key)) {
        let (was, is) = (number.unwrap_or(f64::NAN), after[key].unwrap_or(f64::NAN));
        let is_close = (is - was).abs() <= TOLERANCE * was.abs().max(1.0) || (is.is_nan() && was.is_nan());
        assert!(is_close, "{what}: {key} was {was}, is {is}");
    }
}

async fn answers(house: &House, requests: &[Request]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for request in requests {
        outcomes.push(ask(house, request).await);
    }
    outcomes
}

/// Lets something happen that changes no row; no answer over whole days changes. Gives the parts that were read before
/// and after.
async fn unmoved(house: &House, what: &str, happens: impl AsyncFnOnce()) -> (u64, u64) {
    let requests = whole_requests();
    let before = answers(house, &requests).await;
    happens().await;
    let after = answers(house, &requests).await;
    for (request, (before, after)) in requests.iter().zip(before.iter().zip(&after)) {
        assert_close(request, before, after, what);
    }
    let units = |outcomes: &[Outcome]| outcomes[0].timing.units.computed + outcomes[0].timing.units.cached;
    (units(&before), units(&after))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn components_over_weeks_give_the_bits_of_an_evaluation_from_scratch() {
    for seed in [1, 2] {
        let mut draw = Draw(seed);
        let house = open(tempfile::tempdir().expect("a directory"), 1 << 30);
        block_in_place(|| EXACT.iter().chain(&SUMS).for_each(|plugin| install(&house, plugin)));
        let mut rows = 0;
        // Two files that will be one, and are only then large enough to be cut into days.
        for (days, count) in [(0..DAYS, ROWS[0] / 2), (0..DAYS, ROWS[0] / 2), (DENSE, ROWS[1])] {
            track_days(&house, &mut draw, rows..rows + count, days).await;
            learn(&house, &mut draw, (rows..rows + count).filter(|row| row % 2 == 0)).await;
            rows += count;
            seal(&house);
        }
        let standing = standing_requests(&mut draw);
        let (mut merged, mut cells) = (Vec::new(), 0);
        for step in 0..12_usize {
            match (step, draw.below(5)) {
                // Whatever else is drawn: merged before the rows go, and after.
                (3 | 9, _) => {
                    for _ in 0..3 {
                        track_days(&house, &mut draw, rows..rows + 200, DENSE).await;
                        rows += 200;
                        seal(&house);
                    }
                    let maintain = async || block_in_place(|| house.storage.maintain()).expect("maintains");
                    let (before, after) = unmoved(&house, &format!("merged, seed {seed}"), maintain).await;
                    merged.push((before, after));
                }
                (6, _) => rolled_up(&house, seed).await,
                (_, 0 | 1) => {
                    let days = if step % 2 == 0 { 0..DAYS } else { DENSE };
                    track_days(&house, &mut draw, rows..rows + 500, days).await;
                    rows += 500;
                }
                (_, 2) => learn(&house, &mut draw, (rows - 900..rows).step_by(3)).await,
                (_, 3) => seal(&house),
                _ => block_in_place(|| {
                    house.storage.delete_prediction(&name("m"), id(rows - 1 - step * 11)).expect("deletes");
                    while house.storage.erase().expect("erases") == Erasing::Worked {}
                }),
            }
            let requests: Vec<_> = standing.iter().chain(&standing).map(|request| slid(&mut draw, request)).collect();
            let warm = answers(&house, &requests).await;
            let again = answers(&house, &requests).await;
            let bare = scratch_of(&house);
            for (at, (warm, again)) in warm.iter().zip(&again).enumerate() {
                assert_eq!((&again.results, again.timing.units.computed), (&warm.results, 0));
                cells = cells.max(again.timing.units.cached);
                let scratch = ask(&bare, &requests[at]).await;
                assert_eq!(warm.results, scratch.results, "seed {seed}, step {step}, request {at}");
                assert_eq!(scratch.timing.units.cached, 0, "nothing is kept there");
            }
        }
        assert!(cells > 24, "seed {seed}: at most {cells} stretches of time in a window");
        assert!(merged.iter().all(|(before, after)| after < before), "seed {seed}: files before and after {merged:?}");
    }
}

fn seal(house: &House) {
    block_in_place(|| house.storage.seal_all()).expect("seals");
}

/// The first days' rows go; the states that were asked for stay.
async fn rolled_up(house: &House, seed: u64) {
    let retention = Retention { raw_days: Some(RAW_DAYS), summary_days: None };
    let details = ModelDetails { retention, ..ModelDetails::default() };
    let retain = async || {
        block_in_place(|| house.storage.put_model(&name("m"), details)).expect("puts");
        while house.evaluator.retain(&name("m")).await.expect("retains") {}
    };
    unmoved(house, &format!("rolled up, seed {seed}"), retain).await;
    for outcome in answers(house, &whole_requests()).await {
        let marks: Vec<_> = outcome.results.iter().filter_map(|result| result.rolled_up.as_ref()).collect();
        assert!(!marks.is_empty() && marks.iter().all(|mark| mark.complete), "{marks:?}");
    }
}

/// A store with the same files that finds nothing kept.
fn scratch_of(house: &House) -> House {
    let dir = tempfile::tempdir().expect("a directory");
    block_in_place(|| {
        copy(&house.dir.path().join("data"), &dir.path().join("data"));
        open(dir, 0)
    })
}
