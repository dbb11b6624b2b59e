//! Plain DataFusion over Parquet files, with the batch size and the threads of Driftline.

use arrow::{
    array::AsArray,
    datatypes::{Float64Type, Int64Type},
};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

use crate::sums::Sums;

/// A table of Parquet files, and the question.
pub struct Plain {
    context: SessionContext,
    sql: String,
}

impl Plain {
    /// Reads their schema.
    pub async fn open(files: Vec<String>, [first, second]: &[String; 2]) -> anyhow::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let context =
            SessionContext::new_with_config(SessionConfig::new().with_batch_size(8192).with_target_partitions(threads));
        let table = context.read_parquet(files, ParquetReadOptions::default()).await?;
        context.register_table("rows", table.into_view())?;
        let sql =
            format!("SELECT count({second}), CAST(sum({first}) AS DOUBLE), CAST(sum({second}) AS DOUBLE) FROM rows");
        Ok(Self { context, sql })
    }

    /// One query.
    pub async fn run(&self) -> anyhow::Result<Sums> {
        let batches = self.context.sql(&self.sql).await?.collect().await?;
        let batch = batches.first().filter(|batch| batch.num_rows() == 1);
        let batch = batch.ok_or_else(|| anyhow::anyhow!("the query gave no row"))?;
        Ok(Sums {
            rows: u64::try_from(batch.column(0).as_primitive::<Int64Type>().value(0))?,
            first: batch.column(1).as_primitive::<Float64Type>().value(0),
            second: batch.column(2).as_primitive::<Float64Type>().value(0),
        })
    }
}
