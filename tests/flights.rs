//! Every week of three million flights gets the numbers that scikit-learn, SciPy and NumPy get.
//!
//! The data are `flights.parquet` and `flights_expected.json` in `../shared/data`
//! beside the repository, or in the folder that `DRIFTLINE_FLIGHTS` names;
//! without them the tests say so and pass.

mod expected;
mod source;

use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{ARROW, PARQUET, Reply, Server, arrow_stream, parquet};
use expected::Expected;
use source::Flights;

const PREDICTIONS: &str = "/v1/models/flights/predictions";
const DELAYED: &str = "/v1/models/flights/delayed-metrics";

/// The largest request that is answered with the ids that the server made.
const ANSWERED_WITH_IDS: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_week_is_right_also_after_a_restart_and_a_kill() {
    let Some((flights, expected)) = data() else { return };
    let mut server = Server::start().await;
    let started = Instant::now();

    let mut ids = Vec::with_capacity(flights.rows());
    let mut requests = stream::iter(flights.ranges(|_| ANSWERED_WITH_IDS))
        .map(|(start, rows)| {
            let body = arrow_stream(&flights.predictions(start, rows, None));
            server.upload(PREDICTIONS, ARROW, body)
        })
        .buffered(4);
    while let Some(reply) = requests.next().await {
        ids.extend(ids_in(&reply));
    }
    drop(requests);
    assert_eq!(ids.len(), flights.rows());
    println!("predictions: {:.1?}", started.elapsed());

    let labels = flights.ranges(|_| 200_000).into_iter().map(|(start, rows)| {
        let body = arrow_stream(&flights.labels(&ids[start..start + rows], start));
        server.upload(DELAYED, ARROW, body)
    });
    accepted(stream::iter(labels)).await;
    println!("labels: {:.1?}", started.elapsed());

    expected.check(&server, "as sent").await;
    println!("checked: {:.1?}", started.elapsed());
    server.restart().await;
    expected.check(&server, "after a restart").await;
    println!("checked after a restart: {:.1?}", started.elapsed());
    server.kill();
    server.start_again().await;
    expected.check(&server, "after a kill").await;
    println!("checked after a kill: {:.1?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_request_sizes_and_sealing_change_nothing() {
    let Some((flights, expected)) = data() else { return };
    let flights = flights.shuffled();
    let mut server = Server::start_with(&["--seal-rows", "100000"]).await;
    let started = Instant::now();
    let ids: Vec<Uuid> = (0..flights.rows()).map(|_| Uuid::new_v4()).collect();
    let half = flights.rows() / 2;

    // One row, a few, a hundred thousand: as requests really come. Half of the
    // labels are there before the predictions are sealed, half come after.
    let sizes = |turn: usize| [1, 150_000, 77, 64_001, 9_999, 199_999][turn % 6];
    for (start, rows) in flights.ranges(sizes) {
        if start < half && start + rows >= half {
            for seal_rows in ["1", "0"] {
                server.kill();
                server.set_options(&["--seal-rows", seal_rows]);
                server.start_again().await;
                if seal_rows == "1" {
                    server.sealed("flights").await;
                }
            }
        }
        let batch = flights.predictions(start, rows, Some(&ids[start..start + rows]));
        let reply = match rows % 2 {
            0 => server.upload(PREDICTIONS, PARQUET, parquet(&batch)).await,
            _ => server.upload(PREDICTIONS, ARROW, arrow_stream(&batch)).await,
        };
        assert_eq!(reply.expect(200)["accepted"], rows);
        let labels = flights.labels(&ids[start..start + rows], start);
        server.upload(DELAYED, ARROW, arrow_stream(&labels)).await.expect(200);
    }
    println!("predictions and labels: {:.1?}", started.elapsed());
    let model = server.get("/v1/models/flights").await.expect(200);
    let (all, unsealed) = (model["predictions"].as_u64(), model["unsealed_rows"].as_u64());
    assert_eq!(all, Some(flights.rows() as u64));
    assert!(unsealed > all.map(|rows| rows * 2 / 5) && unsealed < all.map(|rows| rows * 3 / 5), "half sealed: {model}");
    expected.check(&server, "shuffled, half sealed").await;
    println!("checked: {:.1?}", started.elapsed());
}

fn data() -> Option<(Flights, Expected)> {
    let Some(folder) = source::folder() else {
        println!("skipped: no ../shared/data beside the repository, and DRIFTLINE_FLIGHTS names no folder");
        return None;
    };
    Some((Flights::open(&folder), Expected::open(&folder)))
}

fn ids_in(reply: &Reply) -> Vec<Uuid> {
    let answer = reply.expect(200);
    let ids = answer["ids"].as_array().expect("ids");
    ids.iter().map(|id| Uuid::try_parse(id.as_str().expect("text")).expect("a UUID")).collect()
}

/// Sends requests four at a time; each must be accepted.
async fn accepted(requests: impl StreamExt<Item = impl Future<Output = Reply>>) {
    let replies = requests.buffered(4).map(|reply| Ok::<Value, ()>(reply.expect(200)));
    replies.try_collect::<Vec<_>>().await.expect("accepted");
}
