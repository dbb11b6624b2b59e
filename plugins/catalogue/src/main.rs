//! `catalogue FOLDER`: writes each standard plugin's description to `FOLDER/NAME.json`.
//!
//! They are what the components answer to `describe`; the server's first start
//! reads them here, so that it need not compile everything before it listens.

use std::{env, fs, path::Path};

use anyhow::{Context, Result, bail};
use driftline_sdk::Accumulator;

/// The descriptions of metrics, by the crates that hold them.
macro_rules! described {
    ($($plugin:ident :: $metric:ident),* $(,)?) => {
        [$(Accumulator::<$plugin::$metric>::description()),*]
    };
}

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder] = arguments.as_slice() else { bail!("usage: catalogue FOLDER") };
    let descriptions = described![
        driftline_average_precision::AveragePrecision,
        driftline_binary_classification::BinaryClassification,
        driftline_calibration::Calibration,
        driftline_chi2::Chi2,
        driftline_correlation::Correlation,
        driftline_data_quality::DataQuality,
        driftline_distribution_distance::DistributionDistance,
        driftline_drift_auto::DriftAuto,
        driftline_estimated_performance::EstimatedPerformance,
        driftline_fairness::Fairness,
        driftline_ks::Ks,
        driftline_label_coverage::LabelCoverage,
        driftline_multiclass::Multiclass,
        driftline_multiclass_roc_auc::MulticlassRocAuc,
        driftline_multivariate_drift::MultivariateDrift,
        driftline_new_categories::NewCategories,
        driftline_psi::Psi,
        driftline_ranking::Ranking,
        driftline_regression::Regression,
        driftline_roc_auc::RocAuc,
        driftline_summary::Summary,
        driftline_two_sample::TwoSample,
        driftline_wasserstein::Wasserstein,
    ];
    for description in descriptions {
        let path = Path::new(folder).join(format!("{}.json", description.name()));
        let text = serde_json::to_string_pretty(&description)? + "\n";
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}
