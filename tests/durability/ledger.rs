//! What was sent, what was acknowledged, and what must therefore be stored.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use serde_json::{Value, json};

use crate::harness::id;

/// One request of a writer: predictions, or labels of predictions acknowledged before.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it goes.
    pub path: String,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// Its rows.
    pub rows: Vec<Value>,
}

impl Request {
    /// The rows as JSON.
    pub fn body(&self) -> String {
        json!(self.rows).to_string()
    }

    fn is_labels(&self) -> bool {
        self.path.ends_with("delayed-metrics")
    }
}

/// The writers' common book.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Default)]
struct Book {
    requests: u64,
    predictions: u64,
    /// Sent, not answered.
    open: HashMap<String, Request>,
    /// Acknowledged predictions: how often stored (once), and their label.
    kept: BTreeMap<String, (u64, Option<i64>)>,
    /// Acknowledged and not labelled yet.
    unlabelled: Vec<String>,
}

impl Ledger {
    /// The next request of a writer, noted as open: three of predictions, then one of labels.
    pub fn next(&self, writer: u64) -> Request {
        let mut book = self.0.lock().expect("the book");
        book.requests += 1;
        let number = book.requests;
        let (call, rows) = if number.is_multiple_of(4) && !book.unlabelled.is_empty() {
            ("delayed-metrics", book.labels(number))
        } else {
            ("predictions", book.predictions(number))
        };
        let request = Request { path: format!("/v1/models/ledger/{call}"), key: format!("{writer}-{number}"), rows };
        book.open.insert(request.key.clone(), request.clone());
        request
    }

    /// Notes that a request was acknowledged.
    pub fn acknowledge(&self, request: &Request) {
        let mut book = self.0.lock().expect("the book");
        book.open.remove(&request.key);
        for row in &request.rows {
            let id = row["id"].as_str().expect("an id").to_owned();
            if request.is_labels() {
                book.kept.entry(id).and_modify(|kept| kept.1 = row["metrics"]["label"].as_i64());
            } else {
                book.kept.insert(id.clone(), (1, None));
                book.unlabelled.push(id);
            }
        }
    }

    /// The requests without an answer; each may be stored or not.
    pub fn take_unanswered(&self) -> Vec<Request> {
        self.0.lock().expect("the book").open.drain().map(|(_, request)| request).collect()
    }

    /// Every acknowledged prediction: stored once, with its label.
    pub fn expected(&self) -> BTreeMap<String, (u64, Option<i64>)> {
        self.0.lock().expect("the book").kept.clone()
    }
}

impl Book {
    fn predictions(&mut self, number: u64) -> Vec<Value> {
        let rows = 1 + number % 17;
        let first = self.predictions;
        self.predictions += rows;
        (first..first + rows)
            .map(
                |n| json!({"id": id(n), "time": 1_700_000_000_000_u64 + n, "metrics": {"score": n, "request": number}}),
            )
            .collect()
    }

    fn labels(&mut self, number: u64) -> Vec<Value> {
        let rest = self.unlabelled.len().saturating_sub(20);
        let ids = self.unlabelled.split_off(rest);
        ids.into_iter().map(|id| json!({"id": id, "metrics": {"label": number}})).collect()
    }
}
