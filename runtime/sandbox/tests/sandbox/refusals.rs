//! Uploads that cannot be installed: each is refused with its own code and advice.

use driftline_sandbox::{Error, Limits, Options, RefusalCode, Sandbox};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::guest::{Place, options, text, wasm};

fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_unusable_upload_is_refused_with_advice() {
    use RefusalCode::{
        ContractVersion, DescribeDeadline, DescribeFailed, DescribeInvalid, DescribeTrapped, InvalidWasm, NotWasm,
        TooLarge, Truncated, WorldMismatch,
    };
    let good = wasm(&[]);
    let cut = good[..good.len() / 2].to_vec();
    let renamed = |from: &str, to: &str| parse(&text(&[]).replace(from, to));
    let cases: Vec<(&str, Vec<u8>, RefusalCode, &str)> = vec![
        ("empty", vec![], NotWasm, "it is empty"),
        ("text", b"(module)".to_vec(), NotWasm, "wasm-tools parse"),
        ("too large", vec![0; 5 << 20], TooLarge, "may have 4194304"),
        ("half", cut, Truncated, "ends too early"),
        ("threads", parse("(module (memory 1 1 shared))"), InvalidWasm, "threads"),
        ("invalid", b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x00".to_vec(), InvalidWasm, "wasm-tools validate"),
        ("a module of nothing", parse("(module)"), WorldMismatch, "describe"),
        (
            "a component of nothing",
            parse("(component)"),
            WorldMismatch,
            "it exports nothing but not `driftline:metric/metric@0.1.1`",
        ),
        (
            "a component that exports another",
            parse(r#"(component (instance $i) (export "a:b/c" (instance $i)))"#),
            WorldMismatch,
            "it exports `a:b/c`",
        ),
        (
            "another version",
            parse(r#"(component (instance $i) (export "driftline:metric/metric@0.2.0" (instance $i)))"#),
            ContractVersion,
            "built against driftline:metric@0.2.0 (`driftline:metric/metric@0.2.0`), and this runtime offers driftline:metric@0.1.1",
        ),
        (
            "no functions",
            parse(r#"(component (instance $i) (export "driftline:metric/metric@0.1.0" (instance $i)))"#),
            WorldMismatch,
            "lacks `describe` (describe: func() -> string)",
        ),
        ("a foreign import", parse(r#"(component (import "a:b/c" (instance)))"#), WorldMismatch, "it imports `a:b/c`"),
        (
            "the network",
            parse(r#"(component (import "wasi:http/types@0.2.0" (instance)))"#),
            WorldMismatch,
            "build without wasi:http",
        ),
        (
            "a newer import",
            parse(r#"(component (import "driftline:metric/columns@0.2.0" (instance)))"#),
            ContractVersion,
            "`driftline:metric/columns@0.2.0`",
        ),
        (
            "an unknown import",
            renamed("\"driftline:metric/columns@0.1.0\" \"bytes\"", "\"env\" \"bytes\""),
            WorldMismatch,
            "env",
        ),
        ("an unknown function", renamed("\"bytes\" (func", "\"bites\" (func"), WorldMismatch, "bites"),
        (
            "a missing export",
            renamed("[method]accumulator.state", "[method]accumulator.stat"),
            WorldMismatch,
            "it does not export `driftline:metric/metric@0.1.0#[method]accumulator.state`",
        ),
        (
            "a wrong signature",
            built_against(|text| text.replace("describe: func() -> string", "describe: func() -> u32")),
            WorldMismatch,
            "wanted describe: func() -> string, found func() -> u32",
        ),
        (
            "a wrong record",
            built_against(|text| text.replace("note: option<string>,", "note: option<string>, more: u32,")),
            WorldMismatch,
            "its function `evaluate` has the wrong type: wanted evaluate: func(current: borrow<accumulator>",
        ),
        (
            "a wrong import",
            built_against(|text| {
                text.replace("numbers: func(column: u32) -> list<f64>", "numbers: func(column: u32) -> list<f32>")
            }),
            WorldMismatch,
            "numbers",
        ),
        (
            "a later version",
            built_against(|text| text.replace("@0.1.0", "@0.2.0")),
            ContractVersion,
            "built against driftline:metric@0.2.0",
        ),
        ("a trap", wasm(&[("DESCRIBE", "unreachable")]), DescribeTrapped, "`describe` trapped"),
        (
            "a loop",
            wasm(&[("DESCRIBE", "(loop $ever (br $ever))")]),
            DescribeDeadline,
            "`describe` ran longer than its 100 ms",
        ),
        (
            "a loop at start",
            wasm(&[("EXTRA", "(func $ever (loop $l (br $l))) (start $ever)")]),
            DescribeDeadline,
            "`start` ran longer",
        ),
        (
            "a trap at start",
            wasm(&[("EXTRA", "(func $never unreachable) (start $never)")]),
            DescribeTrapped,
            "`start` trapped",
        ),
        ("too much memory", wasm(&[("EXTRA", "(memory $side 2000)")]), DescribeFailed, "MiB"),
        (
            "too little memory of its own",
            wasm(&[(
                "DESCRIPTION",
                r#"{"name": "a", "version": "1.0.0", "outputs": [{"name": "a"}], "limits": {"memory_bytes": 65536}}"#,
            )]),
            DescribeFailed,
            "may have 1 MiB",
        ),
        ("columns", wasm(&[("DESCRIBE", "(drop (call $rows))")]), DescribeFailed, "outside `update`"),
        ("nonsense", wasm(&[("DESCRIPTION", "nonsense")]), DescribeInvalid, "a text that is not JSON"),
        (
            "no outputs",
            wasm(&[("DESCRIPTION", r#"{"name": "a", "version": "1.0.0"}"#)]),
            DescribeInvalid,
            "`outputs` is empty",
        ),
        (
            "a moody one",
            wasm(&[(
                "DESCRIBE",
                "(i32.store8 (i32.const 2058) (i32.add (i32.load8_u (i32.const 2058)) (i32.const 1)))",
            )]),
            DescribeInvalid,
            "when called again",
        ),
    ];
    let limits = Limits { call_ms: 100, memory_bytes: 64 << 20, ..Limits::default() };
    let dir = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::new(Options { upload_bytes: 4 << 20, ..options(dir.path(), limits) }).expect("a sandbox");
    for (what, bytes, code, text) in &cases {
        let Err(Error::Refused(refusal)) = sandbox.inspect(bytes) else { panic!("{what} was accepted") };
        assert_eq!(refusal.code, *code, "{what}: {refusal}");
        assert!(refusal.message.contains(text), "{what}: {refusal}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 0, "what is refused leaves nothing behind");
    assert!(sandbox.inspect(&good).is_ok());
}

/// The guest as it would be if it had been built against an edited contract.
fn built_against(edit: impl Fn(&str) -> String) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = edit(include_str!("../../../../wit/frozen/0.1.0/metric.wit"));
    let package = resolve.push_str("metric.wit", &contract).unwrap_or_else(|error| panic!("{error:#}"));
    let world = resolve.select_world(&[package], None).expect("one world");
    let mut module = parse(&edit(&text(&[])));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
    module
}

#[test]
fn a_plugin_built_against_a_later_patch_of_the_contract_is_accepted() {
    let place = Place::new(Limits::default());
    let inspected = place.sandbox.inspect(&built_against(|text| text.replace("@0.1.0", "@0.1.5"))).expect("accepted");
    assert_eq!(inspected.world_version, "0.1.5");
}
