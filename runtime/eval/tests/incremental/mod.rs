//! What is kept changes no answer, whatever happened between two questions.

mod ahead;
mod components;

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::Int64Array;
use driftline_core::{Accumulator, Description, Failure, InputBatch, InputLayout, Metric, MetricFactory, Report};

use super::*;

/// Counts what it starts, and may be slow.
struct Counting {
    factory: MeanFactory,
    starts: Arc<AtomicUsize>,
    /// Updates wait until this many have begun.
    gate: Option<Arc<std::sync::Barrier>>,
    reads_clock: bool,
}

struct Waiting(Box<dyn Metric>, Option<Arc<std::sync::Barrier>>, bool);

impl MetricFactory for Counting {
    fn description(&self) -> &Description {
        self.factory.description()
    }

    fn start(&self, layout: &InputLayout, window: Window) -> Result<Box<dyn Metric>, Failure> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Waiting(self.factory.start(layout, window)?, self.gate.clone(), self.reads_clock)))
    }
}

impl Metric for Waiting {
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure> {
        self.0.open(parameters)
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        if let Some(gate) = self.1.take() {
            gate.wait();
        }
        self.0.update(accumulator, batch)
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        self.0.state(accumulator)
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        self.0.merge(accumulator, state)
    }

    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure> {
        self.0.evaluate(current, reference)
    }

    fn close(&mut self, accumulator: Accumulator) -> Result<(), Failure> {
        self.0.close(accumulator)
    }

    fn take_log(&mut self) -> Vec<String> {
        self.0.take_log()
    }

    fn has_read_clock(&self) -> bool {
        self.2
    }
}

fn mean() -> PluginId {
    PluginId { name: name("mean"), version: "1.0.0".into(), digest: Digest::of(b"") }
}

/// The outcome of a request, and how many instances were started for it.
async fn started(house: &House, request: Request, merges: bool) -> (Outcome, usize) {
    let starts = Arc::new(AtomicUsize::new(0));
    let factory =
        Counting { factory: MeanFactory::new(merges), starts: starts.clone(), gate: None, reads_clock: false };
    let plan = house.evaluator.plan_native(request, Arc::new(factory), mean()).await.expect("plans");
    let outcome =
        house.evaluator.run(plan, Arc::new(Progress::default()), CancellationToken::new()).await.expect("runs");
    (outcome, starts.load(Ordering::SeqCst))
}

/// Rows in random order of time; their values need all bits of a float.
async fn track(house: &House, random: &mut u64, first: usize, rows: usize, hours: i64) {
    let ids: Vec<_> = (first..first + rows).map(id).collect();
    let mut draw = |below: u64| {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(*random) * u128::from(below)) >> 64) as u64
    };
    let times: TimestampMicrosecondArray = ids.iter().map(|_| Some(draw((hours * HOUR) as u64) as i64)).collect();
    let values: Float64Array = ids.iter().map(|_| Some(draw(1 << 30) as f64 / 7.0)).collect();
    let regions: StringArray = ids.iter().map(|_| ["eu", "us", "af"].get(draw(4) as usize).copied()).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        ("time", Arc::new(times.with_timezone("UTC"))),
        ("value", Arc::new(values)),
        ("in.region", Arc::new(regions)),
    ];
    house.append(Kind::Predictions, RecordBatch::try_from_iter(columns).expect("batch")).await;
}

async fn label(house: &House, rows: &[usize], column: &str, value: i64) {
    let ids: Vec<_> = rows.iter().map(|row| id(*row)).collect();
    let values: Int64Array = rows.iter().map(|row| Some(value + *row as i64)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter()).expect("ids"))),
        (column, Arc::new(values)),
    ];
    house.append(Kind::Delayed, RecordBatch::try_from_iter(columns).expect("batch")).await;
}

fn requests(from: i64, to: i64) -> Vec<Request> {
    let whole = Request { window: WindowSpec::Range(window(from, to)), ..request() };
    let truth = vec![("value".into(), vec!["truth".into()])];
    vec![
        whole.clone(),
        Request { every: "7h".parse().ok(), ..whole.clone() },
        Request { inputs: truth, group_by: vec!["in.region".into()], ..whole.clone() },
        Request {
            group_by: vec!["in.region".into()],
            filter: Some("value > 1000".into()),
            reference: Some(Reference::Window(window(0, 20))),
            every: "1d".parse().ok(),
            ..whole
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_give_the_bits_of_an_evaluation_from_scratch() {
    for seed in 0..4_u64 {
        let house = House::new();
        let bare = |dir: &tempfile::TempDir| dir.path().join("data").join("cache").join("states.db");
        assert!(bare(&house.dir).exists());
        let mut random = seed;
        let mut rows = 0;
        track(&house, &mut random, rows, 300, 96).await;
        rows += 300;
        label(&house, &[1], "truth", 0).await;
        for step in 0..24_usize {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (random >> 40) % 7 {
                0 | 1 => {
                    track(&house, &mut random, rows, 40, 96).await;
                    rows += 40;
                }
                2 => label(&house, &[step, step * 7 % rows, rows - 1], "truth", step as i64).await,
                3 => label(&house, &[step * 5 % rows], "other", 1).await,
                4 => house.storage.seal_all().expect("seals"),
                5 => house.storage.maintain().expect("maintains"),
                _ => {
                    let gone = id(step * 11 % rows);
                    house.storage.delete_prediction(&name("m"), gone).expect("deletes");
                    if step % 2 == 0 {
                        while house.storage.erase().expect("erases") == driftline_storage::Erasing::Worked {}
                    }
                }
            }
            let from = (step as i64) % 9;
            for (at, request) in requests(from, from + 72).into_iter().enumerate() {
                let merges = step % 5 != 0;
                let (warm, _) = started(&house, request.clone(), merges).await;
                let (again, starts) = started(&house, request.clone(), merges).await;
                assert_eq!(starts, 0, "the same question again starts nothing: seed {seed}, step {step}, request {at}");
                assert_eq!(again.results, warm.results);
                let (scratch, _) = started(&scratch(&house), request, merges).await;
                assert_eq!(warm.results, scratch.results, "seed {seed}, step {step}, request {at}");
            }
        }
    }
}

/// An evaluator over the same rows that finds nothing kept.
fn scratch(house: &House) -> House {
    let dir = tempfile::tempdir().expect("directory");
    let (data, cache) = (dir.path().join("data"), dir.path().join("cache"));
    copy(&house.dir.path().join("data"), &data);
    let options = driftline_storage::Options { background: false, state_cache_bytes: 0, ..Default::default() };
    let storage = Storage::open(&data, options).expect("opens");
    let sandbox = Sandbox::new(driftline_sandbox::Options::new(cache, Compiler::InProcess)).expect("sandbox");
    let evaluator = Evaluator::new(storage.clone(), sandbox, &Options { threads: 1, ..Options::default() });
    House { storage, evaluator: evaluator.expect("evaluator"), dir }
}

/// Copies what a process that died would have left.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).expect("copies")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_or_deleted_cache_costs_time_and_nothing_else() {
    let house = House::with_rows(8).await;
    let (first, _) = started(&house, request(), true).await;
    let file = house.dir.path().join("data").join("cache").join("states.db");
    let mut house = house.reopened();
    let (again, starts) = started(&house, request(), true).await;
    assert_eq!((&again.results, starts, again.timing.units.computed), (&first.results, 0, 0), "it outlives a restart");
    let length = std::fs::metadata(&file).expect("a file").len() as usize;
    for at in (0..length).step_by(997).chain([20, 100, 101, 4097]) {
        let House { storage, evaluator, dir } = house;
        storage.close();
        drop((storage, evaluator));
        let mut bytes = std::fs::read(&file).expect("reads");
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 0x55;
        }
        std::fs::write(&file, bytes).expect("writes");
        house = House::in_dir(dir);
        let (damaged, _) = started(&house, request(), true).await;
        assert_eq!(damaged.results, first.results, "byte {at}");
        house.storage.states().settle();
    }
    let House { storage, evaluator, dir } = house;
    storage.close();
    drop((storage, evaluator));
    std::fs::remove_dir_all(file.parent().expect("a folder")).expect("deletes");
    let house = House::in_dir(dir);
    let (anew, starts) = started(&house, request(), true).await;
    assert_eq!(anew.results, first.results);
    assert!(starts > 0 && file.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_work_at_once_is_done_once_and_who_leaves_does_not_end_it() {
    let house = House::with_rows(8).await;
    let (starts, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(std::sync::Barrier::new(2)));
    let begin = |progress: &Arc<Progress>, cancel: CancellationToken| {
        let progress = progress.clone();
        let (factory, gate) = (MeanFactory::new(true), Some(gate.clone()));
        let factory = Counting { factory, starts: starts.clone(), gate, reads_clock: false };
        let evaluator = house.evaluator.clone();
        tokio::spawn(async move {
            let plan = evaluator.plan_native(request(), Arc::new(factory), mean()).await.expect("plans");
            evaluator.run(plan, progress, cancel).await
        })
    };
    let leaves = CancellationToken::new();
    let watched = [Arc::new(Progress::default()), Arc::new(Progress::default())];
    let (first, second) = (begin(&watched[0], leaves.clone()), begin(&watched[1], CancellationToken::new()));
    // Both wait for the one run, which stands at the gate.
    while starts.load(Ordering::SeqCst) == 0 || watched.iter().any(|progress| progress.units() == 0) {
        tokio::task::yield_now().await;
    }
    leaves.cancel();
    assert!(matches!(first.await.expect("ends"), Err(Error::Cancelled)));
    let opening = gate.clone();
    tokio::task::spawn_blocking(move || opening.wait()).await.expect("opens");
    let outcome = second.await.expect("ends").expect("runs");
    assert_eq!(table(&outcome), vec![(0, String::new(), 6, 1, vec![Some(6.2)])]);
    assert_eq!(starts.load(Ordering::SeqCst), 2, "one instance for the rows, one for the report");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_truth_recomputes_the_segments_that_it_touches_and_no_others() {
    let house = House::new();
    let mut random = 5;
    for part in 0..4 {
        track(&house, &mut random, part * 50, 50, 24).await;
        house.storage.seal_all().expect("seals");
    }
    label(&house, &[3], "truth", 0).await;
    let ask = |column: &str| Request {
        inputs: vec![("value".into(), vec![column.into()])],
        window: WindowSpec::Range(window(0, 24)),
        ..request()
    };
    let (first, _) = started(&house, ask("truth"), true).await;
    assert_eq!((first.timing.units.computed, first.timing.units.cached), (4, 0));
    for (rows, column, expected) in [
        (&[7_usize][..], "truth", (1, 3)),
        (&[60, 70][..], "truth", (1, 3)),
        (&[60, 170][..], "truth", (2, 2)),
        // No column that is read.
        (&[60, 170][..], "other", (0, 4)),
        // No prediction.
        (&[900][..], "truth", (0, 4)),
    ] {
        label(&house, rows, column, 9).await;
        let (outcome, _) = started(&house, ask("truth"), true).await;
        let units = outcome.timing.units;
        assert_eq!((units.computed, units.cached), expected, "{rows:?} {column}");
    }
}
