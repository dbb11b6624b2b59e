//! Testing a metric without WebAssembly: [`Table`], [`evaluate`], [`check_merging`], [`check_expected`], [`state`].
//!
//! ```
//! # use driftline_sdk::{prelude::*, testing::{self, Table}};
//! # #[derive(Default, Serialize, Deserialize)] struct Count(u64);
//! # impl Metric for Count {
//! #     type Parameters = NoParameters;
//! #     fn describe() -> Description {
//! #         Description::new("count", "1.0.0", "").input(Input::number("value")).output(Output::new("count"))
//! #     }
//! #     fn update(&mut self, rows: &Rows, _: &Run<NoParameters>) -> Result<()> { self.0 += rows.len() as u64; Ok(()) }
//! #     fn merge(&mut self, other: Self) -> Result<()> { self.0 += other.0; Ok(()) }
//! #     fn evaluate(&self, _: Option<&Self>, _: &Run<NoParameters>) -> Result<Report> {
//! #         Ok(Report::new().value(Value::new("count", self.0 as f64)))
//! #     }
//! # }
//! let table = Table::new().numbers("value", [1.0, 2.0, 3.0]);
//! let report = testing::evaluate::<Count>(&table, None, "{}").expect("these rows are fine");
//! assert_eq!(report.get("count").and_then(|value| value.number), Some(3.0));
//! testing::check_merging::<Count>(&table, None, "{}", 0.0);
//! ```

mod check;
mod expected;
mod table;

pub use check::{check_merging, evaluate, state};
pub use expected::{Agreement, check_expected};
pub use table::Table;
