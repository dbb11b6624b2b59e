//! Every prediction that the server holds.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

use super::{
    check::Difference,
    request::{MODEL, Prediction, Truth},
};
use crate::harness::Server;

#[derive(Deserialize)]
struct Page {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    time: String,
    metrics: Metrics,
}

#[derive(Deserialize)]
struct Metrics {
    score: f64,
    mark: i64,
    label: Option<i64>,
    cost: Option<f64>,
}

/// Rows by id: more than one where an id is stored more than once.
pub async fn rows(server: &Server) -> Result<BTreeMap<Uuid, Vec<(Prediction, Truth)>>, Difference> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let reply = server.get(&format!("/v1/models/{MODEL}/predictions?limit=10000{cursor}")).await;
        if reply.status == 404 {
            return Err(Difference("the model is lost".into()));
        }
        reply.expect(200);
        let page: Page = serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {reply}"));
        for Item { id, time, metrics } in page.items {
            let id: Uuid = id.parse().expect("an id");
            let time: jiff::Timestamp = time.parse().expect("a time");
            let prediction = Prediction { time: time.as_microsecond(), score: metrics.score, mark: metrics.mark };
            let truth = Truth { label: metrics.label, cost: metrics.cost };
            found.entry(id).or_default().push((prediction, truth));
        }
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}
