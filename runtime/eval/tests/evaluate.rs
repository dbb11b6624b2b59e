//! Evaluations and pages over a real store, with a native metric whose numbers can be done by hand.

mod columns;
mod incremental;
mod native;

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, AsArray, FixedSizeBinaryArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    },
    datatypes::TimestampMicrosecondType,
};
use driftline_core::{Digest, Name, Span, Time, Window};
use driftline_eval::{
    Error, Evaluator, Options, Outcome, PluginId, Position, Progress, ReadRequest, Reference, Request, SliceValue,
    WindowSpec,
};
use driftline_sandbox::{Compiler, Sandbox};
use driftline_storage::{Append, Kind, PluginRef, Storage};
use native::MeanFactory;
use tokio_util::sync::CancellationToken;

/// A row: hour of its time, value, region.
type Row = (i64, Option<f64>, Option<&'static str>);

const HOUR: i64 = 3_600_000_000;

const ROWS: [Row; 8] = [
    (0, Some(1.0), Some("eu")),
    (1, Some(2.0), Some("us")),
    (2, None, Some("eu")),
    (3, Some(4.0), None),
    (4, Some(8.0), Some("eu")),
    (5, Some(16.0), Some("us")),
    (6, Some(32.0), Some("eu")),
    (30, Some(64.0), Some("us")),
];

struct House {
    storage: Storage,
    evaluator: Evaluator,
    dir: tempfile::TempDir,
}

fn name(text: &str) -> Name {
    text.parse().expect("name")
}

fn window(from: i64, to: i64) -> Window {
    let hour = |hours: i64| Time::from_micros(hours * HOUR).expect("time");
    Window::new(hour(from), hour(to)).expect("window")
}

fn id(row: usize) -> [u8; 16] {
    (row as u128 + 1).to_be_bytes()
}

impl House {
    fn new() -> Self {
        Self::in_dir(tempfile::tempdir().expect("directory"))
    }

    fn in_dir(dir: tempfile::TempDir) -> Self {
        Self::with_options(dir, &Options { threads: 2, ..Options::default() }, 1 << 30)
    }

    fn with_options(dir: tempfile::TempDir, evaluating: &Options, state_cache_bytes: u64) -> Self {
        let options = driftline_storage::Options { background: false, state_cache_bytes, ..Default::default() };
        let storage = Storage::open(&dir.path().join("data"), options).expect("opens");
        let options = driftline_sandbox::Options::new(dir.path().join("cache"), Compiler::InProcess);
        let sandbox = Sandbox::new(options).expect("sandbox");
        let evaluator = Evaluator::new(storage.clone(), sandbox, evaluating).expect("evaluator");
        Self { storage, evaluator, dir }
    }

    /// The same directory, opened by what might be another process.
    fn reopened(self) -> Self {
        let Self { storage, evaluator, dir } = self;
        storage.close();
        drop((storage, evaluator));
        Self::in_dir(dir)
    }

    /// A store with [`ROWS`], of which the first `sealed` are in segments.
    async fn with_rows(sealed: usize) -> Self {
        Self::new().filled(sealed).await
    }

    async fn filled(self, sealed: usize) -> Self {
        self.track(0..sealed).await;
        self.storage.seal_all().expect("seals");
        self.track(sealed..ROWS.len()).await;
        self
    }

    async fn track(&self, rows: std::ops::Range<usize>) {
        if rows.is_empty() {
            return;
        }
        let ids: Vec<_> = rows.clone().map(id).collect();
        let rows = &ROWS[rows];
        let times: TimestampMicrosecondArray = rows.iter().map(|row| Some(row.0 * HOUR)).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
            ("time", Arc::new(times.with_timezone("UTC"))),
            ("value", Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>())),
            ("in.region", Arc::new(rows.iter().map(|row| row.2).collect::<StringArray>())),
        ];
        self.append(Kind::Predictions, RecordBatch::try_from_iter(columns).expect("batch")).await;
    }

    async fn append(&self, kind: Kind, batch: RecordBatch) {
        let append = Append {
            model: name("m"),
            kind,
            batches: vec![batch],
            create_model: true,
            retry: None,
            answer: String::new(),
            unique: None,
        };
        self.storage.append(append).await.expect("appends");
    }

    async fn run(&self, request: Request, merges: bool) -> Result<Outcome, Error> {
        let plugin = PluginId { name: name("mean"), version: "1.0.0".into(), digest: Digest::of(b"") };
        let plan = self.evaluator.plan_native(request, Arc::new(MeanFactory::new(merges)), plugin).await?;
        self.evaluator.run(plan, Arc::new(Progress::default()), CancellationToken::new()).await
    }
}

fn request() -> Request {
    Request {
        model: name("m"),
        plugin: PluginRef::Latest(name("mean")),
        inputs: vec![("value".into(), vec!["value".into()])],
        parameters: serde_json::Map::new(),
        window: WindowSpec::Range(window(0, 6)),
        every: None,
        reference: None,
        filter: None,
        group_by: Vec::new(),
        drift: None,
    }
}

/// Start hour, slice, rows read, rows missing, values.
type Line = (i64, String, u64, u64, Vec<Option<f64>>);

/// Each result as a line.
fn table(outcome: &Outcome) -> Vec<Line> {
    let line = |result: &driftline_eval::WindowResult| {
        let slice: Vec<_> = result.slice.iter().map(|(_, value)| value.to_string()).collect();
        let values = result.values.iter().map(|value| value.number).collect();
        (result.window.start().micros() / HOUR, slice.join(","), result.rows.read, result.rows.missing, values)
    };
    outcome.results.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gives_the_same_numbers_however_much_is_sealed_and_whether_or_not_states_merge() {
    let every = Some("3h".parse::<Span>().expect("span"));
    let filtered = Some("value is null or value < 10".to_owned());
    for sealed in [0, 3, 8] {
        let house = House::with_rows(sealed).await;
        for merges in [true, false] {
            for (request, expected) in [
                (request(), vec![(0, String::new(), 6, 1, vec![Some(6.2)])]),
                (
                    Request { every, ..request() },
                    vec![(0, String::new(), 3, 1, vec![Some(1.5)]), (3, String::new(), 3, 0, vec![Some(28.0 / 3.0)])],
                ),
                (
                    Request { window: WindowSpec::Periods(vec![window(0, 3), window(4, 6)]), every, ..request() },
                    vec![(0, String::new(), 3, 1, vec![Some(1.5)]), (4, String::new(), 2, 0, vec![Some(12.0)])],
                ),
                (Request { filter: filtered.clone(), ..request() }, vec![(0, String::new(), 5, 1, vec![Some(3.75)])]),
                (
                    Request { group_by: vec!["in.region".into()], ..request() },
                    vec![
                        (0, "null".into(), 1, 0, vec![Some(4.0)]),
                        (0, "eu".into(), 3, 1, vec![Some(4.5)]),
                        (0, "us".into(), 2, 0, vec![Some(9.0)]),
                    ],
                ),
                (
                    Request { reference: Some(Reference::Window(window(6, 31))), ..request() },
                    vec![(0, String::new(), 6, 1, vec![Some(6.2), Some(48.0)])],
                ),
                (
                    Request {
                        reference: Some(Reference::Window(window(6, 31))),
                        group_by: vec!["in.region".into()],
                        ..request()
                    },
                    vec![
                        (0, "null".into(), 1, 0, vec![Some(4.0), None]),
                        (0, "eu".into(), 3, 1, vec![Some(4.5), Some(32.0)]),
                        (0, "us".into(), 2, 0, vec![Some(9.0), Some(64.0)]),
                    ],
                ),
                (
                    Request { inputs: vec![("value".into(), vec!["value".into(), "value * 2".into()])], ..request() },
                    vec![(0, String::new(), 6, 1, vec![Some(6.2)]), (0, String::new(), 6, 1, vec![Some(12.4)])],
                ),
            ] {
                let outcome = house.run(request.clone(), merges).await.expect("runs");
                assert_eq!(table(&outcome), expected, "{sealed} sealed, merges {merges}: {request:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_window_has_a_result_for_each_period() {
    let house = House::with_rows(4).await;
    for merges in [true, false] {
        let empty = Request { window: WindowSpec::Range(window(100, 104)), every: "2h".parse().ok(), ..request() };
        let outcome = house.run(empty, merges).await.expect("runs");
        let undefined = |start| (start, String::new(), 0, 0, vec![None]);
        assert_eq!(table(&outcome), vec![undefined(100), undefined(102)], "merges {merges}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delayed_metrics_count_from_the_moment_they_are_there() {
    for sealed in [0, 3, 8] {
        let house = House::with_rows(sealed).await;
        let delayed = |values: Vec<(usize, f64)>| {
            let ids: Vec<_> = values.iter().map(|(row, _)| id(*row)).collect();
            let columns: Vec<(&str, ArrayRef)> = vec![
                ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
                ("truth", Arc::new(values.iter().map(|(_, value)| Some(*value)).collect::<Float64Array>())),
            ];
            RecordBatch::try_from_iter(columns).expect("batch")
        };
        house.append(Kind::Delayed, delayed(vec![(0, 10.0), (2, 30.0)])).await;
        let ask = || Request { inputs: vec![("value".into(), vec!["truth".into()])], ..request() };
        let outcome = house.run(ask(), true).await.expect("runs");
        assert_eq!(table(&outcome), vec![(0, String::new(), 6, 4, vec![Some(20.0)])], "{sealed} sealed");
        house.append(Kind::Delayed, delayed(vec![(0, 50.0)])).await;
        house.storage.seal_all().expect("seals");
        for merges in [true, false] {
            let outcome = house.run(ask(), merges).await.expect("runs");
            assert_eq!(table(&outcome), vec![(0, String::new(), 6, 4, vec![Some(40.0)])], "the last value wins");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compares_with_a_dataset_under_the_same_filter_and_slices() {
    let house = House::with_rows(5).await;
    let batch = |columns: Vec<(&str, ArrayRef)>| RecordBatch::try_from_iter(columns).expect("batch");
    let values: ArrayRef = Arc::new(Float64Array::from(vec![5.0, 7.0, 1000.0]));
    let regions: ArrayRef = Arc::new(StringArray::from(vec!["eu", "us", "eu"]));
    let training = batch(vec![("value", values.clone()), ("in.region", regions)]);
    house.storage.put_dataset(&name("m"), &name("training"), vec![training]).expect("dataset");
    house.storage.put_dataset(&name("m"), &name("narrow"), vec![batch(vec![("value", values)])]).expect("dataset");
    let ask = |dataset: &str| Request {
        reference: Some(Reference::Dataset(name(dataset))),
        filter: Some("value < 100".into()),
        group_by: vec!["in.region".into()],
        ..request()
    };
    let outcome = house.run(ask("training"), true).await.expect("runs");
    let references: Vec<_> = outcome.results.iter().map(|r| (r.slice[0].1.clone(), r.values[1].number)).collect();
    let text = |text: &str| SliceValue::Text(text.into());
    let expected = [(SliceValue::Null, None), (text("eu"), Some(5.0)), (text("us"), Some(7.0))];
    assert_eq!(references[1..], expected[1..]);
    let error = house.run(ask("narrow"), true).await.expect_err("no region");
    assert!(
        matches!(&error, Error::Invalid { code: "unknown_column", field, message }
        if field == "group_by[0]" && message.contains("dataset `narrow`")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_failure_is_a_result() {
    let house = House::with_rows(4).await;
    let parameters = serde_json::json!({"fail": true}).as_object().cloned().expect("object");
    for merges in [true, false] {
        let outcome = house.run(Request { parameters: parameters.clone(), ..request() }, merges).await.expect("runs");
        let failure = outcome.failure().expect("failed");
        assert_eq!(failure.code.as_str(), "plugin_invalid_parameters");
        assert_eq!(outcome.results.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fatal_failure_is_the_result_of_every_period() {
    let house = House::with_rows(4).await;
    let parameters = serde_json::json!({"late": true}).as_object().cloned().expect("object");
    for merges in [true, false] {
        let request = Request { parameters: parameters.clone(), every: "2h".parse().ok(), ..request() };
        let outcome = house.run(request, merges).await.expect("runs");
        let codes: Vec<_> = outcome.results.iter().map(|r| r.failure.as_ref().map(|f| f.code.as_str())).collect();
        assert_eq!(codes, [Some("plugin_deadline"); 3], "merges {merges}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_ends_a_run() {
    let house = House::with_rows(4).await;
    let plugin = PluginId { name: name("mean"), version: "1.0.0".into(), digest: Digest::of(b"") };
    let plan = house.evaluator.plan_native(request(), Arc::new(MeanFactory::new(true)), plugin).await.expect("plans");
    let cancel = CancellationToken::new();
    cancel.cancel();
    let ended = house.evaluator.run(plan, Arc::new(Progress::default()), cancel).await;
    assert!(matches!(ended, Err(Error::Cancelled)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_name_the_place() {
    let house = House::with_rows(4).await;
    let cases: Vec<(Request, &str, &str)> = vec![
        (Request { model: name("nope"), ..request() }, "model_not_found", "model"),
        (Request { filter: Some("value".into()), ..request() }, "filter_not_boolean", "where"),
        (Request { filter: Some("nope > 1".into()), ..request() }, "unknown_column", "where"),
        (
            Request { group_by: vec!["value".into(), "sum(value)".into()], ..request() },
            "expression_not_scalar",
            "group_by[1]",
        ),
        (Request { group_by: vec!["value".into(), "value".into()], ..request() }, "duplicate_group", "group_by[1]"),
        (Request { every: "1ms".parse().ok(), ..request() }, "too_many_periods", "every"),
        (
            Request { window: WindowSpec::Periods(vec![window(0, 3), window(2, 6)]), ..request() },
            "invalid_window",
            "window",
        ),
        (Request { window: WindowSpec::Periods(Vec::new()), ..request() }, "invalid_window", "window"),
        (
            Request { inputs: vec![("value".into(), vec!["in.region".into()])], ..request() },
            "input_kind_mismatch",
            "inputs.value",
        ),
        (
            Request { reference: Some(Reference::Dataset(name("nope"))), ..request() },
            "dataset_not_found",
            "reference.dataset",
        ),
    ];
    for (request, code, place) in cases {
        match house.run(request, true).await {
            Err(Error::Invalid { code: got, field, .. } | Error::NotFound { code: got, field, .. }) => {
                assert_eq!((got, field.as_str()), (code, place));
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_walk_through_a_window_in_order() {
    for sealed in [0, 3, 8] {
        let house = House::with_rows(sealed).await;
        for limit in [1, 3, 100] {
            let mut after: Option<Position> = None;
            let mut hours = Vec::new();
            loop {
                let request = ReadRequest {
                    model: name("m"),
                    window: Some(window(1, 31)),
                    columns: Some(vec!["value".into()]),
                    filter: Some("in.region = 'us' or value is null".into()),
                    limit: Some(limit),
                    after,
                };
                let mut rows = house.evaluator.read(request).await.expect("reads");
                assert_eq!(rows.schema().fields().len(), 3);
                while let Some(batch) = rows.next().await.expect("reads on") {
                    let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
                    hours.extend(times.values().iter().map(|time| time / HOUR));
                }
                after = rows.rest();
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(hours, vec![1, 2, 5, 30], "{sealed} sealed, {limit} a page");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_segment_is_an_error_and_never_a_number() {
    let house = House::with_rows(8).await;
    let model = house.storage.model(&name("m")).expect("reads").expect("model");
    let segment = house.storage.snapshot(&model, None).expect("snapshot").segments.remove(0);
    let file = house.dir.path().join("data").join(segment.path.as_ref());
    let mut bytes = std::fs::read(&file).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("writes");
    let house = house.reopened();
    for merges in [true, false] {
        let error = house.run(request(), merges).await.expect_err("damaged");
        assert!(matches!(error, Error::Storage(driftline_storage::Error::Corrupt { .. })), "{error:?}");
    }
}
