//! `driftline demo`: a server with real data on it, and the story of one model told from it.

mod directory;
mod load;
mod story;

use std::{io::IsTerminal, net::SocketAddr, path::PathBuf};

use anyhow::Context;
use clap::Args;
use driftline_core::Name;
use tracing_subscriber::EnvFilter;

use self::directory::Directory;
use super::{
    client::{Client, ServerAddress},
    output::say,
    serve,
};
use crate::{Config, Server};

/// Starts a server with 60,000 flights on it and shows what it can do
///
/// Tracks a model's predictions over HTTP, attaches what turned out to be true
/// by their ids, uploads a custom metric, evaluates four metrics for each week,
/// prints a table, and leaves the server up to look around.
#[derive(Debug, Args)]
pub struct Demo {
    /// Directory for the demo's data: empty, or an earlier demo's
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7878")]
    listen: SocketAddr,
    /// Stop after the table
    #[arg(long)]
    exit: bool,
    /// What is logged, on standard error: error, warn, info, debug or trace
    #[arg(long, env = "DRIFTLINE_LOG", value_name = "FILTER", default_value = "warn")]
    log_level: EnvFilter,
}

/// Does it.
///
/// # Errors
/// When the server can't start, or a step fails.
pub fn run(demo: Demo) -> anyhow::Result<()> {
    serve::log(serve::LogFormat::Text, demo.log_level.clone());
    let directory = Directory::claim(&demo.data)?;
    serve::runtime()?.block_on(async {
        let server = Server::start(Config::new(demo.data.clone(), demo.listen)).await?;
        let url = format!("http://{}", server.address());
        let stop = serve::signalled()?;
        let serving = tokio::spawn(server.run(stop.clone()));
        let told = tokio::select! {
            told = tell(&url, &directory) => told,
            () = stop.cancelled() => Ok(()),
        };
        let told = told.and_then(|()| if demo.exit { Ok(()) } else { show_addresses(&url) });
        if told.is_ok() && !demo.exit {
            stop.cancelled().await;
        }
        stop.cancel();
        serving.await.context("the server ended unexpectedly")??;
        told
    })
}

/// Loads what is not loaded yet and prints the table.
async fn tell(url: &str, directory: &Directory) -> anyhow::Result<()> {
    let client = Client::new(&ServerAddress { server: url.parse().context("the server's address is no URL")? })?;
    let model: Name = "flights".parse()?;
    say(format_args!("A server is up at {url}; its data is in {}.\n", directory.path().display()))?;
    if !directory.is_loaded() {
        load::load(&client, &model).await?;
        directory.mark_loaded()?;
    }
    story::tell(&client, &model).await
}

fn show_addresses(url: &str) -> anyhow::Result<()> {
    say(format_args!("\nThe server stays up. Look around:"))?;
    for (path, what) in [
        ("/v1/models/flights", "the model: its columns, counts, label coverage"),
        ("/v1/models/flights/predictions?limit=3", "its predictions, delays joined in"),
        ("/v1/models/flights/aggregates?name=roc_auc", "every result is kept with its model"),
        ("/v1/plugins", "what metrics there are"),
        ("/v1/evaluations", "what was evaluated"),
        ("/metrics", "for Prometheus"),
        ("/openapi.json", "the whole interface"),
    ] {
        say(format_args!("  {url}{path:<45} {what}"))?;
    }
    if std::io::stdout().is_terminal() {
        say(format_args!("\nCtrl-C stops it."))?;
    }
    Ok(())
}
