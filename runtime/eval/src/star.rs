//! What `*` stands for among the inputs of a request: every column of the model that fits.

use driftline_core::{ColumnType, Description, Input, Kind};
use driftline_storage::{Dataset, Model};

use crate::{
    Error,
    binding::{kind_of, takes},
    outcome::LeftOut,
    request::Request,
};

/// The word for all columns that fit.
pub(crate) const STAR: &str = "*";

/// The inputs of a request, `*` replaced by columns.
pub(crate) struct Spread {
    pub inputs: Vec<(String, Vec<String>)>,
    /// The columns that `*` could have meant and does not, and why.
    pub left_out: Vec<LeftOut>,
}

/// Replaces each `*` by the model's columns, in the order in which they first came,
/// whose kind fits the input; in the dataset to compare with they must be, with the same kind.
/// Columns that the request itself uses as another input or to group by stand for no column.
///
/// # Errors
/// `star_twice` when more than one input would be repeated, `no_fitting_column` when nothing fits.
pub(crate) fn spread(
    request: &Request,
    description: &Description,
    model: &Model,
    dataset: Option<&Dataset>,
) -> Result<Spread, Error> {
    let mut spread = Spread { inputs: request.inputs.clone(), left_out: Vec::new() };
    let starred = |input: &&Input| columns_of(request, &input.name).iter().any(|column| column == STAR);
    let starred: Vec<&Input> = description.inputs.iter().filter(starred).collect();
    refuse_two_lists(request, description, &starred)?;
    for input in starred {
        let taken = taken(request, input);
        let mut fitting = Vec::new();
        for column in model.schema.columns() {
            match fit(input, &column.name, column.column_type, dataset, &taken) {
                Ok(()) => fitting.push(column.name.clone()),
                Err(reason) => {
                    spread.left_out.push(LeftOut { input: input.name.clone(), column: column.name.clone(), reason });
                }
            }
        }
        if fitting.is_empty() {
            return Err(none_fits(input, model));
        }
        if let Some((_, columns)) = spread.inputs.iter_mut().find(|(name, _)| *name == input.name) {
            *columns = replaced(columns, &fitting);
        }
    }
    Ok(spread)
}

fn columns_of<'a>(request: &'a Request, input: &str) -> &'a [String] {
    request.inputs.iter().find(|(name, _)| name == input).map_or(&[], |(_, columns)| columns)
}

/// Lists of several inputs go in step, and nobody can know the step of `*`.
fn refuse_two_lists(request: &Request, description: &Description, starred: &[&Input]) -> Result<(), Error> {
    let Some(star) = starred.iter().find(|input| !input.repeated) else { return Ok(()) };
    let is_list = |input: &&Input| {
        let columns = columns_of(request, &input.name);
        !input.repeated && input.name != star.name && (columns.len() > 1 || columns.iter().any(|text| text == STAR))
    };
    match description.inputs.iter().find(is_list) {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "`*` stands for all columns of `{}` one by one: bind `{}` to a single column or expression",
                star.name, other.name
            );
            Err(Error::invalid("star_twice", format!("inputs.{}", other.name), message))
        }
    }
}

/// The columns that the request uses otherwise, with how.
fn taken<'a>(request: &'a Request, star: &Input) -> Vec<(&'a str, String)> {
    let others = request.inputs.iter().filter(|(name, _)| *name != star.name);
    let bound = others.flat_map(|(name, columns)| {
        columns.iter().map(move |column| (column.as_str(), format!("it is the input `{name}` already")))
    });
    let grouped = request.group_by.iter().map(|text| (text.as_str(), "rows are grouped by it".to_owned()));
    bound.chain(grouped).collect()
}

/// Whether a column is meant, or why not.
fn fit(
    input: &Input,
    column: &str,
    held: ColumnType,
    dataset: Option<&Dataset>,
    taken: &[(&str, String)],
) -> Result<(), String> {
    if let Some((_, how)) = taken.iter().find(|(name, _)| *name == column) {
        return Err(how.clone());
    }
    let kind = kind(input, held)
        .ok_or_else(|| format!("it holds {held} values, and `{}` takes {}", input.name, takes(input)))?;
    let Some(dataset) = dataset else { return Ok(()) };
    match dataset.schema.column_type(column) {
        None => Err(format!("dataset `{}` does not have it", dataset.name)),
        Some(other) if self::kind(input, other) == Some(kind) => Ok(()),
        Some(other) => Err(format!("it holds {held} values here and {other} values in dataset `{}`", dataset.name)),
    }
}

fn kind(input: &Input, held: ColumnType) -> Option<Kind> {
    kind_of(&input.kinds, &held.arrow())
}

fn none_fits(input: &Input, model: &Model) -> Error {
    let message = format!(
        "no column of model `{}` is left for `{}`, which takes {}: GET /v1/models/{} shows its columns",
        model.name,
        input.name,
        takes(input),
        model.name
    );
    Error::invalid("no_fitting_column", format!("inputs.{}", input.name), message)
}

/// A list with the fitting columns in the place of `*`; what the list names itself comes once.
fn replaced(columns: &[String], fitting: &[String]) -> Vec<String> {
    let mut replaced = Vec::new();
    for column in columns {
        if column == STAR {
            replaced.extend(fitting.iter().filter(|name| !columns.contains(name)).cloned());
        } else {
            replaced.push(column.clone());
        }
    }
    replaced
}
