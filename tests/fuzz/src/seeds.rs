//! What fuzzing starts from: a folder for each target in `corpus`.

use std::{fs, path::Path};

use driftline_core::MetricFactory;
use driftline_fuzz::{
    IMAGE, PLUGINS, life, opened,
    text::{KEEP_FIRST, SUM, TEXT, assembled},
};
use driftline_sandbox::Metering;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

type Seeds = Vec<(String, Vec<u8>)>;

/// Writes them all.
pub fn write() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let uploads = uploads(root);
    for (target, seeds) in [
        ("upload", uploads.clone()),
        ("componentize", uploads),
        ("reports", reports()),
        ("states", states()),
        ("foreign", foreign()),
    ] {
        let folder = root.join("corpus").join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes).expect("written");
        }
    }
}

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Core modules with and without their world inside, components, and what is refused.
fn uploads(root: &Path) -> Seeds {
    let plain = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]}"#;
    let rich = r#"{"name": "t", "version": "1.2.3", "doc": "d", "inputs": [{"name": "v", "kinds": ["number", "category"],
        "nullable": true, "optional": true, "repeated": true}], "outputs": [{"name": "a/*", "direction": "lower",
        "range": [0, null], "warning": 1, "critical": 2}], "parameters": {"type": "object", "properties": {"p": {"default": 1}}},
        "reference": "optional", "merges": false, "limits": {"call_ms": 100, "memory_bytes": 1048576}}"#;
    let guest = |description: &str, parts: &[(&str, &str)]| wasm(&assembled(TEXT, description, parts.iter().copied()));
    let clock = [(
        "IMPORTS",
        r#"(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))"#,
    )];
    let mut seeds: Seeds = vec![
        ("sum".into(), guest(plain, &[("UPDATE", SUM)])),
        ("lawless".into(), guest(plain, &[("UPDATE", SUM), ("MERGE", KEEP_FIRST)])),
        ("rich".into(), guest(rich, &[("UPDATE", SUM)])),
        ("wasi".into(), guest(plain, &clock)),
        ("module".into(), wasm("(module)")),
        ("nothing".into(), wasm("(component)")),
        ("import".into(), wasm(r#"(component (import "driftline:metric/columns@0.1.1" (instance)))"#)),
        ("export".into(), wasm(r#"(component (instance $i) (export "driftline:metric/metric@0.1.0" (instance $i)))"#)),
    ];
    let with_world = |mut module: Vec<u8>| {
        let mut resolve = Resolve::default();
        let contract = fs::read_to_string(root.join("../../wit/frozen/0.1.0/metric.wit")).expect("the contract");
        let package = resolve.push_str("metric.wit", &contract).expect("parsed");
        let world = resolve.select_world(&[package], None).expect("one world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
        module
    };
    seeds.push(("world".into(), with_world(seeds[0].1.clone())));
    for name in ["sum", "rich"] {
        let (_, module) = seeds.iter().find(|(other, _)| other == name).expect("made above");
        let component = driftline_sandbox::componentize(module, usize::MAX).expect("a component");
        seeds.push((format!("{name}-component"), component));
    }
    let built = root.join("../hostile/built");
    for name in ["describe-loops", "describe-traps", "foreign-import"] {
        seeds.push((name.into(), fs::read(built.join(format!("{name}.wasm"))).expect("a built guest")));
    }
    seeds
}

/// A piece of the guest's memory, written from its start.
#[derive(Default)]
struct Image(Vec<u8>);

impl Image {
    fn word(mut self, word: u32) -> Self {
        self.0.extend(word.to_le_bytes());
        self
    }

    fn number(mut self, number: f64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend(text.bytes());
        self
    }

    /// A pointer to what lies so far from the start, and a length.
    fn list(self, offset: u32, length: u32) -> Self {
        self.word(IMAGE + offset).word(length)
    }
}

fn reports() -> Seeds {
    let value = |report: Image, number: f64| {
        // Name, number, standard error, note: 56 bytes from 24 on.
        let report = report.list(80, 1).word(1).word(0).number(number).word(1).word(0).number(0.5);
        report.word(1).list(81, 1).word(0)
    };
    let one = |number: f64| value(Image::default().word(0).list(24, 1).list(0, 0).word(0), number).text("an");
    let failed = Image::default().word(1).word(2).list(16, 4).text("said");
    // One chart of one category and one series of two points.
    let chart = Image::default().word(0).list(0, 0).list(24, 1).word(0);
    let chart = chart.list(104, 1).list(105, 1).list(106, 1).list(107, 1).list(72, 1).list(80, 1);
    let chart = chart.list(104, 1).list(104, 1).list(112, 2).list(112, 2).text("cxyk    ").number(1.0).number(2.0);
    let seeds = [one(1.0), one(f64::NAN), one(f64::INFINITY), failed, chart];
    seeds.into_iter().enumerate().map(|(at, image)| (format!("report-{at}"), image.0)).collect()
}

fn states() -> Seeds {
    let answer = |which: u8, image: Image| [&[which][..], &image.0].concat();
    let call = |which: u32, words: [u32; 3]| {
        words.iter().fold(Image::default().word(which), |image, word| image.word(*word)).0
    };
    let mut seeds = vec![
        answer(0, Image::default().word(0).list(16, 4).word(0).text("kept")),
        answer(0, Image::default().word(1).word(1).list(16, 4).text("said")),
        answer(1, Image::default().word(0).word(1)),
        answer(1, Image::default().word(0).word(2)),
        answer(2, Image::default().word(0)),
        answer(2, Image::default().word(1).word(0).list(16, 4).text("said")),
    ];
    let calls = [
        call(0, [0, 0, 256]),
        call(1, [1, 0, 256]),
        call(2, [1, 0, 256]),
        call(3, [2, 0, 256]),
        call(4, [1, 0, 256]),
        call(5, [0, 0, 256]),
        call(6, [0, 0, 256]),
        call(7, [2, 0, 256]),
        call(8, [2, 0, 256]),
        call(9, [1, 0, 256]),
        call(10, [1, 2048, 40]),
    ];
    seeds.extend(calls.iter().map(|call| [&[3][..], call].concat()));
    seeds.push([&[3][..], &calls.concat()].concat());
    seeds.into_iter().enumerate().map(|(at, bytes)| (format!("state-{at}"), bytes)).collect()
}

/// States that the standard plugins made themselves.
fn foreign() -> Seeds {
    let cache = std::env::temp_dir().join("driftline-fuzz").join("seeds");
    let sandbox = life::sandbox(&cache, Default::default(), Metering::Off);
    let mut seeds = Seeds::new();
    for (at, name) in PLUGINS.iter().enumerate() {
        let (plugin, parameters) = opened(&sandbox, name);
        let layout = life::layout(&plugin);
        for rows in [0, 3, 30] {
            let mut metric = plugin.start(&layout, life::window()).expect("an instance");
            let one = metric.open(&parameters).expect("opened");
            metric.update(one, life::batch(&layout, rows)).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let state = metric.state(one).expect("a state");
            seeds.push((format!("{name}-{rows}"), [&[at as u8][..], &state].concat()));
        }
    }
    seeds
}
