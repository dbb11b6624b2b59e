//! Queries under way: bounded in number, time, memory and rows.

use std::{sync::Arc, time::Duration};

use arrow::array::RecordBatch;
use axum::http::StatusCode;
use driftline_eval::{Evaluator, Query, QueryRows};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    config::Limits,
    export::{self, RowEncoder},
    ingest::Format,
    problem::Problem,
    wire::SqlRequest,
};

/// The most rows of an answer, and how many unless told.
const MOST_ROWS: usize = 1_000_000;
const ROWS: usize = 10_000;
/// Rows are encoded so many at a time, so that memory is counted before much of it is used.
const PART_ROWS: usize = 1024;

/// The queries of a server.
pub struct Queries {
    evaluator: Evaluator,
    memory_bytes: usize,
    longest: Duration,
    /// One permit for each query that runs or waits.
    admission: Semaphore,
    /// One permit for each query that runs.
    turns: Arc<Semaphore>,
}

/// The table that answers a query, encoded.
pub struct Answer {
    pub bytes: Vec<u8>,
    /// Whether there were more rows than were asked for.
    pub is_truncated: bool,
}

impl Queries {
    /// None under way.
    pub fn new(evaluator: Evaluator, limits: &Limits) -> Self {
        Self {
            evaluator,
            memory_bytes: limits.query_bytes,
            longest: limits.query_time,
            admission: Semaphore::new(limits.queries + limits.queued_queries),
            turns: Arc::new(Semaphore::new(limits.queries)),
        }
    }

    /// Answers a query within its time, which begins when it has come.
    ///
    /// # Errors
    /// 422 for what the statement asks wrongly or takes too much of, 429 when too many are under way.
    pub async fn run(&self, asked: SqlRequest, format: Format) -> Result<Answer, Problem> {
        let limit = limit(asked.limit)?;
        let time = self.time(asked.timeout.map(|length| length.0.micros()))?;
        let _place = self.admission.try_acquire().map_err(|_| too_many())?;
        let query = Query { sql: asked.sql, memory_bytes: self.memory_bytes };
        let answering = async {
            let turn = self.turns.clone().acquire_owned().await.map_err(Problem::internal)?;
            let work = answer(self.evaluator.clone(), query, limit, format, turn);
            self.evaluator.spawn(work).await.map_err(Problem::internal)?
        };
        // Whatever is still computed stops when its handle is dropped here.
        timeout(time, answering).await.map_err(|_| self.too_slow(time))?
    }

    fn time(&self, asked_micros: Option<i64>) -> Result<Duration, Problem> {
        let asked = asked_micros.map(|micros| Duration::from_micros(micros.unsigned_abs()));
        match asked.unwrap_or(DEFAULT_TIME.min(self.longest)) {
            time if time <= self.longest => Ok(time),
            _ => {
                let detail =
                    format!("`timeout` is longer than a query may take here: ask for at most {:?}", self.longest);
                Err(Problem::invalid("invalid_timeout", detail).at("timeout"))
            }
        }
    }

    fn too_slow(&self, time: Duration) -> Problem {
        let detail = format!(
            "the query was stopped after {time:?}: filter or select less, or allow more with `timeout` (at most {:?})",
            self.longest
        );
        Problem::invalid("query_timeout", detail).at("sql")
    }
}

const DEFAULT_TIME: Duration = Duration::from_secs(30);

fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(ROWS) {
        limit @ 1..=MOST_ROWS => Ok(limit),
        limit => {
            let detail =
                format!("`limit` is {limit}, but an answer has 1 to {MOST_ROWS} rows: choose a number in between");
            Err(Problem::invalid("invalid_limit", detail).at("limit"))
        }
    }
}

fn too_many() -> Problem {
    let detail = "too many queries are under way: try again in a moment";
    Problem::busy(StatusCode::TOO_MANY_REQUESTS, "queries_busy", detail, 1)
}

/// Runs a query; the turn is over when nothing of it is computed any more.
async fn answer(
    evaluator: Evaluator,
    query: Query,
    limit: usize,
    format: Format,
    _turn: OwnedSemaphorePermit,
) -> Result<Answer, Problem> {
    let mut rows = evaluator.query(query).await?;
    let mut bytes = Vec::new();
    let mut encoder = export::table(format, &rows.schema(), &mut bytes)?;
    let is_truncated = gather(&mut rows, limit, encoder.as_mut(), &mut bytes).await?;
    encoder.finish(None, &mut bytes)?;
    if format == Format::Json {
        bytes.extend(format!(r#","truncated":{is_truncated}}}"#).as_bytes());
    }
    Ok(Answer { bytes, is_truncated })
}

/// Encodes at most `limit` rows; tells whether there were more.
async fn gather(
    rows: &mut QueryRows,
    limit: usize,
    encoder: &mut dyn RowEncoder,
    bytes: &mut Vec<u8>,
) -> Result<bool, Problem> {
    let (mut left, mut counted) = (limit, 0);
    while let Some(batch) = rows.next().await? {
        for part in parts(&batch.slice(0, batch.num_rows().min(left))) {
            encoder.write(&part, bytes)?;
            rows.keep(bytes.capacity().saturating_sub(counted))?;
            counted = counted.max(bytes.capacity());
        }
        if batch.num_rows() > left {
            return Ok(true);
        }
        left -= batch.num_rows();
    }
    Ok(false)
}

fn parts(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    let starts = (0..batch.num_rows()).step_by(PART_ROWS);
    starts.map(|start| batch.slice(start, PART_ROWS.min(batch.num_rows() - start)))
}
