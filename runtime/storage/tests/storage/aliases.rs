//! Aliases of plugins, their moves, and what vouches for a plugin.

use driftline_core::Digest;
use driftline_storage::{Error, MoveKind, PluginRecord, PluginRef};

use crate::world::{World, name, time};

fn world_with(versions: &[&str]) -> World {
    let world = World::new();
    for version in versions {
        install(&world, "psi", version);
    }
    world
}

fn install(world: &World, plugin: &str, version: &str) -> Digest {
    let wasm = format!("{plugin} {version}");
    let digest = Digest::of(wasm.as_bytes());
    let record = PluginRecord {
        digest,
        name: name(plugin),
        version: version.into(),
        description: "{}".into(),
        size_bytes: wasm.len() as u64,
        installed: time(5),
        retired: None,
        laws: None,
        limits: None,
        fuel: None,
    };
    world.storage().install_plugin(record, wasm.as_bytes()).expect("installs");
    digest
}

fn version(version: &str) -> PluginRef {
    PluginRef::Version(name("psi"), version.into())
}

fn meant(world: &World, tag: &str) -> Option<String> {
    let which = PluginRef::tagged(name("psi"), tag).expect("a tag");
    world.storage().plugin(&which).expect("reads").map(|record| record.version)
}

fn set(world: &World, to: &str) -> Result<String, Error> {
    world.storage().set_alias(&name("psi"), &name("stable"), &version(to)).map(|alias| alias.version)
}

fn roll_back(world: &World) -> Result<String, Error> {
    world.storage().roll_back_alias(&name("psi"), &name("stable")).map(|alias| alias.version)
}

fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, .. }) => code,
        other => panic!("{other:?} is no conflict"),
    }
}

#[test]
fn an_alias_moves_rolls_back_and_remembers() {
    let mut world = world_with(&["1.0.0", "1.1.0", "2.0.0"]);
    assert_eq!(meant(&world, "stable"), None);
    assert!(matches!(roll_back(&world), Err(Error::NotFound { .. })), "it never existed");
    assert_eq!(set(&world, "1.0.0").expect("sets"), "1.0.0");
    assert_eq!(conflict(roll_back(&world)), "nothing_to_roll_back");
    for next in ["1.1.0", "1.1.0", "2.0.0"] {
        assert_eq!(set(&world, next).expect("moves"), next);
    }
    world.restart();
    assert_eq!(meant(&world, "stable").as_deref(), Some("2.0.0"));
    assert_eq!(roll_back(&world).expect("rolls back"), "1.1.0");
    assert_eq!(roll_back(&world).expect("further back"), "1.0.0");
    assert_eq!(conflict(roll_back(&world)), "nothing_to_roll_back");
    world.storage().remove_alias(&name("psi"), &name("stable")).expect("removes");
    assert_eq!(meant(&world, "stable"), None);
    assert!(matches!(world.storage().remove_alias(&name("psi"), &name("stable")), Err(Error::NotFound { .. })));
    assert_eq!(roll_back(&world).expect("brings it back"), "1.0.0");
    let moves = world.storage().alias_moves(&name("psi"), &name("stable")).expect("reads");
    let moves: Vec<_> = moves.iter().rev().map(|m| (m.kind, m.from.as_deref(), m.to.as_deref())).collect();
    assert_eq!(
        moves,
        [
            (MoveKind::Set, None, Some("1.0.0")),
            (MoveKind::Set, Some("1.0.0"), Some("1.1.0")),
            (MoveKind::Set, Some("1.1.0"), Some("2.0.0")),
            (MoveKind::RolledBack, Some("2.0.0"), Some("1.1.0")),
            (MoveKind::RolledBack, Some("1.1.0"), Some("1.0.0")),
            (MoveKind::Removed, Some("1.0.0"), None),
            (MoveKind::RolledBack, None, Some("1.0.0")),
        ]
    );
}

#[test]
fn what_an_alias_means_is_not_retired_and_what_is_retired_gets_no_alias() {
    let world = world_with(&["1.0.0", "2.0.0"]);
    set(&world, "2.0.0").expect("sets");
    assert_eq!(conflict(world.storage().retire_plugin(&version("2.0.0"))), "plugin_aliased");
    set(&world, "1.0.0").expect("moves");
    world.storage().retire_plugin(&version("2.0.0")).expect("retires");
    assert_eq!(meant(&world, "latest").as_deref(), Some("1.0.0"));
    assert_eq!(conflict(set(&world, "2.0.0")), "plugin_retired");
    assert_eq!(conflict(roll_back(&world)), "plugin_retired");
    let reinstated = world.storage().reinstate_plugin(&version("2.0.0")).expect("reinstates");
    assert_eq!(reinstated.retired, None);
    assert_eq!(meant(&world, "latest").as_deref(), Some("2.0.0"));
    assert_eq!(set(&world, "2.0.0").expect("moves"), "2.0.0");
}

#[test]
fn an_alias_is_of_one_plugin_and_listed_with_it() {
    let world = world_with(&["1.0.0"]);
    install(&world, "ks", "1.0.0");
    let of_another = PluginRef::Version(name("ks"), "1.0.0".into());
    let refused = world.storage().set_alias(&name("psi"), &name("stable"), &of_another);
    assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    for alias in ["stable", "canary"] {
        world.storage().set_alias(&name("psi"), &name(alias), &version("1.0.0")).expect("sets");
    }
    world.storage().set_alias(&name("ks"), &name("stable"), &of_another).expect("sets");
    let aliases = world.storage().aliases(&name("psi")).expect("reads");
    let listed: Vec<_> = aliases.iter().map(|alias| (alias.name.as_str(), alias.version.as_str())).collect();
    assert_eq!(listed, [("canary", "1.0.0"), ("stable", "1.0.0")]);
}

#[test]
fn a_tag_is_latest_a_version_or_an_alias() {
    for (tag, expected) in [
        ("latest", Some(PluginRef::Latest(name("psi")))),
        ("1.0.0-rc.1", Some(version("1.0.0-rc.1"))),
        ("1", Some(PluginRef::Alias(name("psi"), name("1")))),
        ("stable", Some(PluginRef::Alias(name("psi"), name("stable")))),
        ("", None),
        ("a b", None),
    ] {
        assert_eq!(PluginRef::tagged(name("psi"), tag), expected, "{tag}");
    }
}

#[test]
fn signatures_are_kept_one_for_each_key() {
    let mut world = World::new();
    let digest = install(&world, "psi", "1.0.0");
    for (key, signature) in [(2, 7), (1, 8), (2, 9)] {
        world.storage().sign_plugin(&digest, [key; 32], [signature; 64]).expect("keeps");
    }
    world.restart();
    let kept = world.storage().plugin_signatures(&digest).expect("reads");
    assert_eq!(kept.iter().map(|kept| (kept.key[0], kept.signature[63])).collect::<Vec<_>>(), [(1, 8), (2, 9)]);
    let unknown = Digest::of(b"unknown");
    assert!(matches!(world.storage().sign_plugin(&unknown, [1; 32], [1; 64]), Err(Error::NotFound { .. })));
    assert_eq!(world.storage().plugin_signatures(&unknown).expect("reads"), []);
}
