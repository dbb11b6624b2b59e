//! What can be asked of the evaluator.

use driftline_core::{Name, Span, Window};
use driftline_storage::PluginRef;
use serde_json::{Map, Value};

use crate::DriftRequest;

/// One evaluation: a plugin over windows of a model's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Whose rows.
    pub model: Name,
    /// Which plugin.
    pub plugin: PluginRef,
    /// For each input its columns or SQL scalar expressions. Several for an
    /// input that takes one repeat the evaluation for each; several such lists
    /// go in step and must be equally long. `*` stands for all of the model's
    /// columns whose kind fits the input and that the request does not use otherwise.
    pub inputs: Vec<(String, Vec<String>)>,
    /// The plugin's parameters; those left out get the schema's defaults.
    pub parameters: Map<String, Value>,
    /// The rows to measure.
    pub window: WindowSpec,
    /// Cuts the window into periods of this length, one result each.
    pub every: Option<Span>,
    /// What to compare with.
    pub reference: Option<Reference>,
    /// An SQL condition on rows, applied to window and reference alike.
    pub filter: Option<String>,
    /// SQL scalar expressions; one result for each combination of their values.
    /// A slice is compared with the same slice of the reference.
    pub group_by: Vec<String>,
    /// How drifted columns are counted.
    pub drift: Option<DriftRequest>,
}

/// Which rows to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowSpec {
    /// Those of a window.
    Range(Window),
    /// Those of the time before now.
    Last(Span),
    /// Those of each of these windows, one result each, whatever `every` says. They come in order of time and do not
    /// overlap, but may differ in length, as months do.
    Periods(Vec<Window>),
    /// All of an uploaded dataset of the model, as one result. Its rows have no time: they count as those of `at`, at whose
    /// end the plugin's clock stands.
    Dataset {
        /// Which.
        dataset: Name,
        /// The time they stand for.
        at: Window,
    },
}

/// What to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// Other rows of the same model.
    Window(Window),
    /// An uploaded dataset of the model.
    Dataset(Name),
}

/// A model's rows, delayed metrics joined in, ordered by time and id.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadRequest {
    /// Whose rows.
    pub model: Name,
    /// The rows to read; all when absent.
    pub window: Option<Window>,
    /// The columns to give back; all when absent. `id` and `time` always come first.
    pub columns: Option<Vec<String>>,
    /// An SQL condition on rows.
    pub filter: Option<String>,
    /// The most rows to give back; all when absent.
    pub limit: Option<usize>,
    /// Where the rows before ended.
    pub after: Option<Position>,
}

/// A row's place in the order of time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The row's time, microseconds UTC.
    pub time_micros: i64,
    /// The row's id.
    pub id: [u8; 16],
}
