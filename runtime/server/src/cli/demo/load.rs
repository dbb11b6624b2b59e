//! Loads the sample: predictions first, the truth later, a custom metric.

use anyhow::Context;
use arrow::array::RecordBatch;
use bytes::Bytes;
use driftline_core::Name;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::cli::{client::Client, output::say, upload};

const SAMPLE: &[u8] = include_bytes!("../../../../../examples/flights/flights-sample.parquet");
const CUSTOM_METRIC: &[u8] = include_bytes!("../../../../../examples/custom-metric/rust/cost-by-segment.wasm");

/// What turns out only after the flight.
const LATE: [&str; 2] = ["late", "delay_minutes"];
const ROWS_A_REQUEST: usize = 5_000;

/// Does it, over HTTP only.
///
/// # Errors
/// What the server says.
pub async fn load(client: &Client, model: &Name) -> anyhow::Result<()> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::from_static(SAMPLE)).context("the sample is damaged")?;
    let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or_default();
    let sample = builder.with_batch_size(ROWS_A_REQUEST).build()?.collect::<Result<Vec<_>, _>>()?;

    let bar = upload::bar("predictions are tracked", Some(total));
    let mut ids = Vec::with_capacity(sample.len());
    for batch in &sample {
        ids.push(upload::track(client, model, &[columns(batch, |name| !LATE.contains(&name))?]).await?);
        bar.inc(batch.num_rows() as u64);
    }
    bar.finish();

    let bar = upload::bar("delays turn out, by id", Some(total));
    for (batch, ids) in sample.iter().zip(&ids) {
        upload::attach(client, model, ids, &columns(batch, |name| LATE.contains(&name))?).await?;
        bar.inc(batch.num_rows() as u64);
    }
    bar.finish();

    let plugin = client.upload("/v1/plugins", "application/wasm", None, Bytes::from_static(CUSTOM_METRIC)).await?;
    say(format_args!("\nThe custom metric {} is installed, as anyone would install it.", plugin["name"]))?;
    Ok(())
}

fn columns(batch: &RecordBatch, wanted: impl Fn(&str) -> bool) -> anyhow::Result<RecordBatch> {
    let schema = batch.schema();
    let chosen: Vec<usize> = (0..schema.fields().len()).filter(|at| wanted(schema.field(*at).name())).collect();
    Ok(batch.project(&chosen)?)
}
