//! Puts something of every kind into storage, and reads all of it back as one text.

use driftline_core::Digest;
use driftline_storage::{
    Aggregate, AggregateFilter, AlertFilter, DeliveryFilter, Error, EvaluationFilter, EvaluationRecord, ModelDetails,
    PluginRecord, PluginRef, ResultFilter, Retry, RunFilter, SilenceRecord, Source, Storage, WatchFilter,
};
use uuid::Uuid;

use crate::monitors::deed::watch_and_tell;
use crate::world::{Float, Int, Row, World, batch, delayed, name, prediction, read as rows, text, time, window};

const EVALUATION: Uuid = Uuid::from_u128(77);

/// Two models with rows in segments and in the log, labels of both kinds, and a record of every other kind.
pub fn put(world: &World) {
    let storage = world.storage();
    let details = ModelDetails { description: Some("d".repeat(300)), tags: vec!["a".into()], ..Default::default() };
    storage.put_model(&name("other"), details).expect("writes");
    let fingerprint = Digest::of(b"request");
    world.try_append(&predictions(0..40), Some(Retry { key: "k".into(), fingerprint }), "answer").expect("appends");
    world.append(&labels(0..9));
    world.seal();
    world.append(&predictions(40..60));
    world.append(&labels(30..50));
    storage.put_dataset(&name("m"), &name("train"), vec![batch(&predictions(0..5))]).expect("keeps");
    let wasm = b"not really".repeat(20);
    let record = PluginRecord {
        digest: Digest::of(&wasm),
        name: name("psi"),
        version: "1.0.0".into(),
        description: "{}".into(),
        size_bytes: wasm.len() as u64,
        installed: time(5),
        retired: None,
        laws: None,
        limits: None,
        fuel: None,
    };
    let digest = record.digest;
    storage.install_plugin(record, &wasm).expect("installs");
    storage.set_alias(&name("psi"), &name("stable"), &PluginRef::Digest(digest)).expect("sets");
    storage.sign_plugin(&digest, [1; 32], [2; 64]).expect("keeps");
    let aggregates = (0..20).map(|n| aggregate(n, Some(EVALUATION))).collect();
    storage.put_evaluation(evaluation(), aggregates, Vec::new()).expect("keeps");
    watch_and_tell(storage, "m").expect("runs");
    let (starts, ends, created) = (time(1), time(9), time(1));
    storage.put_silence(SilenceRecord { id: EVALUATION, starts, ends, rule: "{}".into(), created }).expect("keeps");
    storage.append_aggregates(&name("m"), (20..40).map(|n| aggregate(n, None)).collect()).expect("keeps");
}

fn predictions(ids: std::ops::Range<u128>) -> Vec<Row> {
    let cells = |id: u128| [("score", Float(id as f64 / 7.0)), ("age", Int(id as i64)), ("town", text("x"))];
    ids.map(|id| prediction(id, 1_000 * id as i64, &cells(id))).collect()
}

fn labels(ids: std::ops::Range<u128>) -> Vec<Row> {
    ids.map(|id| delayed(id, &[("truth", Int(id as i64 % 2))])).collect()
}

fn aggregate(n: i64, evaluation: Option<Uuid>) -> Aggregate {
    Aggregate {
        window: window(n * 10, n * 10 + 5),
        name: format!("a{}", n % 3),
        value: Some(n as f64 / 3.0),
        slice: "{}".into(),
        source: if evaluation.is_some() { Source::Evaluation } else { Source::User },
        evaluation,
        labels: "{}".into(),
        created: time(9),
    }
}

fn evaluation() -> EvaluationRecord {
    EvaluationRecord {
        id: EVALUATION,
        model: name("m"),
        plugin: "psi@1.0.0".into(),
        status: "succeeded".into(),
        created: time(1),
        finished: Some(time(2)),
        request: "{}".into(),
        result: "long ".repeat(5_000),
    }
}

/// Everything a caller can ask for.
pub fn read(storage: &Storage) -> Result<String, Error> {
    let mut said = Vec::new();
    let models = storage.models(None, 100)?;
    for model in &models {
        let found = storage.model(&model.name)?;
        said.push(format!("{model:?} {}", found.as_ref() == Some(model)));
        said.push(format!("{:?}", storage.model_summary(model)?));
        let datasets = storage.datasets(&model.name)?;
        for dataset in &datasets {
            storage.verify_dataset(dataset)?;
            let found = storage.dataset(&model.name, &dataset.name)?;
            said.push(format!("{dataset:?} {}", found.as_ref() == Some(dataset)));
        }
        for window in [None, Some(window(3_000, 44_000))] {
            let snapshot = storage.snapshot(model, window)?;
            said.push(format!("{:?}", rows(storage, &snapshot, window)?));
        }
        let filters = [
            AggregateFilter::default(),
            AggregateFilter { window: Some(window(100, 250)), name: Some("a1".into()), evaluation: None },
            AggregateFilter { evaluation: Some(EVALUATION), ..Default::default() },
        ];
        for filter in filters {
            said.push(format!("{:?}", storage.aggregates(&model.name, &filter, None, 1_000)?));
        }
        let filter = EvaluationFilter { model: Some(model.name.clone()), ..Default::default() };
        said.push(format!("{:?}", storage.evaluations(&filter, None, 10)?));
    }
    said.push(format!("{:?}", storage.evaluations(&EvaluationFilter::default(), None, 10)?));
    said.push(format!("{:?}", storage.evaluation(EVALUATION)?));
    for plugin in storage.plugins(None, 10)? {
        said.push(format!("{plugin:?} {:?}", storage.plugin(&PluginRef::Latest(plugin.name.clone()))?));
        said.push(format!("{:?}", storage.plugin_wasm(&plugin.digest)?));
        said.push(format!("{:?} {:?}", storage.aliases(&plugin.name)?, storage.plugin_signatures(&plugin.digest)?));
        said.push(format!("{:?}", storage.alias_moves(&plugin.name, &name("stable"))?));
    }
    watched(storage, &mut said)?;
    said.push(format!("{:?}", again(storage)?));
    Ok(said.join("\n"))
}

/// What is watched, and what was found and told.
fn watched(storage: &Storage, said: &mut Vec<String>) -> Result<(), Error> {
    let monitor = name("watch-m");
    said.push(format!("{:?} {:?}", storage.monitors(None, 10)?, storage.monitor(&monitor)?));
    said.push(format!("{:?}", storage.watches(&WatchFilter::default(), None, 10)?));
    said.push(format!("{:?} {:?}", storage.watches_due(10)?, storage.next_look()?));
    said.push(format!("{:?} {:?}", storage.runs(&RunFilter::default(), None, 10)?, storage.run_reading()?));
    let one_model = RunFilter { model: Some(name("m")), ..RunFilter::default() };
    said.push(format!("{:?}", storage.runs(&one_model, None, 10)?));
    for history in [false, true] {
        let filter = ResultFilter {
            monitor: monitor.clone(),
            model: Some(name("m")),
            window: None,
            slice: None,
            known_at: None,
            history,
        };
        said.push(format!("{:?}", storage.results(&filter, None, 10)?));
    }
    for alert in storage.alerts(&AlertFilter::default(), None, 10)? {
        said.push(format!("{alert:?} {:?}", storage.alert_events(alert.id)?));
    }
    said.push(format!("{:?} {:?}", storage.alerts_to_look_at(10)?, storage.alert_counts(10)?));
    said.push(format!("{:?} {:?}", storage.silences(None, 10)?, storage.channels(None, 10)?));
    said.push(format!("{:?}", storage.deliveries(&DeliveryFilter::default(), None, 10)?));
    said.push(format!("{:?} {:?}", storage.next_delivery()?, storage.delivery_reading()?));
    Ok(())
}

/// The answer to a request that was sent before.
fn again(storage: &Storage) -> Result<driftline_storage::Appended, Error> {
    let retry = Retry { key: "k".into(), fingerprint: Digest::of(b"request") };
    futures::executor::block_on(storage.append(driftline_storage::Append {
        model: name("m"),
        kind: driftline_storage::Kind::Predictions,
        batches: vec![batch(&predictions(0..40))],
        create_model: false,
        retry: Some(retry),
        answer: "other".into(),
        unique: None,
    }))
}
