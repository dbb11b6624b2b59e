//! Datasets, plugins, evaluations and aggregates.

use std::fs;

use driftline_core::{ColumnType, Digest};
use driftline_storage::{
    Aggregate, AggregateFilter, Error, EvaluationFilter, EvaluationRecord, Installed, ModelDetails, PluginRecord,
    PluginRef, Source,
};
use uuid::Uuid;

use crate::world::{Float, Int, World, batch, name, prediction, segment_rows, time, window};

fn world_with_model() -> World {
    let world = World::new();
    world.storage().put_model(&name("m"), ModelDetails::default()).expect("writes");
    world
}

#[test]
fn a_dataset_is_replaced_whole_and_keeps_its_older_file_for_its_readers() {
    let mut world = world_with_model();
    let put = |world: &World, rows: &[(u128, crate::world::Cell)]| {
        let batches = rows.iter().map(|(id, cell)| batch(&[prediction(*id, 1, &[("a", cell.clone())])])).collect();
        world.storage().put_dataset(&name("m"), &name("train"), batches)
    };
    let first = put(&world, &[(1, Int(1)), (2, Float(0.5))]).expect("keeps");
    assert_eq!((first.rows, first.schema.column_type("a")), (2, Some(ColumnType::Float)));
    let second = put(&world, &[(3, Int(7))]).expect("keeps");
    assert_ne!(first.digest, second.digest);
    assert_eq!(segment_rows(world.storage(), &first.path).num_rows(), 2);
    world.restart();
    assert_eq!(world.storage().dataset(&name("m"), &name("train")).expect("reads"), Some(second.clone()));
    assert_eq!(world.storage().datasets(&name("m")).expect("reads"), std::slice::from_ref(&second));
    assert_eq!(segment_rows(world.storage(), &second.path).num_rows(), 1);
    world.storage().verify_dataset(&second).expect("whole");
    assert!(!world.dir.path().join(first.path.as_ref()).exists(), "swept at the start");
    assert_eq!(world.storage().dataset(&name("m"), &name("other")).expect("reads"), None);
    assert!(matches!(world.storage().dataset(&name("none"), &name("x")), Err(Error::NotFound { .. })));
    let clash = vec![
        batch(&[prediction(1, 1, &[("a", Int(1))])]),
        batch(&[prediction(1, 1, &[("a", crate::world::text("x"))])]),
    ];
    assert!(matches!(world.storage().put_dataset(&name("m"), &name("train"), clash), Err(Error::Schema(_))));
}

fn plugin(plugin_name: &str, version: &str, wasm: &[u8]) -> PluginRecord {
    PluginRecord {
        digest: Digest::of(wasm),
        name: name(plugin_name),
        version: version.into(),
        description: "{}".into(),
        size_bytes: wasm.len() as u64,
        installed: time(5),
        retired: None,
        laws: None,
        limits: None,
        fuel: None,
    }
}

#[test]
fn the_latest_plugin_is_the_highest_version_that_is_not_retired() {
    let mut world = World::new();
    for version in ["1.9.0", "1.10.0", "2.0.0-rc.1", "1.2.0"] {
        let wasm = format!("wasm {version}");
        let installed = world.storage().install_plugin(plugin("psi", version, wasm.as_bytes()), wasm.as_bytes());
        assert_eq!(installed.expect("installs"), Installed::New);
    }
    world.restart();
    let latest = |world: &World| {
        let found = world.storage().plugin(&PluginRef::Latest(name("psi"))).expect("reads");
        found.map(|record| record.version)
    };
    assert_eq!(latest(&world).as_deref(), Some("1.10.0"));
    let retired = world.storage().retire_plugin(&PluginRef::Latest(name("psi"))).expect("retires");
    assert_eq!(retired.version, "1.10.0");
    assert_eq!(latest(&world).as_deref(), Some("1.9.0"));
    assert!(matches!(world.storage().retire_plugin(&PluginRef::Digest(retired.digest)), Err(Error::NotFound { .. })));
    let by_version = PluginRef::Version(name("psi"), "1.10.0".into());
    assert_eq!(world.storage().plugin(&by_version).expect("reads").map(|record| record.digest), Some(retired.digest));
    let again = world.storage().install_plugin(plugin("psi", "1.10.0", b"wasm 1.10.0"), b"wasm 1.10.0");
    assert_eq!(again.expect("installs"), Installed::AlreadyThere);
    assert_eq!(latest(&world).as_deref(), Some("1.10.0"), "installing again brings it back");
    assert_eq!(world.storage().plugin_wasm(&retired.digest).expect("reads"), b"wasm 1.10.0");
    assert_eq!(world.storage().plugin(&PluginRef::Latest(name("ks"))).expect("reads"), None);
}

#[test]
fn a_version_means_one_plugin_for_ever() {
    let world = World::new();
    world.storage().install_plugin(plugin("psi", "1.0.0", b"one"), b"one").expect("installs");
    let error = world.storage().install_plugin(plugin("psi", "1.0.0", b"two"), b"two").expect_err("refused");
    assert!(matches!(error, Error::VersionTaken { .. }) && error.to_string().contains("psi@1.0.0"), "{error}");
    assert_eq!(world.storage().plugin_wasm(&Digest::of(b"one")).expect("reads"), b"one");
    assert!(matches!(world.storage().plugin_wasm(&Digest::of(b"two")), Err(Error::NotFound { .. })));
}

#[test]
fn limits_and_fuel_are_kept_until_others_come() {
    let mut world = World::new();
    let install = |world: &World, limits: Option<&str>| {
        let record = PluginRecord { limits: limits.map(str::to_owned), ..plugin("psi", "1.0.0", b"one") };
        world.storage().install_plugin(record, b"one").expect("installs");
    };
    let kept = |world: &World| {
        let record = world.storage().plugin(&PluginRef::Digest(Digest::of(b"one"))).expect("reads").expect("there");
        (record.limits, record.fuel)
    };
    install(&world, Some("{\"call_ms\":5}"));
    assert_eq!(world.storage().unmeasured_plugins().expect("reads"), [Digest::of(b"one")]);
    world.storage().measure_plugin(&Digest::of(b"one"), "{}".into()).expect("kept");
    assert_eq!(world.storage().unmeasured_plugins().expect("reads"), []);
    install(&world, None);
    world.restart();
    assert_eq!(kept(&world), (Some("{\"call_ms\":5}".into()), Some("{}".into())));
    install(&world, Some("{\"call_ms\":6}"));
    assert_eq!(kept(&world), (Some("{\"call_ms\":6}".into()), Some("{}".into())));
}

#[test]
fn plugins_are_listed_page_by_page() {
    let world = World::new();
    for (plugin_name, version) in [("b", "1.0.0"), ("a", "2.0.0"), ("a", "1.0.0")] {
        let wasm = format!("{plugin_name}{version}");
        world
            .storage()
            .install_plugin(plugin(plugin_name, version, wasm.as_bytes()), wasm.as_bytes())
            .expect("installs");
    }
    let page = |after: Option<(&str, &str)>, limit| {
        let key = after.map(|(plugin_name, version)| (name(plugin_name), version));
        let key = key.as_ref().map(|(plugin_name, version)| (plugin_name, *version));
        let found = world.storage().plugins(key, limit).expect("reads");
        found.into_iter().map(|record| format!("{}@{}", record.name, record.version)).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), ["a@1.0.0", "a@2.0.0"]);
    assert_eq!(page(Some(("a", "2.0.0")), 2), ["b@1.0.0"]);
}

#[test]
fn a_damaged_component_is_never_handed_out() {
    let world = World::new();
    world.storage().install_plugin(plugin("psi", "1.0.0", b"one"), b"one").expect("installs");
    let digest = Digest::of(b"one");
    fs::write(world.dir.path().join(format!("plugins/{}.wasm", digest.hex())), b"two").expect("writes");
    assert!(matches!(world.storage().plugin_wasm(&digest), Err(Error::Corrupt { .. })));
}

fn evaluation(n: u128, plugin: &str, status: &str) -> EvaluationRecord {
    EvaluationRecord {
        id: Uuid::from_u128(n),
        model: name("m"),
        plugin: plugin.into(),
        status: status.into(),
        created: time(n as i64 / 2),
        finished: None,
        request: "{}".into(),
        result: "{}".into(),
    }
}

fn aggregate(start: i64, metric: &str, value: Option<f64>, evaluation: Option<u128>) -> Aggregate {
    Aggregate {
        window: window(start, start + 10),
        name: metric.into(),
        value,
        slice: "{}".into(),
        source: if evaluation.is_some() { Source::Evaluation } else { Source::User },
        evaluation: evaluation.map(Uuid::from_u128),
        labels: "{}".into(),
        created: time(3),
    }
}

#[test]
fn evaluations_are_listed_newest_first_and_filtered() {
    let world = world_with_model();
    for (n, plugin) in (1..).zip(["psi@1.0.0", "psi@2.0.0", "ks@1.0.0", "psi-extra@1.0.0", "psi@1.0.0"]) {
        world.storage().put_evaluation(evaluation(n, plugin, "running"), vec![], vec![]).expect("writes");
    }
    world.storage().put_evaluation(evaluation(3, "ks@1.0.0", "failed"), vec![], vec![]).expect("updates");
    let list = |filter: EvaluationFilter, after: Option<u128>, limit| {
        let found = world.storage().evaluations(&filter, after.map(Uuid::from_u128), limit).expect("reads");
        found.into_iter().map(|record| record.id.as_u128()).collect::<Vec<_>>()
    };
    let all = EvaluationFilter::default;
    assert_eq!(list(all(), None, 10), [5, 4, 3, 2, 1]);
    assert_eq!(list(all(), None, 2), [5, 4]);
    assert_eq!(list(all(), Some(4), 2), [3, 2]);
    assert_eq!(list(EvaluationFilter { plugin: Some("psi".into()), ..all() }, None, 10), [5, 2, 1]);
    assert_eq!(list(EvaluationFilter { plugin: Some("psi@1.0.0".into()), ..all() }, None, 10), [5, 1]);
    assert_eq!(list(EvaluationFilter { status: Some("failed".into()), ..all() }, None, 10), [3]);
    assert_eq!(list(EvaluationFilter { model: Some(name("other")), ..all() }, None, 10), []);
    assert_eq!(
        world.storage().evaluation(Uuid::from_u128(3)).expect("reads").map(|e| e.status).as_deref(),
        Some("failed")
    );
    assert_eq!(world.storage().evaluation(Uuid::from_u128(9)).expect("reads"), None);
    let unknown = world.storage().put_evaluation(
        EvaluationRecord { model: name("x"), ..evaluation(9, "a", "b") },
        vec![],
        vec![],
    );
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
}

#[test]
fn an_evaluation_replaces_its_own_aggregates_only() {
    let mut world = world_with_model();
    world.storage().append_aggregates(&name("m"), vec![aggregate(5, "psi", Some(0.5), None)]).expect("writes");
    world
        .storage()
        .put_evaluation(evaluation(1, "psi@1.0.0", "running"), vec![aggregate(0, "psi", None, Some(1))], vec![])
        .expect("writes");
    let results = vec![aggregate(0, "psi", Some(0.1), Some(1)), aggregate(20, "ks", Some(f64::NAN), Some(1))];
    world.storage().put_evaluation(evaluation(1, "psi@1.0.0", "succeeded"), results, vec![]).expect("writes");
    world.restart();
    let list = |filter: AggregateFilter| {
        let found = world.storage().aggregates(&name("m"), &filter, None, 10).expect("reads");
        found.into_iter().map(|(_, a)| (a.window.start().micros(), a.name, a.value, a.source)).collect::<Vec<_>>()
    };
    let first = (0, "psi".to_owned(), Some(0.1), Source::Evaluation);
    let second = (5, "psi".to_owned(), Some(0.5), Source::User);
    let third = (20, "ks".to_owned(), None, Source::Evaluation);
    let all = AggregateFilter::default;
    assert_eq!(list(all()), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(list(AggregateFilter { name: Some("psi".into()), ..all() }), [first.clone(), second.clone()]);
    assert_eq!(list(AggregateFilter { window: Some(window(10, 20)), ..all() }), [second]);
    assert_eq!(list(AggregateFilter { evaluation: Some(Uuid::from_u128(1)), ..all() }), [first, third]);
}

#[test]
fn aggregates_are_listed_page_by_page() {
    let world = world_with_model();
    let many = (0..7).map(|n| aggregate(n / 3, "psi", Some(n as f64), None)).collect();
    world.storage().append_aggregates(&name("m"), many).expect("writes");
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = world.storage().aggregates(&name("m"), &AggregateFilter::default(), after, 2).expect("reads");
        let Some((key, _)) = page.last() else { break };
        after = Some(*key);
        seen.extend(page.into_iter().filter_map(|(_, aggregate)| aggregate.value));
    }
    assert_eq!(seen, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let unknown = world.storage().aggregates(&name("m"), &AggregateFilter::default(), Some(99), 2);
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
}
