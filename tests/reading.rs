//! Rows come back in every format, whole, in order, from one snapshot; what breaks off does not look whole.

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray},
    datatypes::{Float64Type, Int64Type, TimestampMicrosecondType},
    ipc::reader::StreamReader,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ARROW, CSV, JSON, NDJSON, PARQUET, Reply, Server, id};

const ROWS: &str = "/v1/models/m/predictions";

async fn read(server: &Server, query: &str, accept: &str) -> Reply {
    server.send(Method::GET, &format!("{ROWS}?{query}"), &[("accept", accept)], "").await
}

/// A row whose time many others share, and which comes in no order.
fn row(n: u64) -> Value {
    let mixed = n * 7919 % 3000;
    json!({"id": id(mixed), "time": 1000 * (mixed / 10), "metrics": {"n": mixed, "half": mixed as f64 / 2.0, "odd": mixed % 2 == 1}})
}

/// 3,000 rows: in segments that overlap in time, and in the log.
async fn scattered() -> Server {
    let server = Server::start_with(&["--seal-rows", "500"]).await;
    for start in [0, 500, 1000, 1500, 2000] {
        let rows: Vec<Value> = (start..start + 500).map(row).collect();
        server.post(ROWS, &json!(rows)).await.expect(200);
        server.sealed("m").await;
    }
    for start in [2500, 2750] {
        let rows: Vec<Value> = (start..start + 250 - u64::from(start == 2750)).map(row).collect();
        server.post(ROWS, &json!(rows)).await.expect(200);
    }
    server
}

fn numbers(lines: &str) -> Vec<u64> {
    let number = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["metrics"]["n"].as_u64().expect("n");
    lines.lines().map(number).collect()
}

#[tokio::test]
async fn all_rows_come_in_the_order_of_time_and_id_and_pages_walk_the_same_way() {
    let server = scattered().await;
    let missing = 2999 * 7919 % 3000;
    let expected: Vec<u64> = (0..3000).filter(|n| *n != missing).collect();
    let whole = read(&server, "", NDJSON).await;
    assert_eq!(whole.status, 200, "{whole}");
    assert_eq!(numbers(&whole.text()), expected);
    for (limit, accept) in [(7, NDJSON), (997, NDJSON), (1000, JSON)] {
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = read(&server, &format!("limit={limit}&start=0&end=30000{cursor}"), accept).await;
            let next = match accept {
                JSON => {
                    let page = page.expect(200);
                    let items = page["items"].as_array().expect("items");
                    walked.extend(items.iter().map(|item| item["metrics"]["n"].as_u64().expect("n")));
                    page["next_cursor"].as_str().unwrap_or_default().to_owned()
                }
                _ => {
                    walked.extend(numbers(&page.text()));
                    page.header("x-next-cursor").to_owned()
                }
            };
            if next.is_empty() {
                break;
            }
            cursor = format!("&cursor={next}");
        }
        assert_eq!(walked, expected[..expected.partition_point(|n| *n < 300)], "{limit} {accept}");
    }
    let filtered = read(&server, "where=odd%20and%20n%20between%2010%20and%2020&columns=n", NDJSON).await.text();
    assert_eq!(numbers(&filtered), [11, 13, 15, 17, 19]);
    assert!(!filtered.contains("half"), "{filtered}");
}

/// Two rows with a cell of each type, one of them with nothing but its time; a label came late.
async fn of_every_type() -> Server {
    let server = Server::start().await;
    let rows = json!([
        {"id": id(1), "time": "2001-02-03T04:05:06.789Z", "end_time": "2001-02-04T00:00:00Z", "deployment": "süd, \"ost\"",
         "metrics": {"flag": true, "count": 9_007_199_254_740_993_i64, "score": 0.1, "place": "a\nb", "when": "2001-01-01T00:00:00Z", "vector": [1.0, 2.5]}},
        {"id": id(2), "time": "2001-02-03T04:05:07Z", "metrics": {}},
    ]);
    server.post(ROWS, &rows).await.expect(200);
    server.post("/v1/models/m/delayed-metrics", &json!([{"id": id(2), "metrics": {"late": 3}}])).await.expect(200);
    server
}

#[tokio::test]
async fn each_format_has_every_type() {
    let server = of_every_type().await;
    let lines = read(&server, "", NDJSON).await;
    assert_eq!(lines.header("content-type"), NDJSON);
    let items = read(&server, "", JSON).await.expect(200)["items"].clone();
    let parsed: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(parsed), items);
    assert_eq!(items[0]["metrics"]["count"], 9_007_199_254_740_993_i64);
    assert_eq!(items[1]["metrics"], json!({"late": 3}));

    let csv = read(&server, "columns=deployment,count,vector,late", CSV).await;
    assert_eq!(csv.header("content-type"), CSV);
    let expected = format!(
        "id,time,deployment,count,vector,late\n{},2001-02-03T04:05:06.789Z,\"süd, \"\"ost\"\"\",9007199254740993,\"[1.0,2.5]\",\n{},2001-02-03T04:05:07Z,,,,3\n",
        id(1),
        id(2)
    );
    assert_eq!(csv.text(), expected);

    let arrow = read(&server, "", ARROW).await;
    let arrow = StreamReader::try_new(&arrow.body[..], None).expect("a stream").collect::<Result<Vec<_>, _>>();
    let parquet = bytes::Bytes::from(read(&server, "", PARQUET).await.body);
    let parquet = ParquetRecordBatchReaderBuilder::try_new(parquet).expect("a file").build().expect("a reader");
    for batches in [arrow.expect("batches"), parquet.collect::<Result<Vec<_>, _>>().expect("batches")] {
        let schema = batches.first().expect("a batch").schema();
        let rows = arrow::compute::concat_batches(&schema, &batches).expect("one schema");
        assert_eq!(rows.num_rows(), 2);
        let column = |name: &str| Arc::clone(rows.column_by_name(name).expect(name));
        assert_eq!(column("time").as_primitive::<TimestampMicrosecondType>().value(0), 981_173_106_789_000);
        assert_eq!(column("count").as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
        assert_eq!(column("vector").as_list::<i32>().value(0).as_primitive::<Float64Type>().values()[..], [1.0, 2.5]);
        assert_eq!(column("id").as_fixed_size_binary().value(1)[15], 2);
        assert!(column("score").is_null(1) && column("late").is_valid(1));
    }
}

#[tokio::test]
async fn rows_that_went_out_come_in_again() {
    let server = of_every_type().await;
    for accept in [CSV, ARROW, PARQUET, NDJSON] {
        // When a label arrived is not for clients to say.
        let columns = "columns=end_time,deployment,flag,count,score,place,when,vector,late";
        let sent = read(&server, columns, accept).await.body;
        let model = accept.replace(['/', '.'], "-");
        server.upload(&format!("/v1/models/{model}/predictions"), accept, sent).await.expect(200);
        let again = server.get(&format!("/v1/models/{model}/predictions")).await.expect(200);
        let mut expected = read(&server, columns, JSON).await.expect(200);
        if accept == CSV {
            // Text is all that CSV says of these.
            expected["items"][0]["metrics"]["when"] = again["items"][0]["metrics"]["when"].clone();
            expected["items"][0]["metrics"]["vector"] = again["items"][0]["metrics"]["vector"].clone();
        }
        assert_eq!(again, expected, "{accept}");
    }
}

#[tokio::test]
async fn the_accept_header_chooses_and_an_empty_model_has_a_whole_answer() {
    let server = Server::start().await;
    server.put("/v1/models/m", &json!({})).await.expect(201);
    for (accept, expected) in [
        ("*/*", JSON),
        ("text/csv;q=0.3, application/x-ndjson;q=0.7", NDJSON),
        ("text/html, text/*;q=0.5", CSV),
        (PARQUET, PARQUET),
        (ARROW, ARROW),
    ] {
        let reply = read(&server, "", accept).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, expected), "{accept}");
    }
    assert_eq!(read(&server, "", CSV).await.text(), "id,time,end_time,deployment,labelled_at\n");
    assert_eq!(read(&server, "", NDJSON).await.text(), "");
    let arrow = read(&server, "", ARROW).await.body;
    assert_eq!(StreamReader::try_new(&arrow[..], None).expect("a stream").count(), 0);
    read(&server, "", "text/html").await.expect_problem(406, "not_acceptable", "accept");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_whole_answer() {
    let mut server = Server::start_with(&["--seal-rows", "3000"]).await;
    // Two files that are not worth joining.
    for (start, end) in [(0, 4000), (4000, 7000)] {
        let rows: Vec<Value> =
            (start..end).map(|n| json!({"id": id(n), "time": 1000 * n, "metrics": {"n": n}})).collect();
        server.post(ROWS, &json!(rows)).await.expect(200);
        server.sealed("m").await;
    }
    server.kill();
    let folder = server.data().join("segments/1");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let last = files.last().expect("a segment");
    let mut bytes = std::fs::read(last).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(last, bytes).expect("written");
    server.start_again().await;
    for accept in [NDJSON, CSV, ARROW] {
        // The connection may break before the first bytes have left.
        if let Ok(reply) = server.try_send(Method::GET, ROWS, &[("accept", accept)], "").await {
            assert!(reply.status == 200 && reply.is_cut, "{accept}: {} {}", reply.status, reply.body.len());
        }
    }
    let before = read(&server, "end=4000000", NDJSON).await;
    assert!(!before.is_cut && before.text().lines().count() == 4000);
    // What fails before the first byte is said.
    read(&server, "start=5000000", NDJSON).await.expect_problem(500, "internal_error", "");
    let sql = json!({"sql": "SELECT avg(n) FROM m"});
    server.post("/v1/sql", &sql).await.expect_problem(500, "internal_error", "");
}

#[tokio::test]
async fn one_prediction_is_found_by_its_id_wherever_it_is() {
    let server = Server::start_with(&["--seal-rows", "100"]).await;
    let rows = |start: u64, end: u64| -> Vec<Value> {
        (start..end).map(|n| json!({"id": id(n), "time": 1000 * n, "metrics": {"in": {"n": n}}})).collect()
    };
    server.post(ROWS, &json!(rows(0, 150))).await.expect(200);
    server.sealed("m").await;
    server.post(ROWS, &json!(rows(150, 200))).await.expect(200);
    let late = json!([{"id": id(7), "metrics": {"in.late": 1}}, {"id": id(170), "metrics": {"in.late": 2}}]);
    server.post("/v1/models/m/delayed-metrics", &late).await.expect(200);
    for (n, late) in [(0, None), (7, Some(1)), (149, None), (150, None), (170, Some(2)), (199, None)] {
        let row = server.get(&format!("{ROWS}/{}", id(n))).await.expect(200);
        assert_eq!((&row["id"], &row["metrics"]["in.n"]), (&json!(id(n)), &json!(n)), "{row}");
        assert_eq!(row["metrics"].get("in.late"), late.map(Value::from).as_ref(), "{row}");
        assert_eq!(row.get("labelled_at").is_some(), late.is_some(), "{row}");
    }
    for (path, status, code, field) in [
        (format!("{ROWS}/{}", id(200)), 404, "prediction_not_found", "id"),
        (format!("{ROWS}/seven"), 400, "invalid_path", "id"),
        (format!("/v1/models/nobody/predictions/{}", id(1)), 404, "model_not_found", "model"),
    ] {
        server.get(&path).await.expect_problem(status, code, field);
    }
}
