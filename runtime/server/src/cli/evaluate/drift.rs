//! How drifted columns are counted, from flags.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

/// When a column counts as drifted; what is left out has the plugin's defaults.
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// The output that tells whether a column has drifted
    #[arg(long, value_name = "OUTPUT")]
    drift_output: Option<String>,
    /// The value from which on it has
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    drift_threshold: Option<f64>,
    /// How p-values are adjusted for the number of columns
    #[arg(long, value_enum)]
    correction: Option<CorrectionArg>,
    /// The share of drifted columns from which on the data has drifted
    #[arg(long, value_name = "SHARE")]
    drift_share: Option<f64>,
}

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum CorrectionArg {
    None,
    Bonferroni,
    BenjaminiHochberg,
}

impl DriftArgs {
    /// The request's `drift`, if any flag was given.
    pub fn request(&self) -> Option<Value> {
        let correction = self.correction.as_ref().and_then(CorrectionArg::to_possible_value);
        let correction = correction.map(|correction| json!(correction.get_name()));
        let fields = [
            ("output", self.drift_output.as_ref().map(|output| json!(output))),
            ("threshold", self.drift_threshold.map(|threshold| json!(threshold))),
            ("correction", correction),
            ("share", self.drift_share.map(|share| json!(share))),
        ];
        let given: Map<String, Value> =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        (!given.is_empty()).then(|| given.into())
    }
}
