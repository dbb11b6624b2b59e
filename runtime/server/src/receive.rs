//! The bytes of a request's body: small ones in memory, large ones in a file without a name.
//!
//! Nothing is read from a connection that there is no room for, so the sender
//! has to wait, and what is not needed any more goes by itself: memory with
//! its [`Share`], a file with its [`Spool`].

mod budget;
mod incoming;
mod linger;
mod turn;
mod writing;

use std::{sync::Arc, time::Duration};

use axum::{extract::Request, http::StatusCode};
use bytes::{Bytes, BytesMut};
use driftline_core::Digest;
use driftline_storage::Storage;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use self::{budget::Budget, incoming::Incoming, writing::Writing};
pub use self::{
    budget::Share,
    linger::linger,
    turn::{Turn, Watch},
};
use crate::{config::Limits, ingest::Spool, problem::Problem};

/// Larger bodies than this go to disk: decoded.
pub const SMALL_BYTES: usize = 4 << 20;
/// What decoding one large body and writing its rows takes of memory at most (see `driftline_storage::Upload`).
const LOAD_BYTES: usize = 192 << 20;
/// How many large bodies may be on their way or wait for their turn; each takes a buffer and space on disk.
const MOST_SPOOLS: usize = 64;
/// How long to wait for room before a request is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes in bodies, and bounds what all of them together hold.
pub struct Reception {
    budget: Budget,
    spools: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    stall: Duration,
}

/// A body, whole.
pub enum Received {
    /// In memory.
    Held(Held),
    /// On disk.
    Spooled(Spooled),
}

/// A body in memory, and the memory it was granted.
pub struct Held {
    /// The decoded bytes.
    pub bytes: Bytes,
    /// Holds on to the memory until the rows are durable.
    pub share: Share,
}

/// A body on disk.
pub struct Spooled {
    /// The decoded bytes.
    pub spool: Spool,
    /// Their digest.
    pub digest: Digest,
    _place: OwnedSemaphorePermit,
}

impl Reception {
    /// Within these limits.
    pub fn new(limits: &Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let turns = (limits.ingest_bytes / 2 / LOAD_BYTES).clamp(1, cores);
        let held = limits.ingest_bytes.saturating_sub(turns * LOAD_BYTES).max(4 * SMALL_BYTES);
        Self {
            budget: Budget::new(held, PATIENCE),
            spools: Arc::new(Semaphore::new(MOST_SPOOLS)),
            turns: Arc::new(Semaphore::new(turns)),
            stall: limits.stall,
        }
    }

    /// Takes in a body of at most `limit` decoded bytes and holds it in memory.
    ///
    /// # Errors
    /// 413 beyond the limit, 400 when the body breaks off or its encoding is damaged, 408 when nothing more comes, 429
    /// when too much is held already.
    pub async fn hold(&self, request: Request, limit: usize) -> Result<Held, Problem> {
        let mut incoming = Incoming::new(request, limit, self.stall)?;
        let mut held = self.room(incoming.announced().unwrap_or_default()).await?;
        while let Some(chunk) = incoming.next().await? {
            held.add(chunk).await?;
        }
        Ok(held.finish())
    }

    /// Takes in a body of at most `limit` decoded bytes, on disk unless it is small.
    ///
    /// # Errors
    /// As [`Self::hold`], and 507 when the disk is full.
    pub async fn receive(&self, storage: &Storage, request: Request, limit: usize) -> Result<Received, Problem> {
        let mut incoming = Incoming::new(request, limit, self.stall)?;
        if incoming.announced().is_some_and(|bytes| bytes > SMALL_BYTES) {
            return self.spool(storage, &mut incoming, [Bytes::new(), Bytes::new()]).await.map(Received::Spooled);
        }
        let mut held = self.room(incoming.announced().unwrap_or_default()).await?;
        while let Some(chunk) = incoming.next().await? {
            if held.bytes + chunk.len() > SMALL_BYTES {
                let Held { bytes, share } = held.finish();
                drop(share);
                return self.spool(storage, &mut incoming, [bytes, chunk]).await.map(Received::Spooled);
            }
            held.add(chunk).await?;
        }
        Ok(Received::Held(held.finish()))
    }

    /// Puts a body on disk that turned out to be larger than it looked.
    ///
    /// # Errors
    /// 429 when too many are there already, 507 when the disk is full.
    pub async fn set_aside(&self, storage: &Storage, body: Held) -> Result<Spooled, Problem> {
        let place = self.place().await?;
        let mut writing = Writing::begin(storage).await?;
        writing.add(&body.bytes).await?;
        let (spool, digest) = writing.finish().await?;
        Ok(Spooled { spool, digest, _place: place })
    }

    /// Waits until a large body may be decoded. Those that wait hold nothing in memory.
    ///
    /// # Errors
    /// 503 when the server stops.
    pub async fn turn(&self) -> Result<Turn, Problem> {
        let place = self.turns.clone().acquire_owned().await;
        place.map(Turn::new).map_err(|_| driftline_storage::Error::Closed.into())
    }

    /// Nothing yet, with room for what is announced.
    async fn room(&self, announced: usize) -> Result<Gathered, Problem> {
        let mut share = self.budget.share();
        share.hold(announced).await?;
        Ok(Gathered { first: Bytes::new(), rest: BytesMut::new(), bytes: 0, share })
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        match timeout(PATIENCE, self.spools.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(crowded("too many large bodies are on their way")),
        }
    }

    async fn spool(&self, storage: &Storage, incoming: &mut Incoming, begun: [Bytes; 2]) -> Result<Spooled, Problem> {
        let place = self.place().await?;
        let mut writing = Writing::begin(storage).await?;
        for chunk in begun {
            writing.add(&chunk).await?;
        }
        while let Some(chunk) = incoming.next().await? {
            writing.add(&chunk).await?;
        }
        let (spool, digest) = writing.finish().await?;
        Ok(Spooled { spool, digest, _place: place })
    }
}

/// 429: come back in a moment.
fn crowded(what: &str) -> Problem {
    Problem::busy(StatusCode::TOO_MANY_REQUESTS, "ingest_busy", format!("{what}: try again in a moment"), 2)
}

/// The chunks of a body that came so far. One chunk, the usual case, is never copied.
struct Gathered {
    first: Bytes,
    rest: BytesMut,
    bytes: usize,
    share: Share,
}

impl Gathered {
    async fn add(&mut self, chunk: Bytes) -> Result<(), Problem> {
        self.share.hold(self.bytes + chunk.len()).await?;
        self.bytes += chunk.len();
        if self.first.is_empty() {
            self.first = chunk;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&self.first);
            }
            self.rest.extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn finish(self) -> Held {
        let bytes = if self.rest.is_empty() { self.first } else { self.rest.freeze() };
        Held { bytes, share: self.share }
    }
}
