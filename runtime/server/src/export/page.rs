//! A page of predictions: all of it in memory, and where the next one begins in its head.

use arrow::array::RecordBatch;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use driftline_eval::{Evaluator, Position, ReadRequest};

use super::answer::NEXT_CURSOR;
use crate::{ingest::Format, problem::Problem, wire::Cursor};

/// A page ends after this many bytes, however few rows that are.
const MOST_BYTES: usize = 32 << 20;
/// Rows are written in parts of about this many bytes, so that a page is hardly larger than it may be.
const PART_BYTES: usize = 1 << 20;

/// Reads a page on the threads for that and answers with it.
///
/// # Errors
/// What the request asks wrongly, and whatever keeps rows from being read.
pub async fn page(evaluator: &Evaluator, request: ReadRequest, format: Format) -> Result<Response, Problem> {
    let work = read(evaluator.clone(), request, format);
    let (bytes, next_cursor) = evaluator.spawn(work).await.map_err(Problem::internal)??;
    let mut response = ([(header::CONTENT_TYPE, format.media_type())], bytes).into_response();
    // In JSON it is a member of the page.
    if let Some(cursor) = next_cursor.filter(|_| format != Format::Json).and_then(|cursor| cursor.parse().ok()) {
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    Ok(response)
}

async fn read(
    evaluator: Evaluator,
    request: ReadRequest,
    format: Format,
) -> Result<(Vec<u8>, Option<String>), Problem> {
    let mut rows = evaluator.read(request).await?;
    let mut bytes = Vec::new();
    let mut encoder = super::predictions(format, rows.schema(), &mut bytes)?;
    let mut cut = None;
    'page: while let Some(batch) = rows.next().await? {
        for part in parts(&batch) {
            encoder.write(&part, &mut bytes)?;
            if bytes.len() >= MOST_BYTES {
                cut = Position::of(&part, part.num_rows().saturating_sub(1));
                break 'page;
            }
        }
    }
    let next_cursor = cut.or(rows.rest()).map(|position| Cursor(position).to_string());
    encoder.finish(next_cursor.as_deref(), &mut bytes)?;
    Ok((bytes, next_cursor))
}

fn parts(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    let parts = batch.get_array_memory_size().div_ceil(PART_BYTES).max(1);
    let rows = batch.num_rows().div_ceil(parts).max(1);
    (0..batch.num_rows()).step_by(rows).map(move |start| batch.slice(start, rows.min(batch.num_rows() - start)))
}
