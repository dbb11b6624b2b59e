//! Pages of predictions as JSON and NDJSON.

use std::str::FromStr;

use arrow::{
    array::{Array, AsArray},
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
};
use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use driftline_core::{RESERVED, Span, Time, Window};
use driftline_eval::{Error, Page, Position};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    problem::Problem,
    wire::{Instant, PredictionPage},
};

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One JSON object.
    Json,
    /// One JSON object a row.
    Ndjson,
}

impl Shape {
    /// The first shape that the client accepts.
    ///
    /// # Errors
    /// 406 when it accepts none of them.
    pub fn accepted(headers: &HeaderMap) -> Result<Self, Problem> {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        for range in accept.split(',') {
            match range.split(';').next().unwrap_or_default().trim() {
                "application/x-ndjson" | "application/ndjson" | "application/jsonl" => return Ok(Self::Ndjson),
                "application/json" | "application/*" | "*/*" | "" => return Ok(Self::Json),
                _ => {}
            }
        }
        let detail = format!("none of `{accept}` can be given: accept application/json or application/x-ndjson");
        Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail).at("accept"))
    }

    /// The page as an answer.
    ///
    /// # Errors
    /// 500 when a column is of a type that no model has.
    pub fn answer(self, page: &Page) -> Result<Response, Problem> {
        let items = rows(page)?;
        let next_cursor = page.next.map(|position| Cursor(position).to_string());
        if self == Self::Json {
            return Ok(Json(PredictionPage { items, next_cursor }).into_response());
        }
        let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
        let mut response = ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response();
        if let Some(cursor) = next_cursor.and_then(|cursor| cursor.parse().ok()) {
            response.headers_mut().insert("x-next-cursor", cursor);
        }
        Ok(response)
    }
}

/// A place in the order of time and id, as text: microseconds, a dash, the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Position);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.0.time_micros, Uuid::from_bytes(self.0.id).simple())
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, id) = text.split_once('_').ok_or(())?;
        let id = Uuid::try_parse(id).map_err(|_| ())?.into_bytes();
        Ok(Self(Position { time_micros: time.parse().map_err(|_| ())?, id }))
    }
}

/// The evaluator speaks of a filter; the query calls it `where`.
pub fn query_problem(error: Error) -> Problem {
    let problem = Problem::from(error);
    match problem.field.as_deref() {
        Some("filter") => problem.at("where"),
        _ => problem,
    }
}

/// The window of two optional bounds; `None` without any.
///
/// # Errors
/// 422 when it ends before it starts.
pub fn window(start: Option<Instant>, end: Option<Instant>) -> Result<Option<Window>, Problem> {
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let for_ever = Span::from_micros(i64::MAX).map(|span| (Time::EPOCH.before(span), Time::EPOCH.after(span)));
    let (earliest, latest) = for_ever.unwrap_or((Time::EPOCH, Time::EPOCH));
    let window = Window::new(start.map_or(earliest, |start| start.0), end.map_or(latest, |end| end.0));
    window.map(Some).map_err(|error| Problem::invalid("invalid_window", error.to_string()).at("end"))
}

fn rows(page: &Page) -> Result<Vec<Value>, Problem> {
    let schema = page.rows.schema();
    (0..page.rows.num_rows())
        .map(|row| {
            let (mut item, mut metrics) = (Map::new(), Map::new());
            for (field, array) in schema.fields().iter().zip(page.rows.columns()) {
                if array.is_null(row) {
                    continue;
                }
                let target = if RESERVED.contains(&field.name().as_str()) { &mut item } else { &mut metrics };
                target.insert(field.name().clone(), cell(array, row)?);
            }
            item.insert("metrics".into(), metrics.into());
            Ok(item.into())
        })
        .collect()
}

/// A cell as JSON; NaN and infinities, which JSON has not, as null.
fn cell(array: &dyn Array, row: usize) -> Result<Value, Problem> {
    Ok(match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            Time::from_micros(micros).map_err(Problem::internal)?.to_string().into()
        }
        DataType::FixedSizeBinary(16) => {
            Uuid::from_slice(array.as_fixed_size_binary().value(row)).map_err(Problem::internal)?.to_string().into()
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            items.as_primitive::<Float64Type>().iter().map(Value::from).collect()
        }
        other => return Err(Problem::internal(format!("a column has the type {other}"))),
    })
}
