//! Sums two columns over all rows of a model, with plain DataFusion or as a native evaluation: one run for each line
//! that it is sent, each answered with a line of JSON.
//!
//! `cargo run --release -p driftline-benchmark-native --bin scan -- --columns score --columns label plain FILE...`
//! `cargo run --release -p driftline-benchmark-native --bin scan -- ... evaluation --data DIR --model NAME`

mod evaluation;
mod plain;
mod sums;

use std::{io::BufRead, path::PathBuf, time::Instant};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde_json::json;

use crate::{evaluation::Evaluation, plain::Plain, sums::Sums};

/// Sums two columns once for each line of standard input.
#[derive(Parser)]
struct Arguments {
    /// The two columns.
    #[arg(long, num_args = 1)]
    columns: Vec<String>,
    #[command(subcommand)]
    how: How,
}

#[derive(Subcommand)]
enum How {
    /// With plain DataFusion over Parquet files.
    Plain { files: Vec<String> },
    /// With an evaluation of Driftline, its metric native, over a data directory that no server has open.
    Evaluation {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        model: String,
    },
}

#[allow(clippy::large_enum_variant, reason = "there are a few in a process")]
enum Contender {
    Plain(Plain),
    Evaluation(Evaluation),
}

impl Contender {
    async fn open(arguments: Arguments) -> Result<Self> {
        let columns = <[String; 2]>::try_from(arguments.columns).ok().context("two columns are summed")?;
        Ok(match arguments.how {
            How::Plain { files } => Self::Plain(Plain::open(files, &columns).await?),
            How::Evaluation { data, model } => Self::Evaluation(Evaluation::open(&data, &model, columns)?),
        })
    }

    async fn run(&self) -> Result<Sums> {
        match self {
            Self::Plain(plain) => plain.run().await,
            Self::Evaluation(evaluation) => evaluation.run().await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let contender = Contender::open(Arguments::parse()).await?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let start = Instant::now();
        let sums = contender.run().await?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{}", json!({"seconds": seconds, "rows": sums.rows, "first": sums.first, "second": sums.second}));
    }
    Ok(())
}
