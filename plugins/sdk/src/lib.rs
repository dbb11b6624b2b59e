//! Write Driftline metrics: implement [`Metric`], name the type in [`plugin!`], build for `wasm32-unknown-unknown`.
//!
//! ```
//! use driftline_sdk::prelude::*;
//!
//! #[derive(Default, Serialize, Deserialize)]
//! struct MeanError {
//!     sum: f64,
//!     rows: f64,
//! }
//!
//! impl Metric for MeanError {
//!     type Parameters = NoParameters;
//!
//!     fn describe() -> Description {
//!         Description::new("mean-error", "1.0.0", "Mean of prediction minus target.")
//!             .input(Input::number("prediction"))
//!             .input(Input::number("target"))
//!             .output(Output::new("mean_error"))
//!     }
//!
//!     fn update(&mut self, rows: &Rows, _: &Run<NoParameters>) -> Result<()> {
//!         for (prediction, target) in rows.numbers("prediction")?.iter().zip(&*rows.numbers("target")?) {
//!             self.sum += prediction - target;
//!             self.rows += 1.0;
//!         }
//!         Ok(())
//!     }
//!
//!     fn merge(&mut self, other: Self) -> Result<()> {
//!         self.sum += other.sum;
//!         self.rows += other.rows;
//!         Ok(())
//!     }
//!
//!     fn evaluate(&self, _: Option<&Self>, _: &Run<NoParameters>) -> Result<Report> {
//!         Ok(Report::new().value(Value::new("mean_error", self.sum / self.rows)))
//!     }
//! }
//!
//! plugin!(MeanError);
//! # fn main() {}
//! ```
//!
//! | to | use |
//! |---|---|
//! | say what a metric takes and gives | [`Description`], [`Input`], [`Output`] |
//! | read cells by the name of an input | [`Rows`], [`Categories`], [`Validity`] |
//! | read binary ground truth, and weights | [`labels`], [`weights`] |
//! | answer with numbers, reasons and pictures | [`Report`], [`Value`], [`Chart`] |
//! | fail with a message for the user | [`Error`] |
//! | keep millions of numbers in a state | [`bulk`] |
//! | tell the person running it something | [`log`] |
//! | test without WebAssembly | [`testing`] |
//! | run the same code in a native program | [`Accumulator`], [`Source`] |
//!
//! The crate is the same on every target; only the glue behind [`plugin!`]
//! exists for WebAssembly alone.

mod accumulator;
pub mod bulk;
mod chart;
mod description;
mod error;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
mod input;
mod labels;
mod limit;
pub mod log;
mod metric;
mod output;
mod report;
mod rows;
mod source;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod weights;

pub use accumulator::Accumulator;
pub use chart::{Chart, Series};
pub use description::{Description, ReferenceUse};
pub use error::{Error, Result};
pub use input::{Input, Kind};
pub use labels::labels;
pub use limit::Limit;
pub use metric::{Metric, NoParameters, Run};
pub use output::{Direction, Output};
pub use report::{Report, Value};
pub use rows::{Categories, Inputs, Rows, Validity};
pub use source::Source;
pub use weights::weights;
// What the derives of parameters and states expand to.
pub use {schemars, serde, serde_json};

/// Everything that a metric usually needs.
pub mod prelude {
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};

    pub use crate::{
        Chart, Description, Direction, Error, Input, Kind, Metric, NoParameters, Output, ReferenceUse, Report, Result,
        Rows, Run, Series, Value, plugin,
    };
}

/// Makes a type that implements [`Metric`] the plugin of this crate.
///
/// Use it once, at the crate's top level. On targets other than WebAssembly it
/// only checks that the type is a metric.
#[macro_export]
macro_rules! plugin {
    ($metric:ty) => {
        #[cfg(target_arch = "wasm32")]
        mod driftline_plugin {
            #[allow(unused_imports)]
            use super::*;
            type Plugin = $crate::guest::Exports<$metric>;
            $crate::guest::export!(Plugin with_types_in $crate::guest::bindings);
        }
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> $crate::Description = <$metric as $crate::Metric>::describe;
    };
}
