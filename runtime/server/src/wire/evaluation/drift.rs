//! How many columns of an evaluation have drifted: what is asked, and what is answered.

use driftline_core::Direction;
use driftline_eval as eval;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::{
    InputColumns,
    result::{SliceCell, WindowBounds, inputs, slice},
};

/// When a column counts as drifted, and when the data as a whole does. All of it may be left out: `{}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// The output that decides; the plugin's first with a suggested threshold unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(examples("p_value"))]
    pub output: Option<String>,
    /// A value at this level or on its worse side means drift; the output's suggested warning unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How p-values (outputs called `p_value` or `…_p_value`) are adjusted for the number of columns before they are
    /// compared; `none` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// The share of drifted columns from which on the data has drifted; 0.5 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// How p-values are adjusted for the number of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// Not at all.
    None,
    /// Times the number of columns: hardly any column is called drifted wrongly.
    Bonferroni,
    /// So that few of the columns called drifted are so wrongly (the false discovery rate).
    BenjaminiHochberg,
}

impl From<DriftSpec> for eval::DriftRequest {
    fn from(spec: DriftSpec) -> Self {
        let DriftSpec { output, threshold, correction, share } = spec;
        Self { output, threshold, correction: correction.map(eval::Correction::from), share }
    }
}

impl From<Correction> for eval::Correction {
    fn from(correction: Correction) -> Self {
        match correction {
            Correction::None => Self::None,
            Correction::Bonferroni => Self::Bonferroni,
            Correction::BenjaminiHochberg => Self::BenjaminiHochberg,
        }
    }
}

impl From<eval::Correction> for Correction {
    fn from(correction: eval::Correction) -> Self {
        match correction {
            eval::Correction::None => Self::None,
            eval::Correction::Bonferroni => Self::Bonferroni,
            eval::Correction::BenjaminiHochberg => Self::BenjaminiHochberg,
        }
    }
}

/// How many columns have drifted from the reference.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Drift {
    /// The output that decides.
    pub output: String,
    /// Which way it is better: `higher` or `lower`. A value at the threshold or on its other side means drift, but never
    /// the best value that there is.
    pub better: String,
    /// The level at which a column has drifted.
    pub threshold: f64,
    /// How p-values were adjusted for the number of columns.
    pub correction: Correction,
    /// The share of drifted columns from which on the data has drifted.
    pub share: f64,
    /// One for each period and slice.
    pub windows: Vec<DriftedShare>,
}

/// How many columns have drifted in one period and slice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DriftedShare {
    /// The period.
    pub window: WindowBounds,
    /// The grouping expressions and their values here.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, SliceCell>)]
    pub slice: Map<String, Json>,
    /// How many columns have a value; those whose value is undefined do not count.
    pub tested_columns: u64,
    /// How many of these have drifted.
    pub drifted_columns: u64,
    /// Their share; null when no column was tested.
    pub drifted_share: Option<f64>,
    /// Whether the share is so large that the data as a whole has drifted; null when no column was tested.
    pub dataset_drift: Option<bool>,
    /// What was found of each column.
    pub columns: Vec<ColumnDrift>,
}

/// Whether one column, or set of columns, has drifted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ColumnDrift {
    /// The inputs and what fed them.
    #[schema(value_type = std::collections::HashMap<String, InputColumns>)]
    pub inputs: Map<String, Json>,
    /// The deciding value; null when it is undefined.
    pub value: Option<f64>,
    /// The p-value adjusted for the number of columns tested; absent without a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<f64>,
    /// Whether it has drifted; null when the value is undefined.
    pub drifted: Option<bool>,
}

impl From<eval::Drift> for Drift {
    fn from(drift: eval::Drift) -> Self {
        let eval::Drift { criterion, windows } = drift;
        let share = |share: eval::DriftedShare| DriftedShare {
            window: share.window.into(),
            tested_columns: share.tested as u64,
            drifted_columns: share.drifted as u64,
            drifted_share: share.share(),
            dataset_drift: share.is_dataset_drift(&criterion),
            slice: slice(share.slice),
            columns: share.columns.into_iter().map(ColumnDrift::from).collect(),
        };
        Self {
            windows: windows.into_iter().map(share).collect(),
            better: if criterion.better == Direction::Higher { "higher" } else { "lower" }.into(),
            threshold: criterion.threshold,
            correction: criterion.correction.into(),
            share: criterion.share,
            output: criterion.output,
        }
    }
}

impl From<eval::ColumnDrift> for ColumnDrift {
    fn from(column: eval::ColumnDrift) -> Self {
        let eval::ColumnDrift { inputs: fed, value, adjusted, drifted } = column;
        Self { inputs: inputs(fed), value, adjusted, drifted }
    }
}
