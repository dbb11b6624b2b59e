//! `driftline query`: SQL over what a server keeps, printed as a table.

use std::io::{IsTerminal, Write};

use anyhow::{Context, bail};
use arrow::{
    array::RecordBatch,
    datatypes::SchemaRef,
    ipc::reader::StreamReader,
    util::display::{ArrayFormatter, FormatOptions},
};
use clap::{Args, ValueEnum};
use comfy_table::Cell;
use serde_json::json;

use super::{
    client::{Client, ServerAddress},
    output::say,
    table,
};
use crate::ingest::Format as MediaType;

/// Answers a SQL statement and prints a table
///
/// Tables are models, columns, aggregates, evaluations, plugins and datasets,
/// and each model's predictions under the model's name (in double quotes unless
/// it is a plain word). Only SELECT, WITH, VALUES and EXPLAIN are answered.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  driftline query \"SELECT deployment, count(*), avg(score) FROM flights WHERE time >= '2001-02-01T00:00:00Z' GROUP BY deployment\""
)]
pub struct Query {
    /// The statement
    sql: String,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// At most this many rows [default: 10000]
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
    /// How long it may take, such as 2m [default: 30s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    #[command(flatten)]
    server: ServerAddress,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// The server's JSON
    Json,
    /// Comma-separated values with a header
    Csv,
    /// An Arrow IPC stream
    Arrow,
}

/// Does it.
///
/// # Errors
/// What the server says.
pub async fn run(query: Query) -> anyhow::Result<()> {
    if query.format == Format::Arrow && std::io::stdout().is_terminal() {
        bail!("an Arrow stream is nothing for a terminal: redirect standard output to a file");
    }
    let mut request = json!({"sql": query.sql});
    if let Some(limit) = query.limit {
        request["limit"] = limit.into();
    }
    if let Some(timeout) = query.timeout {
        request["timeout"] = timeout.into();
    }
    let media_type = if query.format == Format::Json { MediaType::Json } else { MediaType::ArrowStream };
    let client = Client::new(&query.server)?;
    let answer = client.post_for("/v1/sql", &request, media_type.media_type()).await?;
    match query.format {
        Format::Json | Format::Arrow => std::io::stdout().write_all(&answer.body)?,
        Format::Csv => print_csv(&answer.body)?,
        Format::Table => print_table(&answer.body)?,
    }
    if answer.is_truncated {
        eprintln!("there are more rows: raise --limit to see them");
    }
    Ok(())
}

fn print_table(body: &[u8]) -> anyhow::Result<()> {
    let (schema, batches) = rows(body)?;
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut lines = table::table(&names);
    each_row(&batches, "–", |row, cells| {
        let aligned = row.columns().iter().zip(cells).map(|(column, text)| match column.data_type().is_numeric() {
            true => table::number(text),
            false => Cell::new(text),
        });
        lines.add_row(aligned.collect::<Vec<_>>());
        Ok(())
    })?;
    say(lines)
}

fn print_csv(body: &[u8]) -> anyhow::Result<()> {
    let (schema, batches) = rows(body)?;
    let mut lines = csv::Writer::from_writer(std::io::stdout().lock());
    lines.write_record(schema.fields().iter().map(|field| field.name()))?;
    each_row(&batches, "", |_, cells| Ok(lines.write_record(cells)?))?;
    Ok(lines.flush()?)
}

fn rows(body: &[u8]) -> anyhow::Result<(SchemaRef, Vec<RecordBatch>)> {
    let reader = StreamReader::try_new(body, None).context("the server's answer is no Arrow stream")?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<_, _>>().context("the server's answer broke off")?;
    Ok((schema, batches))
}

/// Gives the cells of each row as text, `null` where there is none.
fn each_row(
    batches: &[RecordBatch],
    null: &str,
    mut take: impl FnMut(&RecordBatch, Vec<String>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let options = FormatOptions::default().with_null(null);
    for batch in batches {
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| column.value(row).try_to_string());
            take(batch, cells.collect::<Result<_, _>>()?)?;
        }
    }
    Ok(())
}
