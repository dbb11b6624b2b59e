//! The vocabulary of Driftline and the accumulator algebra every metric obeys.
//!
//! | word | here |
//! |---|---|
//! | names of models, plugins, datasets | [`Name`] |
//! | content address of a plugin or a data set | [`Digest`], [`Digester`] |
//! | an instant, a length of time, a half-open range | [`Time`], [`Span`], [`Window`] |
//! | a model's columns | [`Schema`], [`ColumnType`] |
//! | what a plugin says of itself | [`Description`] |
//! | rows as a plugin sees them | [`InputBatch`] |
//! | a running summary of rows, and what it says in the end | [`Metric`], [`Report`] |
//!
//! Only Arrow types cross this crate's border; it does no I/O and knows no
//! serialisation format.

mod description;
mod digest;
mod metric;
mod name;
mod report;
mod rows;
mod schema;
mod time;
mod window;

pub use description::{Description, Direction, Input, Kind, Output, ReferenceUse};
pub use digest::{Digest, Digester};
pub use metric::{Accumulator, Failure, FailureCode, Metric, MetricFactory};
pub use name::{Name, NameError};
pub use report::{Chart, Report, Series, Value};
pub use rows::{BoundColumn, Cells, InputBatch, InputLayout};
pub use schema::{
    Column, ColumnType, DEPLOYMENT, END_TIME, ID, LABELLED_AT, RESERVED, Schema, SchemaError, TIME, is_exact_as_float,
};
pub use time::{Span, Time, TimeError};
pub use window::{Window, WindowError};
