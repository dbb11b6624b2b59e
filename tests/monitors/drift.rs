//! *Drift*: real flights, no truth at all. Distances from one airport shift for two weeks; only its alert is told.

use std::{fs::File, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch},
    compute::{cast, concat_batches, filter_record_batch},
    datatypes::{DataType, Int64Type, TimestampMicrosecondType},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::Method;
use serde_json::{Value, json};

use super::{House, told};
use crate::{
    harness::{ARROW, arrow_stream, repository, table},
    sinks::{http::HttpSink, smtp::SmtpSink},
};

const AIRPORTS: [&str; 3] = ["ATL", "DFW", "ORD"];
/// Flights from ORD are longer by so many miles in these weeks.
const SHIFT: i64 = 1500;
pub const SHIFTED: [&str; 2] = ["2001-04-02T00:00:00Z", "2001-04-16T00:00:00Z"];

/// The sample's flights from three airports, those from ORD shifted for two weeks.
pub fn flights() -> RecordBatch {
    let file = File::open(repository("examples/flights/flights-sample.parquet")).expect("the sample");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("Parquet");
    let batches: Vec<_> = reader.map(|batch| batch.expect("rows")).collect();
    let all = concat_batches(&batches[0].schema(), &batches).expect("one schema");
    let origin = cast(all.column_by_name("origin").expect("a column"), &DataType::Utf8).expect("text");
    let is_one: BooleanArray =
        origin.as_string::<i32>().iter().map(|name| Some(AIRPORTS.contains(&name.expect("an airport")))).collect();
    let few = filter_record_batch(&all, &is_one).expect("rows");
    let origin = cast(few.column_by_name("origin").expect("a column"), &DataType::Utf8).expect("text");
    let time: ArrayRef = few.column_by_name("time").expect("a column").clone();
    let times = cast(&time, &DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None)).expect("times");
    let times = times.as_primitive::<TimestampMicrosecondType>().clone();
    let distance = cast(few.column_by_name("distance").expect("a column"), &DataType::Int64).expect("numbers");
    let [from, until] = SHIFTED.map(super::micros);
    let shifted: Int64Array = (0..few.num_rows())
        .map(|row| {
            let is_shifted = origin.as_string::<i32>().value(row) == "ORD" && (from..until).contains(&times.value(row));
            distance.as_primitive::<Int64Type>().value(row) + if is_shifted { SHIFT } else { 0 }
        })
        .collect();
    table(vec![("time", time), ("origin", origin), ("distance", Arc::new(shifted))])
}

/// A monitor of the distances.
pub fn monitor() -> Value {
    json!({
        "model": "flights", "plugin": "psi", "inputs": {"value": "distance"}, "parameters": {"bins": 5},
        "group_by": ["origin"], "window": {"period": "week"}, "schedule": {"cron": "0 0 * * 1"}, "jitter": "0s",
        "reference": {"start": "2001-01-01T00:00:00Z", "end": "2001-02-01T00:00:00Z"},
        "thresholds": [{"constant": {"upper": 0.5}}],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shift_in_one_region_is_that_regions_alert() {
    let (http, smtp) = (HttpSink::start().await, SmtpSink::start().await);
    let house = House::at("2001-03-19T00:00:00Z").await;
    house.channels(&http, &smtp).await;
    let rows = arrow_stream(&flights());
    house.send(Method::POST, "/v1/models/flights/predictions", ARROW, rows).await.expect(200);
    let mut monitor = monitor();
    monitor["alerts"] = json!({"channels": ["hook", "mail"]});
    house.put("/v1/monitors/distances", &monitor).await.expect(201);
    let mondays = ["2001-03-26", "2001-04-02", "2001-04-09", "2001-04-16", "2001-04-23", "2001-04-30"]
        .map(|day| format!("{day}T00:00:00Z"));
    for monday in &mondays {
        house.turn_to(monday).await;
        let open = house.get("/v1/alerts").await.expect(200);
        let slices: Vec<_> = open["items"].as_array().expect("items").iter().map(|a| a["slice"].clone()).collect();
        let is_shifted = ["2001-04-09T00:00:00Z", "2001-04-16T00:00:00Z"].contains(&monday.as_str());
        assert_eq!(slices, if is_shifted { vec![json!({"origin": "ORD"})] } else { Vec::new() }, "{monday}: {open}");
    }
    let opened = json!(["opened", "distances", "critical", {"origin": "ORD"}, SHIFTED[0]]);
    let resolved = json!(["resolved", "distances", "critical", {"origin": "ORD"}, SHIFTED[1]]);
    assert_eq!(told(&http), [opened, resolved]);
    assert_eq!(smtp.mails().len(), 2);
    let status = house.get("/v1/monitors/status").await.expect(200);
    assert_eq!(status["items"][0]["next_due"], "2001-05-07T00:00:00Z", "{status}");
    assert_eq!(status["counts"]["late"], 0, "{status}");
}
