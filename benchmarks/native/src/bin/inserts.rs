//! Inserts rows of 20 columns into plain SQLite, as durable as Driftline: `WAL`, `synchronous=FULL`.
//!
//! `cargo run --release -p driftline-benchmark-native --bin inserts -- FILE --rows 100000 --batch 1000`

use std::{path::PathBuf, time::Instant};

use clap::Parser;
use rusqlite::{Connection, params_from_iter, types::Value};
use serde_json::json;

/// Inserts rows into an empty SQLite database and tells how long it took.
#[derive(Parser)]
struct Arguments {
    /// The database, a new file.
    file: PathBuf,
    /// How many rows.
    #[arg(long)]
    rows: i64,
    /// How many of them in one transaction.
    #[arg(long)]
    batch: i64,
}

const NUMBERS: usize = 14;
const COUNTS: usize = 4;
const PLACES: [&str; 4] = ["north", "south", "east", "west"];

fn main() -> anyhow::Result<()> {
    let Arguments { file, rows, batch } = Arguments::parse();
    let connection = open(&file)?;
    let sql = format!("INSERT INTO predictions VALUES (?{})", ", ?".repeat(1 + NUMBERS + COUNTS + 2));
    let start = Instant::now();
    for first in (0..rows).step_by(usize::try_from(batch)?) {
        let transaction = connection.unchecked_transaction()?;
        let mut insert = transaction.prepare_cached(&sql)?;
        for number in first..(first + batch).min(rows) {
            insert.execute(params_from_iter(row(number)))?;
        }
        drop(insert);
        transaction.commit()?;
    }
    println!("{}", json!({"seconds": start.elapsed().as_secs_f64(), "rows": rows}));
    Ok(())
}

/// A table like a model's predictions, its id the key.
fn open(file: &PathBuf) -> anyhow::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let columns: String = (0..NUMBERS)
        .map(|at| format!(", number_{at} REAL"))
        .chain((0..COUNTS).map(|at| format!(", count_{at} INTEGER")))
        .chain((0..2).map(|at| format!(", place_{at} TEXT")))
        .collect();
    let sql = format!("CREATE TABLE predictions (id BLOB PRIMARY KEY, time INTEGER{columns}) STRICT, WITHOUT ROWID");
    connection.execute_batch(&sql)?;
    Ok(connection)
}

/// The `number`th row; its id grows with time, as Driftline's do.
fn row(number: i64) -> impl Iterator<Item = Value> {
    let mut random = fastrand::Rng::with_seed(number.unsigned_abs());
    let id = (i128::from(number) << 64 | i128::from(random.i64(..))).to_be_bytes();
    let mut cells = vec![Value::Blob(id.to_vec()), Value::Integer(number * 1000)];
    cells.extend((0..NUMBERS).map(|_| Value::Real(random.f64())));
    cells.extend((0..COUNTS).map(|_| Value::Integer(random.i64(0..1000))));
    cells.extend((0..2).map(|_| Value::Text(PLACES[random.usize(..PLACES.len())].into())));
    cells.into_iter()
}
