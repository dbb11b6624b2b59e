//! When the latest deployment of a model began.

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use driftline_core::{Name, Time};
use driftline_eval::{Error, Evaluator, Query};

use crate::{app::Shared, problem::Problem};

/// Memory for a table with a line for each deployment.
const MEMORY_BYTES: usize = 64 << 20;

/// The time of the first prediction of the deployment that began last; `None` when no prediction names one.
///
/// # Errors
/// Whatever keeps rows from being read.
pub async fn latest_deployment(app: &Shared, model: &Name) -> Result<Option<Time>, Problem> {
    let sql = format!(
        "SELECT min(time) AS began FROM \"{model}\" WHERE deployment IS NOT NULL GROUP BY deployment ORDER BY began DESC LIMIT 1"
    );
    let work = first_time(app.evaluator.clone(), Query { sql, memory_bytes: MEMORY_BYTES });
    Ok(app.evaluator.spawn(work).await.map_err(Problem::internal)??)
}

async fn first_time(evaluator: Evaluator, query: Query) -> Result<Option<Time>, Error> {
    let mut rows = evaluator.query(query).await?;
    while let Some(batch) = rows.next().await? {
        let times = batch.column(0).as_primitive_opt::<TimestampMicrosecondType>();
        let first = times.filter(|times| !times.is_empty() && times.is_valid(0)).map(|times| times.value(0));
        if let Some(time) = first.and_then(|micros| Time::from_micros(micros).ok()) {
            return Ok(Some(time));
        }
    }
    Ok(None)
}
