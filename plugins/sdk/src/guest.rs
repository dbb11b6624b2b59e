//! The glue between [`Metric`] and the contract, for WebAssembly alone.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Once},
};

use bindings::{
    driftline::metric::{columns, log},
    exports::driftline::metric::metric as contract,
};

use crate::{Chart, Error, Kind, Metric, Report, Source, Value};

/// What wit-bindgen makes of the contract.
#[allow(missing_docs, unsafe_code, clippy::all)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "metric-plugin",
        pub_export_macro: true,
        export_macro_name: "export",
    });
}

pub use bindings::export;

/// A metric as the contract's exports.
pub struct Exports<M>(core::marker::PhantomData<M>);

/// A metric's accumulator behind a handle.
pub struct Accumulator<M: Metric>(RefCell<crate::Accumulator<M>>);

impl<M: Metric> contract::Guest for Exports<M> {
    type Accumulator = Accumulator<M>;

    fn describe() -> String {
        log_panics();
        crate::Accumulator::<M>::describe()
    }

    fn evaluate(
        current: contract::AccumulatorBorrow<'_>,
        reference: Option<contract::AccumulatorBorrow<'_>>,
    ) -> Result<contract::Report, contract::Failure> {
        let current = &current.get::<Accumulator<M>>().0;
        let reference = reference.as_ref().map(|reference| &reference.get::<Accumulator<M>>().0);
        // One at a time: both may be the same accumulator.
        current.borrow_mut().settle();
        if let Some(reference) = reference {
            reference.borrow_mut().settle();
        }
        let reference = reference.map(RefCell::borrow);
        let report = current.borrow().evaluate(reference.as_deref(), &Imports)?;
        Ok(report.into())
    }
}

impl<M: Metric> contract::GuestAccumulator for Accumulator<M> {
    fn open(parameters: String) -> Result<contract::Accumulator, contract::Failure> {
        log_panics();
        let accumulator = crate::Accumulator::<M>::open(&parameters, &Imports)?;
        Ok(contract::Accumulator::new(Self(RefCell::new(accumulator))))
    }

    fn update(&self) -> Result<(), contract::Failure> {
        Ok(self.0.borrow_mut().update(&Imports)?)
    }

    fn state(&self) -> Result<Vec<u8>, contract::Failure> {
        Ok(self.0.borrow_mut().state()?)
    }

    fn merge(&self, state: Vec<u8>) -> Result<(), contract::Failure> {
        Ok(self.0.borrow_mut().merge(state)?)
    }
}

/// The contract's `columns` interface.
struct Imports;

thread_local! {
    static LABELS: RefCell<BTreeMap<u32, Arc<Vec<String>>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Source for Imports {
    fn rows(&self) -> usize {
        columns::rows() as usize
    }

    fn bound(&self, input: u32) -> Vec<u32> {
        columns::bound(input)
    }

    fn name(&self, column: u32) -> String {
        columns::name(column)
    }

    fn kind(&self, column: u32) -> Kind {
        match columns::kind(column).as_str() {
            "category" => Kind::Category,
            "timestamp" => Kind::Timestamp,
            _ => Kind::Number,
        }
    }

    fn numbers(&self, column: u32) -> Cow<'_, [f64]> {
        columns::numbers(column).into()
    }

    fn validity(&self, column: u32) -> Option<Cow<'_, [u8]>> {
        columns::validity(column).map(Cow::Owned)
    }

    fn codes(&self, column: u32) -> Cow<'_, [u32]> {
        columns::codes(column).into()
    }

    fn labels(&self, column: u32) -> Arc<Vec<String>> {
        LABELS.with_borrow_mut(|known| {
            let known = known.entry(column).or_default();
            let more = columns::labels(column, u32::try_from(known.len()).unwrap_or(u32::MAX));
            if !more.is_empty() {
                Arc::make_mut(known).extend(more);
            }
            Arc::clone(known)
        })
    }

    fn timestamps(&self, column: u32) -> Cow<'_, [i64]> {
        columns::timestamps(column).into()
    }
}

impl From<Error> for contract::Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Parameters(message) => Self::InvalidParameters(message),
            Error::Data(message) => Self::InvalidData(message),
            Error::Failed(message) => Self::Failed(message),
        }
    }
}

impl From<Report> for contract::Report {
    fn from(report: Report) -> Self {
        Self {
            values: report.values.into_iter().map(Into::into).collect(),
            charts: report.charts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Value> for contract::Value {
    fn from(Value { name, number, standard_error, note }: Value) -> Self {
        Self { name, number, standard_error, note }
    }
}

impl From<Chart> for contract::Chart {
    fn from(Chart { name, x_label, y_label, kind, categories, series }: Chart) -> Self {
        let series = series.into_iter().map(|series| contract::Series { name: series.name, x: series.x, y: series.y });
        Self { name, x_label, y_label, kind, categories, series: series.collect() }
    }
}

/// A panic becomes a trap without words; the log keeps them.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| log::write(log::Level::Warn, &panic.to_string())));
    });
}
