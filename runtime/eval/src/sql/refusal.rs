//! Errors of the query engine in the words of whoever wrote the statement.

use std::error::Error as StdError;

use datafusion::{common::SchemaError, error::DataFusionError};

use crate::{Error, expression::first_line};

/// What a failure says to whoever wrote the statement; what is not theirs stays an error of the engine.
pub(super) fn refused(error: DataFusionError) -> Error {
    if let Some(damage) = stored(&error) {
        return Error::Storage(damage.clone());
    }
    let said = words(&error);
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => too_large(&said),
        DataFusionError::SchemaError(cause, _) if matches!(**cause, SchemaError::FieldNotFound { .. }) => {
            Error::invalid("unknown_column", "sql", said)
        }
        DataFusionError::Plan(cause) => match missing_table(cause) {
            Some(table) => Error::invalid("unknown_table", "sql", no_table(table)),
            None => Error::invalid("invalid_sql", "sql", said),
        },
        DataFusionError::SQL(..) | DataFusionError::SchemaError(..) | DataFusionError::Diagnostic(..) => {
            Error::invalid("invalid_sql", "sql", said)
        }
        DataFusionError::NotImplemented(_) | DataFusionError::Configuration(_) => {
            Error::invalid("unsupported_sql", "sql", format!("this can't be answered: {said}"))
        }
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => {
            Error::invalid("query_failed", "sql", format!("the query failed on the rows: {said}"))
        }
        _ => Error::Query(error),
    }
}

/// The first line of an error, without what is only of use to the engine's authors.
pub(super) fn words(error: &DataFusionError) -> String {
    // What an optimizer's rule is called helps nobody; what it met does.
    let met = match error {
        DataFusionError::Context(_, met) => met,
        other => other,
    };
    first_line(met).replace("driftline.main.", "").replace("driftline.predictions.", "predictions.")
}

fn too_large(said: &str) -> Error {
    let message = format!(
        "the query needs more memory than it may use: filter, group or select less, or set a smaller limit ({said})"
    );
    Error::invalid("query_too_large", "sql", message)
}

fn missing_table(said: &str) -> Option<&str> {
    let name = said.strip_prefix("table '")?.split_once("' not found")?.0;
    Some(name.strip_prefix("driftline.").unwrap_or(name))
}

fn no_table(name: &str) -> String {
    let name = name.strip_prefix("main.").unwrap_or(name);
    format!(
        "there is no table `{name}`: the tables are models, columns, aggregates, evaluations, plugins, datasets, \
         and each model's predictions under the model's name, in double quotes unless it is a plain word"
    )
}

/// The failure of storage behind an error of the engine, if there is one.
fn stored(error: &DataFusionError) -> Option<&driftline_storage::Error> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
