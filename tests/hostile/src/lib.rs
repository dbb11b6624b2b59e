//! A guest that misbehaves in whatever way its parameter `behaviour` says.
//!
//! A behaviour is a verb, or a verb and the export that does it:
//!
//! | behaviour | does |
//! |---|---|
//! | `none` | counts rows and adds up values, honestly |
//! | `loop-in-E` | never returns from the export |
//! | `panic-in-E` | traps; the log keeps the panic's message |
//! | `fail-in-E` | returns an expected failure that names the export |
//! | `hoard-in-E` | allocates and writes memory until it is refused |
//! | `recurse-in-E` | calls itself until the stack ends |
//! | `flood-in-E` | writes a million log messages |
//! | `huge-message-in-E` | fails with a message of 48 MiB |
//! | `huge-state` | returns a state of 256 MiB |
//! | `huge-report`, `huge-note`, `huge-chart` | reports two million values, a note of 48 MiB, a series of four million points |
//! | `read-unbound`, `read-undeclared`, `read-as-labels`, `read-as-times` | reads a column that is not bound, does not exist, or is of another kind |
//! | `read-in-open`, `read-in-state`, `read-in-merge`, `read-in-evaluate` | reads rows outside `update` |
//! | `undeclared-output`, `output-twice`, `unequal-series` | reports what breaks the contract |
//! | `nan`, `infinity` | reports a number that is not finite |
//! | `refuse-own-state`, `lie-in-state` | refuses every state; returns a state that is no state |
//!
//! `E` is `open`, `update`, `state`, `merge`, `evaluate` or `drop`.

#![cfg(target_arch = "wasm32")]
// The generated glue needs it.
#![allow(unsafe_code)]

mod deeds;
mod report;

use std::cell::RefCell;

use bindings::{
    driftline::metric::{columns, log},
    exports::driftline::metric::metric::{Accumulator, AccumulatorBorrow, Failure, Guest, GuestAccumulator, Report},
};
use serde::Deserialize;

#[allow(missing_docs, unsafe_code, clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "metric-plugin" });
}

struct Hostile;

#[derive(Deserialize)]
struct Parameters {
    behaviour: String,
}

struct Sum {
    behaviour: String,
    rows: RefCell<(u64, f64)>,
}

impl Guest for Hostile {
    type Accumulator = Sum;

    fn describe() -> String {
        include_str!("description.json").to_owned()
    }

    fn evaluate(current: AccumulatorBorrow<'_>, _: Option<AccumulatorBorrow<'_>>) -> Result<Report, Failure> {
        let current = current.get::<Sum>();
        current.act("evaluate")?;
        Ok(report::report(&current.behaviour, *current.rows.borrow()))
    }
}

impl Sum {
    fn act(&self, export: &str) -> Result<(), Failure> {
        deeds::act(&self.behaviour, export)
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        let _ = self.act("drop");
    }
}

impl GuestAccumulator for Sum {
    fn open(parameters: String) -> Result<Accumulator, Failure> {
        std::panic::set_hook(Box::new(|panic| log::write(log::Level::Warn, &panic.to_string())));
        let parameters: Parameters =
            serde_json::from_str(&parameters).map_err(|error| Failure::InvalidParameters(error.to_string()))?;
        deeds::act(&parameters.behaviour, "open")?;
        Ok(Accumulator::new(Self { behaviour: parameters.behaviour, rows: RefCell::default() }))
    }

    fn update(&self) -> Result<(), Failure> {
        self.act("update")?;
        deeds::misread(&self.behaviour);
        let mut rows = self.rows.borrow_mut();
        rows.0 += u64::from(columns::rows());
        rows.1 += columns::numbers(0).iter().sum::<f64>();
        Ok(())
    }

    fn state(&self) -> Result<Vec<u8>, Failure> {
        self.act("state")?;
        let (rows, sum) = *self.rows.borrow();
        match self.behaviour.as_str() {
            "huge-state" => Ok(vec![7; 256 << 20]),
            "lie-in-state" => Ok(b"this is no state".to_vec()),
            _ => Ok([rows.to_le_bytes(), sum.to_le_bytes()].concat()),
        }
    }

    fn merge(&self, state: Vec<u8>) -> Result<(), Failure> {
        self.act("merge")?;
        let refused = || Failure::InvalidData("this is no state of mine".into());
        let (rows, sum) = state.split_at_checked(8).ok_or_else(refused)?;
        let (Ok(more), Ok(sum)) = (rows.try_into(), sum.try_into()) else { return Err(refused()) };
        if self.behaviour == "refuse-own-state" || state == b"this is no state" {
            return Err(refused());
        }
        let mut rows = self.rows.borrow_mut();
        rows.0 += u64::from_le_bytes(more);
        rows.1 += f64::from_le_bytes(sum);
        Ok(())
    }
}

bindings::export!(Hostile with_types_in bindings);
