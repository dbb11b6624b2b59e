//! Uploads that cannot be installed: each is refused with its own code and advice.

use driftline_sandbox::{Error, Limits, RefusalCode};

use crate::guest::{DESCRIPTION, Place, text, wasm};

fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_unusable_upload_is_refused_with_advice() {
    use RefusalCode::{
        DescribeDeadline, DescribeFailed, DescribeInvalid, DescribeTrapped, InvalidWasm, NotWasm, TooLarge, Truncated,
        WorldMismatch,
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
            "it exports nothing but not `driftline:metric/metric@0.1.0`",
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
            WorldMismatch,
            "build it against driftline:metric@0.1.0",
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
            WorldMismatch,
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
            parse(&wrong_describe()),
            WorldMismatch,
            "wanted describe: func() -> string, found func() -> u32",
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
        ("columns", wasm(&[("DESCRIBE", "(drop (call $rows))")]), DescribeFailed, "outside `update`"),
        ("nonsense", wasm(&[("DESCRIPTION", "nonsense")]), DescribeInvalid, "is not JSON"),
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
    let place = Place::new(Limits { call_ms: 100, memory_bytes: 64 << 20, ..Limits::default() });
    let options = driftline_sandbox::Options {
        upload_bytes: 4 << 20,
        ..crate::guest::options(place.dir.path(), Limits { call_ms: 100, memory_bytes: 64 << 20, ..Limits::default() })
    };
    let sandbox = driftline_sandbox::Sandbox::new(options).expect("a sandbox");
    for (what, bytes, code, text) in &cases {
        let Err(Error::Refused(refusal)) = sandbox.inspect(bytes) else { panic!("{what} was accepted") };
        assert_eq!(refusal.code, *code, "{what}: {refusal}");
        assert!(refusal.message.contains(text), "{what}: {refusal}");
    }
    assert!(DESCRIPTION.contains("test"));
    assert_eq!(
        std::fs::read_dir(place.dir.path()).expect("listed").count(),
        0,
        "what is refused leaves nothing behind"
    );
    assert!(sandbox.inspect(&good).is_ok());
}

/// A component whose `describe` gives a number, with the other functions there but empty.
fn wrong_describe() -> String {
    let none = r#"(canon lift (core func $core "f"))"#;
    let export = |name: &str| format!(r#"(export "{name}" (func $f))"#);
    let names = ["describe", "evaluate"].map(export).concat();
    format!(
        r#"(component
            (core module $m (func (export "f") (result i32) i32.const 0))
            (core instance $core (instantiate $m))
            (type $r (resource (rep i32)))
            (func $f (result u32) {none})
            (component $c
              (import "f" (func $f (result u32)))
              (import "r" (type $r (sub resource)))
              (export $s "accumulator" (type $r))
              {names})
            (instance $i (instantiate $c (with "f" (func $f)) (with "r" (type $r))))
            (export "driftline:metric/metric@0.1.0" (instance $i)))"#
    )
}
