//! `driftline demo`: the whole path once, on real flights, with results to look at.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{
    client::Client,
    import::{progress_bar, send},
    mapping::Mapping,
    serve, table, table_file,
};

/// Start a server, load real flights, and evaluate a model of their delays week by week.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The data directory; must be new, empty, or an earlier demo's.
    #[arg(long, default_value = "data/demo", value_name = "DIR")]
    data: PathBuf,
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "ADDR")]
    listen: SocketAddr,
    /// Leave after the table instead of serving on.
    #[arg(long)]
    exit: bool,
}

const FLIGHTS: &[u8] = include_bytes!("../../../../examples/flights/flights-sample.parquet");
const CUSTOM: &[u8] = include_bytes!("../../../../examples/custom-metric/rust/cost-by-segment.wasm");
/// Says that a directory holds a demo.
const MARK: &str = "driftline-demo";

/// The metrics of the table: plugin, inputs, parameters, the output shown and its heading.
const METRICS: [(&str, &str, &str, &str); 4] = [
    ("roc-auc", r#"{"score": "probability", "label": "late"}"#, "roc_auc", "ROC AUC"),
    ("psi", r#"{"value": "probability"}"#, "psi", "PSI"),
    ("ks", r#"{"value": "probability"}"#, "statistic", "KS D"),
    ("cost-by-segment", r#"{"score": "probability", "label": "late", "segment": "origin"}"#, "cost_per_prediction", "cost"),
];

impl DemoArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When the directory holds something else, or any step fails.
    pub async fn run(self) -> Result<()> {
        let again = self.claim()?;
        let server = serve::start(serve::config(self.data.clone(), self.listen)).await?;
        let client = Client::new(&format!("http://{}", server.address))?;
        println!("Driftline is up at {} with its data in {}", client.url(""), self.data.display());
        if again {
            println!("The flights of an earlier demo are there already.");
        } else {
            load(&client).await?;
            std::fs::write(self.data.join(MARK), "loaded\n").context("marking the demo as loaded")?;
        }
        let installed = client.post_bytes("/v1/plugins", "application/wasm", CUSTOM.to_vec()).await?;
        println!("Custom plugin {} {} is installed.", words(&installed["name"]), words(&installed["version"]));
        println!("{}", weeks(&client).await?);
        addresses(&client);
        if self.exit {
            return server.shutdown().await;
        }
        println!("\nThe server stays up; stop it with Ctrl-C.");
        server.wait().await
    }

    /// Takes the directory; tells whether an earlier demo loaded it.
    fn claim(&self) -> Result<bool> {
        let mark = self.data.join(MARK);
        if std::fs::read_to_string(&mark).is_ok_and(|text| text == "loaded\n") {
            return Ok(true);
        }
        let occupied = std::fs::read_dir(&self.data).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            bail!("{} is not empty and holds no finished demo: name another directory with --data, or remove it", self.data.display());
        }
        Ok(false)
    }
}

/// Rows in a request: as many as the server answers ids for.
const REQUEST_ROWS: usize = 10_000;

/// Predictions first; then the truth, by the ids that the server gave them.
async fn load(client: &Client) -> Result<()> {
    let details = json!({"description": "Probability that a US domestic flight is late, January to June 2001",
        "tags": ["demo", "flights"]});
    client.put_json("/v1/models/flights", &details).await?;
    let mapping = Mapping { delayed: vec!["late".into(), "delay_minutes".into()], ..Mapping::default() };
    let bar = progress_bar()?.with_message("flights and their truth");
    let sent = send(client, "flights", table_file::from_parquet(FLIGHTS, REQUEST_ROWS)?, &mapping, &bar).await?;
    println!("{} predictions tracked, the truth of {} attached afterwards by id.", sent.predictions, sent.delayed);
    Ok(())
}

/// Each metric for each week from February on, against January.
async fn weeks(client: &Client) -> Result<comfy_table::Table> {
    let style = ProgressStyle::with_template("{msg:24} {bar:30} {pos}/{len} metrics")?;
    let bar = ProgressBar::new(METRICS.len() as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    let mut evaluations = Vec::new();
    for (plugin, inputs, ..) in METRICS {
        bar.set_message(format!("evaluating {plugin}"));
        evaluations.push(evaluate(client, plugin, inputs).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut header = vec!["week from", "flights"];
    header.extend(METRICS.iter().map(|(.., heading)| *heading));
    let mut table = table::table(&header);
    let results = |evaluation: &Value| evaluation["results"].as_array().cloned().unwrap_or_default();
    for (week, first) in results(&evaluations[0]).iter().enumerate() {
        let mut row = vec![comfy_table::Cell::new(table::day(&first["window"]["start"])), table::right(&first["rows"]["used"])];
        for (evaluation, (_, _, output, _)) in evaluations.iter().zip(METRICS) {
            let values = results(evaluation).get(week).map(|result| result["values"].clone()).unwrap_or_default();
            let value = values.as_array().into_iter().flatten().find(|value| value["name"] == output).cloned();
            row.push(table::right(table::number(&value.unwrap_or_default()["value"])));
        }
        table.add_row(row);
    }
    Ok(table)
}

async fn evaluate(client: &Client, plugin: &str, inputs: &str) -> Result<Value> {
    let described = client.get(&format!("/v1/plugins/{plugin}")).await?;
    let mut request = json!({"model": "flights", "plugin": plugin, "inputs": serde_json::from_str::<Value>(inputs)?,
        "window": {"start": "2001-02-01T00:00:00Z", "end": "2001-07-01T00:00:00Z"}, "every": "7d"});
    if described["description"]["reference"] != "none" {
        request["reference"] = json!({"start": "2001-01-01T00:00:00Z", "end": "2001-02-01T00:00:00Z"});
    }
    let evaluation = client.evaluate(&request, |_, _| ()).await?;
    if evaluation["status"] != "succeeded" {
        bail!("{plugin} failed: {}", words(&evaluation["failure"]["message"]));
    }
    Ok(evaluation)
}

fn addresses(client: &Client) {
    println!("Look at:");
    for (path, what) in [
        ("/v1/models/flights", "the model, its columns and counts"),
        ("/v1/plugins", "the installed plugins"),
        ("/v1/evaluations", "the evaluations above, with charts and lineage"),
        ("/v1/models/flights/aggregates?name=roc_auc", "ROC AUC over time"),
        ("/metrics", "the server's own metrics, for Prometheus"),
        ("/openapi.json", "the interface"),
    ] {
        println!("  {:64} {what}", client.url(path));
    }
}

fn words(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
