//! Bodies that are made while they are sent, and the same rows in every format.

use std::{
    io::{self, Write},
    sync::Arc,
};

use arrow::array::{ArrayRef, BooleanArray, Float64Array, ListArray, RecordBatch};
use arrow::datatypes::Float64Type;
use flate2::{Compression, write::GzEncoder};
use futures::stream;
use reqwest::Body;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    ARROW, CSV, JSON, NDJSON, PARQUET, arrow_stream, float, id, id_column, integer, parquet, table, text, time,
};

/// Lines of JSON, made chunk by chunk.
pub struct Chunks {
    next: usize,
    rows: usize,
}

/// The bytes of one line, whatever its number.
const LINE: usize = 640;
const LINES_A_CHUNK: usize = 400;

/// About so many bytes of lines.
pub fn lines(bytes: usize) -> Chunks {
    Chunks { next: 0, rows: bytes / LINE }
}

impl Chunks {
    /// How many lines there are.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl Iterator for Chunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let end = (self.next + LINES_A_CHUNK).min(self.rows);
        let chunk: String = (self.next..end).map(line).collect();
        self.next = end;
        (!chunk.is_empty()).then(|| chunk.into_bytes())
    }
}

fn line(n: usize) -> String {
    let metrics: Vec<String> =
        (0..12).map(|k| format!("\"input.feature_with_a_long_name_{k:02}\": {}.5", (n * 7 + k) % 90)).collect();
    let line = format!("{{\"time\": {n}, \"metrics\": {{{}}}}}", metrics.join(", "));
    format!("{line:<width$}\n", width = LINE - 1)
}

/// Sent as it is, without saying how long it is.
pub fn chunked(chunks: Chunks) -> Body {
    Body::wrap_stream(stream::iter(chunks.map(Ok::<_, io::Error>)))
}

/// Sent compressed.
pub fn gzipped(chunks: Chunks) -> Body {
    let mut encoder = Some(GzEncoder::new(Vec::new(), Compression::fast()));
    let compressed = chunks.map(Some).chain([None]).map(move |chunk| match (chunk, &mut encoder) {
        (Some(chunk), Some(encoder)) => {
            encoder.write_all(&chunk)?;
            Ok(std::mem::take(encoder.get_mut()))
        }
        _ => encoder.take().map_or(Ok(Vec::new()), GzEncoder::finish),
    });
    Body::wrap_stream(stream::iter(compressed.collect::<Vec<io::Result<Vec<u8>>>>()))
}

const START: i64 = 1_000_000_000_000;

/// The same rows in every format: name, media type, body.
pub fn tables(rows: usize) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let json: Vec<Value> = (0..rows).map(row).collect();
    let lines: String = json.iter().map(|row| format!("{row}\n")).collect();
    let csv: String = json.iter().map(csv_line).collect();
    let csv = format!("id,time,account,score,flag,place,embedding,late\n{csv}");
    vec![
        ("json", JSON, Value::from(json).to_string().into_bytes()),
        ("ndjson", NDJSON, lines.into_bytes()),
        ("csv", CSV, csv.into_bytes()),
        ("arrow", ARROW, arrow_stream(&columns(rows))),
        ("parquet", PARQUET, parquet(&columns(rows))),
    ]
}

/// The rows of a dataset in the formats in which these must not have ids and times; others leave them out.
pub fn without_keys(format: &str, rows: usize) -> Option<Vec<u8>> {
    let rows = (0..rows).map(|n| json!({"metrics": row(n)["metrics"].take()}));
    match format {
        "json" => Some(rows.collect::<Value>().to_string().into_bytes()),
        "ndjson" => Some(rows.map(|row| format!("{row}\n")).collect::<String>().into_bytes()),
        _ => None,
    }
}

/// An integer column becomes one of floats near the end, and a new column comes.
fn row(n: usize) -> Value {
    let last = n + 1000 > 60_000;
    let mut metrics = json!({
        "account": account(n), "score": score(n), "flag": n.is_multiple_of(2), "place": place(n), "embedding": [n as f64 + 0.5, 1.0],
    });
    if last {
        metrics["late"] = json!(n);
    }
    json!({"id": id(n as u64), "time": START + n as i64, "metrics": metrics})
}

fn account(n: usize) -> i64 {
    i64::MAX - n as i64
}

fn score(n: usize) -> Value {
    if n < 59_000 { json!(n) } else { json!(n as f64 + 0.25) }
}

/// Texts that don't compress well, so that every format is large.
fn place(n: usize) -> String {
    let noise =
        |seed: u64| seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (0..6).map(|k| format!("{:016x}", noise(n as u64 * 6 + k + 1))).collect()
}

fn csv_line(row: &Value) -> String {
    let metrics = &row["metrics"];
    let cell = |name: &str| metrics.get(name).map(|cell| cell.as_str().map_or(cell.to_string(), str::to_owned));
    let cells = ["account", "score", "flag", "place", "embedding", "late"].map(|name| cell(name).unwrap_or_default());
    let [account, score, flag, place, embedding, late] = cells;
    let id = row["id"].as_str().expect("text");
    format!("{id},{},{account},{score},{flag},{place},\"{embedding}\",{late}\n", row["time"])
}

fn columns(rows: usize) -> RecordBatch {
    let ids: Vec<Uuid> = (0..rows).map(|n| id(n as u64).parse().expect("a UUID")).collect();
    let lists = (0..rows).map(|n| Some(vec![Some(n as f64 + 0.5), Some(1.0)]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists));
    let flags: ArrayRef = Arc::new(BooleanArray::from_iter((0..rows).map(|n| Some(n.is_multiple_of(2)))));
    let late = arrow::array::Int64Array::from_iter((0..rows).map(|n| (n + 1000 > 60_000).then_some(n as i64)));
    let scores: Float64Array = (0..rows).map(|n| score(n).as_f64()).collect();
    table(vec![
        ("id", id_column(&ids)),
        ("time", time((0..rows).map(|n| (START + n as i64) * 1000))),
        ("account", integer((0..rows).map(account))),
        ("score", float(scores.iter().flatten())),
        ("flag", flags),
        ("place", text((0..rows).map(place))),
        ("embedding", lists),
        ("late", Arc::new(late)),
    ])
}

/// Labels of the same predictions in a format: a number under `column`, and a text, in some rounds others than in others.
pub fn labels(format: &str, column: &str, rows: usize, round: usize) -> (&'static str, Vec<u8>) {
    let row = |n: usize| json!({"id": id(n as u64), "metrics": {column: truth(n, round), "note": place(n)}});
    match format {
        "json" => (JSON, (0..rows).map(row).collect::<Value>().to_string().into_bytes()),
        "ndjson" => (NDJSON, (0..rows).map(|n| format!("{}\n", row(n))).collect::<String>().into_bytes()),
        "csv" => {
            let lines = (0..rows).map(|n| format!("{},{},{}\n", id(n as u64), place(n), truth(n, round)));
            (CSV, format!("id,note,{column}\n{}", lines.collect::<String>()).into_bytes())
        }
        _ => {
            let ids: Vec<Uuid> = (0..rows).map(|n| id(n as u64).parse().expect("a UUID")).collect();
            let numbers = integer((0..rows).map(|n| truth(n, round)));
            let table = table(vec![("id", id_column(&ids)), (column, numbers), ("note", text((0..rows).map(place)))]);
            if format == "arrow" { (ARROW, arrow_stream(&table)) } else { (PARQUET, parquet(&table)) }
        }
    }
}

/// The number of a label.
pub fn truth(n: usize, round: usize) -> i64 {
    (n * 7 + round) as i64
}

/// Makes the end of a body wrong: the last row where it is text, the last bytes otherwise.
pub fn spoil(name: &str, body: &mut Vec<u8>) {
    let end = match name {
        "json" => body.len() - "]".len(),
        "ndjson" | "csv" => body.len() - 1,
        _ => body.len() - body.len() / 4,
    };
    let tail = body.split_off(end);
    match name {
        // The last cell is a number, and no more.
        "csv" => body.extend(b",1\n"),
        "json" | "ndjson" => {
            body.pop();
            body.extend(b", \"time\": 5}");
            body.extend(tail);
        }
        _ => {}
    }
}
