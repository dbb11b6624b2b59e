//! Traffic, a clock and a server that is killed.

use std::{
    cell::Cell,
    future,
    path::Path,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    plan::{self, CHANNELS, CHURN, MINUTE, MODELS, START},
    process::Process,
};
use crate::{
    harness::Reply,
    sinks::http::{Answer, HttpSink},
};

const SECOND: i64 = 1_000_000;
/// For the last of what is due.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in one of its lives.
pub struct World {
    process: Process,
    /// Microseconds since 1970.
    clock: i64,
    /// When each life began, by that clock.
    lives: Vec<i64>,
    /// Minutes that are predicted.
    predicted: i64,
    /// Minutes of which the other half of the truth is known.
    learned: Cell<i64>,
    _folder: TempDir,
}

/// When the server dies.
enum Moment {
    /// When so many notices have arrived, which may not be written down as sent, or nothing is due any more.
    Arrivals(usize),
    /// After so many microseconds.
    After(u64),
    /// When nothing is due any more.
    Settled,
}

impl World {
    /// A server with all models and monitors, minute 0 of which has just begun.
    pub async fn open(sink: &HttpSink) -> Self {
        let folder = TempDir::new().expect("a directory");
        let process = Process::begin(folder.path(), START);
        process.ready().await;
        let lives = vec![START];
        let mut world = Self { process, clock: START, lives, predicted: 0, learned: Cell::new(0), _folder: folder };
        for name in CHANNELS {
            let channel = json!({"type": "webhook", "url": sink.url(&format!("/{name}")), "secret": "s3cret"});
            world.must(Method::PUT, &format!("/v1/channels/{name}"), &channel).await.expect(201);
        }
        world.predict(START + 10 * MINUTE).await;
        for (name, monitor) in plan::monitors() {
            // So that its plugin is compiled: what follows is not about that.
            let window = json!({"start": "2024-06-01T00:00:00Z", "end": "2024-06-01T00:05:00Z"});
            let once = json!({"model": CHURN, "plugin": monitor["plugin"], "inputs": monitor["inputs"],
                "window": window, "record": false, "wait": "120s"});
            world.must(Method::POST, "/v1/evaluations", &once).await.expect(200);
            world.must(Method::PUT, &format!("/v1/monitors/{name}"), &monitor).await.expect(201);
        }
        world
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.process.data()
    }

    /// The time.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// The life of the server in which it was this time, in seconds.
    pub fn life_at(&self, seconds: i64) -> usize {
        self.lives.partition_point(|began| *began <= seconds * SECOND)
    }

    /// Lets time pass and the server do what is due, until it is killed in the middle of it, or at its end.
    pub async fn work_until_killed(&mut self, sink: &HttpSink, random: &mut fastrand::Rng, settles: bool) {
        self.clock += random.i64(20..120) * SECOND;
        self.predict(self.clock + 10 * MINUTE).await;
        // What hangs is cut off by the kill, whether it had arrived or not.
        let hangs = !settles && random.u8(..4) == 0;
        if hangs {
            sink.otherwise(Answer::Never);
        }
        let moment = match random.u8(..8) {
            _ if settles => Moment::Settled,
            0..4 => Moment::Arrivals(if hangs { 1 } else { random.usize(1..6) }),
            4..7 => Moment::After(random.u64(..60_000)),
            _ if hangs => Moment::Arrivals(1),
            _ => Moment::Arrivals(20),
        };
        let arrived = sink.requests().len();
        self.process.turn_to(self.clock);
        let dying = async {
            let settled = self.process.settled(self.clock);
            match moment {
                Moment::Arrivals(more) => tokio::select! {
                    () = settled => {}
                    _ = sink.wait_for(arrived + more) => {}
                },
                Moment::After(micros) => tokio::time::sleep(Duration::from_micros(micros)).await,
                Moment::Settled => settled.await,
            }
        };
        let known = (self.clock - START) / MINUTE - 3;
        let learning = async {
            self.learn(known).await;
            future::pending::<()>().await;
        };
        tokio::select! {
            () = dying => {}
            () = learning => {}
        }
        self.process.kill();
        sink.otherwise(Answer::status(200));
    }

    /// The server starts after a while, in which instants may have passed; at times it is killed over it.
    pub async fn start_again(&mut self, random: &mut fastrand::Rng) {
        let while_down = random.choice([0, 0, 70, 150]).expect("one");
        self.begin_life(while_down);
        if random.u8(..8) == 0 {
            tokio::time::sleep(Duration::from_millis(random.u64(..150))).await;
            self.begin_life(0);
        }
        self.process.ready().await;
    }

    fn begin_life(&mut self, while_down: i64) {
        self.clock += (1 + while_down) * SECOND;
        self.lives.push(self.clock);
        self.process.replace(self.clock);
    }

    /// All truth comes, the last instants pass, and the server does all that is due.
    pub async fn finish(&mut self) {
        let passed = (self.clock - START) / MINUTE;
        let end = (passed / 10 + 1) * 10;
        self.learn(end).await;
        self.clock = START + end * MINUTE + 30 * SECOND;
        self.predict(self.clock).await;
        // What the last kill cut off is due again at some moment after the start.
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.process.turn_to(self.clock);
            self.process.settled(self.clock).await;
            let under_way = self.under_way().await;
            if under_way.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "this does not end: {under_way:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
            self.clock += 1;
        }
    }

    /// Runs and deliveries that have not ended.
    async fn under_way(&self) -> Vec<Value> {
        let mut all = self.list("/v1/deliveries?status=pending").await;
        for (name, _) in plan::monitors() {
            for status in ["due", "running"] {
                all.extend(self.list(&format!("/v1/monitors/{name}/runs?status={status}")).await);
            }
        }
        all
    }

    /// Predictions up to a time, with the first half of the truth.
    async fn predict(&mut self, until: i64) {
        while START + self.predicted * MINUTE < until {
            for model in MODELS {
                let path = format!("/v1/models/{model}/predictions");
                self.must(Method::POST, &path, &plan::predictions(model, self.predicted)).await.expect(200);
            }
            let path = format!("/v1/models/{CHURN}/delayed-metrics");
            self.must(Method::POST, &path, &plan::labels(self.predicted, 0)).await.expect(200);
            self.predicted += 1;
        }
    }

    /// The other half up to a minute. What was not acknowledged is sent again the next time.
    async fn learn(&self, until: i64) {
        let path = format!("/v1/models/{CHURN}/delayed-metrics");
        while self.learned.get() < until {
            self.must(Method::POST, &path, &plan::labels(self.learned.get(), 1)).await.expect(200);
            self.learned.set(self.learned.get() + 1);
        }
    }

    /// Sends what must be answered.
    async fn must(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.process.send(method, path, body).await.expect("an answer")
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Value {
        self.must(Method::GET, path, &Value::Null).await.expect(200)
    }

    /// Everything that a list has.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page = self.get(&format!("{path}{separator}limit=1000{cursor}")).await;
            all.append(page["items"].as_array_mut().expect("items"));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}
