//! The one trait that a metric implements.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Description, Inputs, Report, Result, Rows, state};

/// A metric: a mergeable summary of rows, and a function from summaries to numbers.
///
/// The implementing type *is* the summary. For rows `A` and `B` in any batches,
/// updating with `A` and merging a summary of `B` must give what updating with
/// both gives, up to rounding: the runtime cuts windows as it likes.
///
/// Its serde form is its saved state; hold large lists of numbers through
/// [`bulk`](crate::bulk).
pub trait Metric: Default + Serialize + DeserializeOwned + 'static {
    /// The parameters a user may give, with a serde default for each that may
    /// be left out; [`NoParameters`] when there are none.
    type Parameters: DeserializeOwned + JsonSchema + 'static;

    /// What the plugin takes and gives; the same on every call.
    fn describe() -> Description;

    /// The JSON Schema of the parameters; made from their type unless overridden.
    fn parameters_schema() -> Value {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
        settings.into_generator().into_root_schema_for::<Self::Parameters>().to_value()
    }

    /// A summary of no rows. Check here what the parameters' schema can't say.
    ///
    /// # Errors
    /// [`Error::Parameters`](crate::Error::Parameters) when the parameters make no sense together.
    fn open(run: &Run<Self::Parameters>) -> Result<Self> {
        let _ = run;
        Ok(Self::default())
    }

    /// Takes in rows.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when the cells can't be used.
    fn update(&mut self, rows: &Rows, run: &Run<Self::Parameters>) -> Result<()>;

    /// Brings buffered rows into their final form. Called before the summary is
    /// saved or evaluated; rows may follow.
    fn settle(&mut self) {}

    /// Adds the rows behind another (settled) summary.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when the summaries don't fit together.
    fn merge(&mut self, other: Self) -> Result<()>;

    /// Turns (settled) summaries into results. `reference` is there when the
    /// description allows one and the user chose one.
    ///
    /// # Errors
    /// When no result can be given; a number that is merely undefined is a
    /// [`Value::undefined`](crate::Value::undefined) in the report.
    fn evaluate(&self, reference: Option<&Self>, run: &Run<Self::Parameters>) -> Result<Report>;

    /// The saved form; postcard unless overridden.
    ///
    /// # Errors
    /// When it can't be saved.
    fn encode(&self) -> Result<Vec<u8>> {
        state::to_bytes(self)
    }

    /// A summary back from its saved form, whose bytes it may keep ([`bulk::Held`](crate::bulk::Held)).
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when the bytes are not a saved summary.
    fn decode(state: Vec<u8>) -> Result<Self> {
        state::from_bytes(&state)
    }
}

/// What stays the same while a metric runs.
pub struct Run<'a, P> {
    /// What the user chose.
    pub parameters: &'a P,
    /// Which columns are bound to which inputs.
    pub inputs: Inputs<'a>,
}

/// The parameters of a metric that has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}
