//! One client: sends a request at a time, and keeps book of the answers.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    book::Book,
    request::{Prediction, Request, Rows, Truth},
};
use crate::harness::{Reply, Server};

/// Milliseconds of 14 November 2023: the window runs over two months, so segments are cut.
const START_MS: i64 = 1_700_000_000_000;
const FIVE_MINUTES_MS: i64 = 300_000;
/// So many ids ahead of the last prediction may get a label before it.
const AHEAD: u64 = 30;

/// A client with ids of its own.
pub struct Writer {
    number: u64,
    random: fastrand::Rng,
    requests: u64,
    predictions: u64,
    book: Book,
    /// Ids of acknowledged predictions, for labels and repetitions.
    known: Vec<Uuid>,
    /// Sent, not answered: stored or not.
    open: Option<Request>,
    /// The last acknowledged request with a key, and its answer.
    last: Option<(Request, Vec<u8>)>,
}

impl Writer {
    /// The `number`th client.
    pub fn new(number: u64, random: fastrand::Rng) -> Self {
        let (book, known, open, last) = Default::default();
        Self { number, random, requests: 0, predictions: 0, book, known, open, last }
    }

    /// What it knows to be stored.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Sends requests until the server dies; counts each answer.
    pub async fn write(&mut self, server: &Server, answered: &Semaphore) {
        loop {
            if self.random.u8(..) < 10 && !self.repeat(server).await {
                return;
            }
            let request = self.next();
            self.open = Some(request.clone());
            let is_twin = request.key.is_none() && self.random.u8(..) < 40;
            let sent =
                if is_twin { self.send_twice(server, &request).await } else { self.send(server, &request).await };
            if !sent {
                return;
            }
            answered.add_permits(1);
        }
    }

    /// Sends again what had no answer.
    pub async fn retry(&mut self, server: &Server) {
        if let Some(request) = self.open.take() {
            assert!(self.send(server, &request).await, "a retry was not answered: {request:?}");
        }
    }

    /// Whether the request was acknowledged, which is then noted; a refusal fails the test.
    async fn send(&mut self, server: &Server, request: &Request) -> bool {
        let Some(reply) = answer(server, request).await else { return false };
        self.open = None;
        self.acknowledge(request, &reply);
        if request.key.is_some() {
            self.last = Some((request.clone(), reply.body));
        }
        true
    }

    /// Sends a request twice at the same time, as a client does that has lost patience: it counts once.
    async fn send_twice(&mut self, server: &Server, request: &Request) -> bool {
        let held = self.held(request);
        let (one, other) = tokio::join!(answer(server, request), answer(server, request));
        if let (Some(one), Some(other), Rows::Predictions(rows)) = (&one, &other, &request.rows) {
            let duplicates = [one, other].map(|reply| duplicates(&reply.expect(200)));
            assert_eq!(duplicates.iter().sum::<usize>(), held + rows.len(), "{request:?} twice: {one} {other}");
        }
        let Some(reply) = one.or(other) else { return false };
        self.open = None;
        self.acknowledge(request, &reply);
        true
    }

    /// How many of a request's predictions are known to be there.
    fn held(&self, request: &Request) -> usize {
        let Rows::Predictions(rows) = &request.rows else { return 0 };
        rows.iter().filter(|(id, _)| self.book.predictions().contains_key(id)).count()
    }

    /// Sends an acknowledged request again with its key: it must get the same answer and change nothing.
    async fn repeat(&self, server: &Server) -> bool {
        let Some((request, first)) = &self.last else { return true };
        let Some(reply) = answer(server, request).await else { return false };
        assert_eq!(reply.body, *first, "a repeated {request:?} got another answer");
        true
    }

    fn acknowledge(&mut self, request: &Request, reply: &Reply) {
        let answer = reply.expect(200);
        assert_eq!(answer["accepted"], request.rows.len(), "{request:?}: {answer}");
        match &request.rows {
            Rows::Predictions(rows) => {
                let (held, duplicates) = (self.held(request), duplicates(&answer));
                // A request without an answer was kept whole or not at all.
                assert!([held, rows.len()].contains(&duplicates), "{request:?}: {held} were there, {answer}");
                self.known.extend(rows.iter().map(|(id, _)| *id));
                self.book.track(rows.iter().copied());
            }
            Rows::Nameless(rows) => {
                let ids = answer["ids"].as_array().expect("ids").iter();
                let ids: Vec<Uuid> = ids.map(|id| id.as_str().expect("an id").parse().expect("an id")).collect();
                self.known.extend(&ids);
                self.book.track(ids.into_iter().zip(rows.iter().copied()));
            }
            Rows::Labels(rows) => self.book.label(rows.iter().copied()),
        }
    }

    /// Something to send: mostly small requests, some large, with and without a key.
    fn next(&mut self) -> Request {
        self.requests += 1;
        let is_large = self.random.u8(..) < 10;
        let count = if is_large { self.random.usize(100..400) } else { self.random.usize(1..18) };
        let kind = self.random.u8(..100);
        let has_key = self.random.bool() || (45..60).contains(&kind);
        let rows = match kind {
            0..45 => Rows::Predictions((0..count).map(|_| self.prediction()).collect()),
            45..60 => Rows::Nameless((0..count).map(|_| self.prediction().1).collect()),
            60..65 => Rows::Predictions(self.repetitions(count)),
            _ => Rows::Labels((0..count).map(|_| self.truth()).collect()),
        };
        let key = has_key.then(|| format!("{}-{}", self.number, self.requests));
        Request { key, is_arrow: is_large || self.random.u8(..) < 50, rows }
    }

    fn prediction(&mut self) -> (Uuid, Prediction) {
        let number = self.predictions;
        self.predictions += 1;
        let late_ms = self.random.i64(0..86_400_000);
        let prediction = Prediction {
            time: (START_MS + number as i64 * FIVE_MINUTES_MS - late_ms) * 1000,
            score: f64::from(self.random.u8(..)) / 256.0,
            mark: (self.number << 32 | number) as i64,
        };
        (self.id(number), prediction)
    }

    /// A known id with other content, or a new prediction.
    /// New and old ids, each once: a request that repeats its own is refused.
    fn repetitions(&mut self, count: usize) -> Vec<(Uuid, Prediction)> {
        let rows: BTreeMap<Uuid, Prediction> = (0..count).map(|_| self.repetition()).collect();
        rows.into_iter().collect()
    }

    fn repetition(&mut self) -> (Uuid, Prediction) {
        let new = self.prediction();
        match self.random.choice(&self.known) {
            Some(known) if self.random.bool() => (*known, new.1),
            _ => new,
        }
    }

    /// A label for a prediction that was there, that is to come, or that never comes.
    fn truth(&mut self) -> (Uuid, Truth) {
        let recent = self.known.len().saturating_sub(200);
        let ahead = self.random.u64(..AHEAD);
        let id = match self.random.u8(..10) {
            0 => self.id(self.predictions + ahead),
            1..4 => self.random.choice(&self.known).copied().unwrap_or_else(|| self.id(0)),
            _ => self.random.choice(&self.known[recent..]).copied().unwrap_or_else(|| self.id(0)),
        };
        let (label, cost) = (i64::from(self.random.bool()), f64::from(self.random.u16(..)));
        let truth = match self.random.u8(..4) {
            0 => Truth { label: None, cost: Some(cost) },
            1 => Truth { label: Some(label), cost: Some(cost) },
            _ => Truth { label: Some(label), cost: None },
        };
        (id, truth)
    }

    /// Ids in order for one half of the clients, without any order for the other.
    fn id(&self, number: u64) -> Uuid {
        let number = self.number << 32 | number;
        let high = if self.number.is_multiple_of(2) { 0 } else { number.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        Uuid::from_u64_pair(high & !0xf000 | 0x4000, 1 << 63 | number)
    }
}

/// How many rows of a request were there already.
fn duplicates(answer: &Value) -> usize {
    answer["duplicates"].as_u64().unwrap_or(0) as usize
}

/// The answer, or none when the server died over it.
async fn answer(server: &Server, request: &Request) -> Option<Reply> {
    let sent = server.try_send(reqwest::Method::POST, &request.path(), &request.headers(), request.body()).await;
    sent.ok().filter(|reply| !reply.is_cut)
}
