//! Uploads of plugins under way: each goes on when its sender does not wait, and can be looked at.

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use driftline_core::{Digest, Time};
use driftline_sandbox::{Sandbox, Stage};
use futures::FutureExt;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    app::{App, Shared},
    ingest, plugins,
    problem::Problem,
    receive::Held,
    trust::Signature,
    wire::{self, UploadStatus},
};

/// How many ended uploads can still be looked at.
const REMEMBERED: usize = 256;

/// The uploads of a server.
#[derive(Default)]
pub struct Uploads(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    uploads: HashMap<Uuid, Arc<Upload>>,
    ended: VecDeque<Uuid>,
}

type Ended = Result<wire::Installed, Problem>;

/// One upload from its last byte to its end.
pub struct Upload {
    /// Its id.
    pub id: Uuid,
    digest: Digest,
    size_bytes: u64,
    created: Time,
    started: Instant,
    result: watch::Sender<Option<Ended>>,
}

impl Uploads {
    /// Checks and installs a plugin; it goes on until its end, whoever waits.
    pub fn start(
        &self,
        app: &Shared,
        wasm: Held,
        signature: Option<Signature>,
        limits: Option<wire::UploadLimits>,
    ) -> Arc<Upload> {
        let upload = Arc::new(Upload {
            id: Uuid::now_v7(),
            digest: Digest::of(&wasm.bytes),
            size_bytes: wasm.bytes.len() as u64,
            created: ingest::now(),
            started: Instant::now(),
            result: watch::Sender::new(None),
        });
        self.held().uploads.insert(upload.id, upload.clone());
        let (app, running) = (app.clone(), upload.clone());
        tokio::spawn(async move {
            // Whoever waits for it must hear of its end, also of a bad one.
            let installed = AssertUnwindSafe(install(&app, wasm, signature, limits)).catch_unwind().await;
            let ended = installed.unwrap_or_else(|_| Err(Problem::internal("an upload panicked")));
            running.result.send_replace(Some(ended));
            app.uploads.ended(running.id);
        });
        upload
    }

    /// The one with this id, unless it ended long ago.
    pub fn find(&self, id: Uuid) -> Option<Arc<Upload>> {
        self.held().uploads.get(&id).cloned()
    }

    fn ended(&self, id: Uuid) {
        let mut held = self.held();
        held.ended.push_back(id);
        if held.ended.len() > REMEMBERED
            && let Some(oldest) = held.ended.pop_front()
        {
            held.uploads.remove(&oldest);
        }
    }

    fn held(&self) -> MutexGuard<'_, Shelf> {
        // The maps are whole between any two statements, so a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn install(app: &Shared, wasm: Held, signature: Option<Signature>, limits: Option<wire::UploadLimits>) -> Ended {
    let installed = plugins::install(app, wasm.bytes.clone(), limits).await?;
    if let Some(signature) = signature {
        let digest = Digest::of(&wasm.bytes);
        let sign = move |app: &App| app.storage.sign_plugin(&digest, signature.key().0, *signature.bytes());
        app.blocking(sign).await?;
    }
    app.unmeasured.notify_one();
    Ok(installed)
}

impl Upload {
    /// Waits for its end.
    pub async fn ended(&self) -> Ended {
        let mut receiver = self.result.subscribe();
        let ended = receiver.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
        ended.unwrap_or_else(|| Err(Problem::internal("an upload ended without a result")))
    }

    /// How far it is.
    pub fn show(&self, sandbox: &Sandbox) -> wire::PluginUpload {
        let ended = self.result.borrow().clone();
        let (status, ahead) = match (&ended, sandbox.stage(&self.digest)) {
            (Some(Ok(_)), _) => (UploadStatus::Installed, None),
            (Some(Err(_)), _) => (UploadStatus::Refused, None),
            (None, Some(Stage::Waiting { ahead })) => (UploadStatus::Waiting, Some(ahead as u64)),
            (None, Some(Stage::Compiling)) => (UploadStatus::Compiling, None),
            (None, None) => (UploadStatus::Checking, None),
        };
        let elapsed_ms = ended.is_none().then(|| self.started.elapsed().as_millis() as u64);
        let (plugin, problem) = match ended {
            Some(Ok(installed)) => (Some(installed), None),
            Some(Err(problem)) => (None, Some(problem.body())),
            None => (None, None),
        };
        wire::PluginUpload {
            id: wire::Id(self.id),
            status,
            ahead,
            digest: self.digest.to_string(),
            size_bytes: self.size_bytes,
            created: wire::Instant(self.created),
            elapsed_ms,
            plugin,
            problem,
        }
    }
}
