//! Clients that write down what was acknowledged, and what must therefore be stored.

mod auc;
mod book;
mod check;
mod request;
mod stored;
mod writer;

use futures::future::join_all;
use tokio::sync::Semaphore;

use crate::harness::Server;

pub use check::Difference;

use book::Book;
use request::MODEL;
use writer::Writer;

/// Thresholds of a server so low that whatever happens to segments happens all the time.
pub const TINY: &[&str] = &[
    "--seal-rows=300",
    "--seal-age=500ms",
    "--segment-rows=2000",
    "--fold-rows=100",
    "--fold-age=500ms",
    "--maintenance-interval=20ms",
];

/// Some clients at once, each with a book of its own.
pub struct Ledger {
    writers: Vec<Writer>,
}

impl Ledger {
    /// So many clients, who choose at random what they send. The model is there before the first request.
    pub async fn open(server: &Server, writers: u64, random: &mut fastrand::Rng) -> Self {
        server.put(&format!("/v1/models/{MODEL}"), &serde_json::json!({})).await.expect(201);
        Self { writers: (0..writers).map(|number| Writer::new(number, random.fork())).collect() }
    }

    /// Writes until the server dies, which `end` brings about once `until` returns; it can count answers.
    pub async fn write(&mut self, server: &Server, until: impl AsyncFnOnce(&Answers), end: impl FnOnce()) {
        let answers = Answers(Semaphore::new(0));
        let writing = join_all(self.writers.iter_mut().map(|writer| writer.write(server, &answers.0)));
        let ending = async {
            until(&answers).await;
            end();
        };
        tokio::join!(writing, ending);
    }

    /// Sends again what had no answer when the server died.
    pub async fn retry(&mut self, server: &Server) {
        join_all(self.writers.iter_mut().map(|writer| writer.retry(server))).await;
    }

    /// Compares the server with the books: every row, the counts, and an evaluation.
    ///
    /// # Errors
    /// What differs first.
    pub async fn check(&self, server: &Server) -> Result<(), Difference> {
        check::check(server, &self.book()).await
    }

    /// How many predictions were acknowledged.
    pub fn predictions(&self) -> usize {
        self.book().predictions().len()
    }

    /// How much was acknowledged.
    pub fn summary(&self) -> String {
        let book = self.book();
        format!("{} predictions and labels of {} ids", book.predictions().len(), book.labels().len())
    }

    fn book(&self) -> Book {
        self.writers.iter().map(Writer::book).sum()
    }
}

/// The answers that the clients got.
pub struct Answers(Semaphore);

impl Answers {
    /// Returns after so many requests were acknowledged.
    pub async fn count(&self, requests: u32) {
        self.0.acquire_many(requests).await.expect("the count is open").forget();
    }
}
