//! Files in an S3-compatible store, and the threads that talk to it.

use std::{collections::HashSet, future::Future, path::Path as DiskPath, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, client::SpawnedReqwestConnector,
    path::Path, prefix::PrefixStore,
};
use tokio::runtime::{Builder, Runtime};

use super::{
    FOLDERS,
    near::{Near, NearFirst},
};
use crate::{Credentials, Error, S3};

/// A request that takes longer than this is tried again; it carries one piece at most.
const TIMEOUT: Duration = Duration::from_secs(60);
/// After this time of trying again, waiting longer each time, the store counts as failed.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often removals, which the client itself does not send twice, are tried.
const ATTEMPTS: u32 = 8;

/// A prefix of a bucket, with copies of its files near by.
pub(super) struct Remote {
    pub store: Arc<dyn ObjectStore>,
    pub near: Arc<Near>,
    place: String,
    runtime: Option<Runtime>,
}

impl Remote {
    pub fn open(dir: &DiskPath, s3: &S3) -> Result<Self, Error> {
        let place = crate::Place::S3(s3.clone()).to_string();
        let failed = |error: object_store::Error| Error::failed(format!("opening {place}"), error);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("object-store")
            .enable_all()
            .build()
            .map_err(|error| Error::failed("starting the object store's threads", error))?;
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&s3.bucket)
            .with_http_connector(SpawnedReqwestConnector::new(runtime.handle().clone()))
            .with_client_options(ClientOptions::new().with_allow_http(s3.allow_http).with_timeout(TIMEOUT))
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(50),
                    max_backoff: Duration::from_secs(5),
                    base: 2.0,
                },
                max_retries: 30,
                retry_timeout: PATIENCE,
            });
        if let Some(endpoint) = &s3.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &s3.region {
            builder = builder.with_region(region);
        }
        if let Some(Credentials { key_id, secret }) = &s3.credentials {
            builder = builder.with_access_key_id(key_id).with_secret_access_key(secret);
        }
        let bucket = builder.build().map_err(failed)?;
        let far: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(bucket, s3.prefix.as_str()));
        let near = Arc::new(Near::open(dir.join("near"), s3.near_bytes)?);
        let store = Arc::new(NearFirst::new(far, near.clone())?);
        Ok(Self { store, near, place, runtime: Some(runtime) })
    }

    /// Runs `work` to its end on the calling thread.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => futures::executor::block_on(work),
        }
    }

    /// Starts `work`, which goes on while the caller does something else.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, Option<T>> {
        let running = self.runtime.as_ref().map(|runtime| runtime.spawn(work));
        async move { running?.await.ok() }.boxed()
    }

    /// Removes every object but those in `listed`, and copies of what is not listed.
    pub fn sweep(&self, listed: &HashSet<Path>) -> Result<usize, Error> {
        self.near.sweep(listed);
        let stray: Vec<Path> = self.present()?.into_iter().filter(|path| !listed.contains(path)).collect();
        self.remove(&stray).map_err(|error| Error::failed(format!("sweeping {}", self.place), error))?;
        Ok(stray.len())
    }

    /// The paths of all files.
    pub fn present(&self) -> Result<Vec<Path>, Error> {
        let mut present = Vec::new();
        for folder in FOLDERS {
            let found = self.store.list(Some(&Path::from(folder))).map_ok(|found| found.location).try_collect();
            let found: Vec<Path> =
                self.block_on(found).map_err(|error| Error::failed(format!("listing {}", self.place), error))?;
            present.extend(found);
        }
        Ok(present)
    }

    /// Removes what is there of `paths`; an answer that got lost is asked for again.
    pub fn remove(&self, paths: &[Path]) -> object_store::Result<()> {
        let mut attempts = 1;
        loop {
            let paths = futures::stream::iter(paths.to_vec()).map(Ok).boxed();
            let failed = self.store.delete_stream(paths).filter(|removed| {
                let is_gone = matches!(removed, Ok(_) | Err(object_store::Error::NotFound { .. }));
                futures::future::ready(!is_gone)
            });
            match self.block_on(failed.try_collect::<Vec<_>>()) {
                Ok(_) => return Ok(()),
                Err(error) if attempts == ATTEMPTS => return Err(error),
                Err(_) => attempts += 1,
            }
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The last owner may be a future, whose thread must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
