//! An S3 server for tests: `driftline-test-s3 DIR` keeps the bucket `files` in `DIR`.
//!
//! Prints its address, then answers each line on standard input with its counts. A line is a
//! plan of faults such as `lost=3 error=5`; it ends with its input, and so with the test.

mod faults;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
};

use faults::Faulty;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let dir = PathBuf::from(std::env::args_os().nth(1).context("the first argument is a directory")?);
    std::fs::create_dir_all(dir.join("files"))?;
    let files = s3s_fs::FileSystem::new(&dir).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut service = S3ServiceBuilder::new(files);
    service.set_auth(SimpleAuth::from_single("test-key", "test-secret"));
    let faulty = Arc::new(Faulty::new(service.build()));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("http://{}", listener.local_addr()?);
    tokio::spawn(accept(listener, faulty.clone()));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        println!("{}", faulty.plan(&line)?);
    }
    Ok(())
}

async fn accept(listener: TcpListener, faulty: Arc<Faulty>) {
    while let Ok((connection, _)) = listener.accept().await {
        let faulty = faulty.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let faulty = faulty.clone();
                async move { faulty.answer(request).await }
            });
            // An error is a connection that was cut, as planned.
            let _cut = http1::Builder::new().serve_connection(TokioIo::new(connection), answer).await;
        });
    }
}
