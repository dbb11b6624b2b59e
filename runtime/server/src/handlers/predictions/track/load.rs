//! Rows that are too many to hold: decoded piece by piece from disk, they go straight to segments.

use std::sync::Arc;

use axum::http::StatusCode;
use driftline_storage::{Committed, Kind, NewUpload, Retry, Started, Unique};

use super::{MOST_IDS, Sent, accepted, fingerprint, present_schema, with_duplicates};
use crate::{
    app::{App, Shared},
    ingest::{self, Stream},
    problem::Problem,
    receive::{Spooled, Watch},
};

/// How often the rows are decoded again because others changed the model meanwhile.
const ATTEMPTS: usize = 3;

/// Rows on disk that are on their way into the model.
struct Load {
    sent: Sent,
    body: Spooled,
    watch: Watch,
}

/// Keeps the rows of a large body, all or none; gives the answer.
pub async fn load(app: &Shared, sent: Sent, body: Spooled) -> Result<String, Problem> {
    let turn = app.reception.turn().await?;
    let load = Load { sent, body, watch: turn.watch() };
    app.blocking(move |app| load.run(app)).await
}

impl Load {
    fn run(&self, app: &App) -> Result<String, Problem> {
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.attempt(app)? {
                return Ok(answer);
            }
        }
        let detail = "other requests change the same model all the time: try again in a moment";
        Err(Problem::busy(StatusCode::TOO_MANY_REQUESTS, "ingest_busy", detail, 2))
    }

    /// One attempt; no answer when the model changed meanwhile in a way that matters.
    fn attempt(&self, app: &App) -> Result<Option<String>, Problem> {
        let schema = present_schema(app, &self.sent)?;
        let mut upload = match app.storage.start_upload(self.upload())? {
            Started::Replayed(first) => return Ok(Some(first)),
            Started::Fresh(upload) => upload,
        };
        let Sent { format, rows, .. } = self.sent;
        let mut stream = Stream::open(format, rows, &self.body.spool, &schema, ingest::now(), app.storage.scratch()?)?;
        let mut ids = Vec::new();
        while let Some(part) = stream.next_part()? {
            self.watch.check()?;
            upload.write(&part.batch, part.sent_ids)?;
            if stream.row_count() <= MOST_IDS {
                ids.extend(part.ids);
            }
        }
        let rows = stream.row_count();
        let answer = accepted(rows, &ids)?;
        if rows == 0 {
            return Ok(Some(answer));
        }
        match upload.commit(answer)? {
            Committed::Outrun => Ok(None),
            Committed::Replayed(first) => Ok(Some(first)),
            Committed::Fresh { schema, answer, duplicates } => {
                app.schemas.remember(&self.sent.model, Arc::new(schema));
                let fresh = rows.saturating_sub(usize::try_from(duplicates).unwrap_or(usize::MAX));
                app.metrics.ingested(self.sent.counted_as(), fresh);
                Ok(Some(answer))
            }
        }
    }

    fn upload(&self) -> NewUpload {
        let fingerprint = fingerprint(self.sent.format, &self.body.digest);
        NewUpload {
            model: self.sent.model.clone(),
            kind: self.sent.kind,
            create_model: self.sent.creates_model(),
            retry: self.sent.key.clone().map(|key| Retry { key, fingerprint }),
            unique: (self.sent.kind == Kind::Predictions).then_some(Unique { count: with_duplicates }),
        }
    }
}
