//! A request checked against the model, the plugin and their types, before a row is read.

use std::{collections::BTreeSet, sync::Arc};

use arrow::datatypes::SchemaRef;
use driftline_core::{ColumnType, Description, MetricFactory, Name, ReferenceUse, Window};
use driftline_storage::{Dataset, Model, Pin, PluginRef, Storage};

use crate::{
    Criterion, Error,
    binding::{bind, read, same_kinds},
    expression::{Expression, Expressions},
    frame::Shape,
    groups::Periods,
    outcome::{LeftOut, PluginId},
    parameters,
    request::{Reference, Request, WindowSpec},
    same_rows::SameRows,
    star::{Spread, spread},
};

/// The most periods and slices of one evaluation.
pub(crate) const MAX_GROUPS: usize = 10_000;
/// The most results of one evaluation before it is cut into slices.
const MAX_RESULTS: usize = 50_000;

/// An evaluation that can run: every name exists, every type fits.
pub struct Plan {
    pub(crate) model: Model,
    pub(crate) factory: Arc<dyn MetricFactory>,
    pub(crate) plugin: PluginId,
    pub(crate) parameters: String,
    /// Where the plugin's clock stands.
    pub(crate) window: Window,
    pub(crate) rows: PlannedRows,
    pub(crate) shape: Shape,
    pub(crate) reference: Option<PlannedReference>,
    /// When a column counts as drifted, if that is to be told.
    pub(crate) criterion: Option<Criterion>,
    /// The columns that `*` does not stand for.
    pub(crate) left_out: Vec<LeftOut>,
    /// Rows that another plan reads too.
    pub(crate) same_rows: Option<SameRows>,
}

/// What to compare with, and how its rows are read.
pub(crate) struct PlannedReference {
    pub rows: PlannedRows,
    pub shape: Shape,
}

/// The rows of one side.
pub(crate) enum PlannedRows {
    Window(Window),
    /// Its file stays while the plan is held, also when another takes its place.
    Dataset {
        dataset: Dataset,
        _pin: Pin,
    },
}

impl Plan {
    /// Which plugin will run.
    pub fn plugin(&self) -> &PluginId {
        &self.plugin
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        self.factory.description()
    }

    /// The model's columns that running it reads, those of the reference's rows included.
    pub fn columns(&self) -> BTreeSet<&str> {
        let reference = self.reference.iter().flat_map(|reference| reference.shape.columns());
        self.shape.columns().into_iter().chain(reference).collect()
    }

    /// Lets both read the very same rows: those that there are when the first of them begins.
    pub fn share_rows(&mut self, other: &mut Self) {
        let rows = SameRows::default();
        self.same_rows = Some(rows.clone());
        other.same_rows = Some(rows);
    }
}

/// Checks a request. `factory` is the plugin it names. Blocks on the catalog.
pub(crate) fn plan(
    request: &Request,
    model: Model,
    plugin: PluginId,
    factory: Arc<dyn MetricFactory>,
    storage: &Storage,
    expressions: &Expressions,
) -> Result<Plan, Error> {
    let description = factory.description().clone();
    let parameters = parameters::complete(&description.parameters, request.parameters.clone())?;
    let (window, periods) = windows(request, storage)?;
    let rows = current_rows(request, window, &model, storage)?;
    let others = reference_rows(request, &description, &model, storage)?;
    let dataset = others.as_ref().and_then(PlannedRows::dataset).or(rows.dataset());
    let Spread { inputs, left_out } = spread(request, &description, &model, dataset)?;
    let request = &Request { inputs, ..request.clone() };
    let shape_of = |rows: &PlannedRows, periods| shape(rows, request, &description, &model, expressions, periods);
    let shape = shape_of(&rows, Periods::Listed(periods))?;
    refuse_too_many_results(&shape)?;
    let reference = match others {
        None => None,
        Some(rows) => {
            let periods = rows.window().into_iter().collect();
            let other = shape_of(&rows, Periods::Listed(periods))?;
            for (ours, theirs) in shape.bindings.iter().zip(&other.bindings) {
                same_kinds(&description, ours, theirs).map_err(|error| rows.name_in(error))?;
            }
            Some(PlannedReference { rows, shape: other })
        }
    };
    let sets = shape.bindings.len();
    let criterion = Criterion::of(request.drift.as_ref(), &description, reference.is_some(), sets)?;
    let same_rows = None;
    Ok(Plan { model, factory, plugin, parameters, window, rows, shape, reference, criterion, left_out, same_rows })
}

fn refuse_too_many_results(shape: &Shape) -> Result<(), Error> {
    let (columns, periods) = (shape.bindings.len(), shape.periods.listed().len());
    if columns * periods <= MAX_RESULTS {
        return Ok(());
    }
    let message = format!(
        "{columns} columns over {periods} periods are more than {MAX_RESULTS} results: ask for fewer columns, or use a longer `every`"
    );
    Err(Error::invalid("too_many_results", "inputs", message))
}

/// The model called `name`.
pub(crate) fn model(storage: &Storage, name: &Name) -> Result<Model, Error> {
    storage.model(name)?.ok_or_else(|| {
        let message = format!("there is no model `{name}`: PUT /v1/models/{name}, or send its first predictions");
        Error::not_found("model_not_found", "model", message)
    })
}

/// What a plugin is called in messages.
pub(crate) fn plugin_not_found(plugin: &PluginRef) -> Error {
    let message = format!("there is no plugin `{plugin}`: GET /v1/plugins lists those installed");
    Error::not_found("plugin_not_found", "plugin", message)
}

/// The time that is measured, as a whole and in periods.
fn windows(request: &Request, storage: &Storage) -> Result<(Window, Vec<Window>), Error> {
    let window = match &request.window {
        WindowSpec::Range(window) => *window,
        WindowSpec::Last(span) => {
            let now = storage.now();
            Window::new(now.before(*span), now)
                .map_err(|error| Error::invalid("invalid_window", "window.last", error.to_string()))?
        }
        WindowSpec::Periods(periods) => return listed(periods),
        WindowSpec::Dataset { at, .. } => return Ok((*at, vec![*at])),
    };
    let periods = match request.every {
        Some(every) => window
            .split(every, MAX_GROUPS as u64)
            .map_err(|error| Error::invalid("too_many_periods", "every", error.to_string()))?,
        None => vec![window],
    };
    Ok((window, periods))
}

fn listed(periods: &[Window]) -> Result<(Window, Vec<Window>), Error> {
    if periods.len() > MAX_GROUPS {
        let message = format!("{} periods are more than {MAX_GROUPS}: ask for less time at once", periods.len());
        return Err(Error::invalid("too_many_periods", "window", message));
    }
    let in_order = periods.windows(2).all(|pair| pair[0].end() <= pair[1].start());
    let hull = Periods::Listed(periods.to_vec()).hull().filter(|_| in_order);
    let message = "periods come in order of time and do not overlap: give at least one";
    let hull = hull.ok_or_else(|| Error::invalid("invalid_window", "window", message))?;
    Ok((hull, periods.to_vec()))
}

/// What is computed from some rows.
fn shape(
    rows: &PlannedRows,
    request: &Request,
    description: &Description,
    model: &Model,
    expressions: &Expressions,
    periods: Periods,
) -> Result<Shape, Error> {
    let schema = match rows {
        PlannedRows::Window(_) => model.schema.arrow_predictions(),
        PlannedRows::Dataset { dataset, .. } => dataset.schema.arrow_metrics(),
    };
    let shape = || {
        Ok(Shape {
            filter: filter(request.filter.as_deref(), expressions, &schema)?,
            groups: groups(&request.group_by, expressions, &schema)?,
            bindings: bind(description, &request.inputs, expressions, &schema)?,
            periods: Arc::new(periods),
            schema: Arc::clone(&schema),
        })
    };
    shape().map_err(|error| rows.name_in(error))
}

/// The condition of a request's `where`.
pub(crate) fn filter(
    text: Option<&str>,
    expressions: &Expressions,
    schema: &SchemaRef,
) -> Result<Option<Expression>, Error> {
    let Some(text) = text else { return Ok(None) };
    let expression = read(expressions, text, schema, "where")?;
    if expression.data_type != arrow::datatypes::DataType::Boolean {
        let message = format!("`{text}` is not a condition: write a comparison such as `{text} > 0`");
        return Err(Error::invalid("filter_not_boolean", "where", message));
    }
    Ok(Some(expression))
}

/// The expressions of a request's `group_by`.
pub(crate) fn groups(
    texts: &[String],
    expressions: &Expressions,
    schema: &SchemaRef,
) -> Result<Vec<Expression>, Error> {
    let list = ColumnType::FloatList.arrow();
    let check = |(at, text): (usize, &String)| {
        let field = format!("group_by[{at}]");
        if texts[..at].contains(text) {
            return Err(Error::invalid("duplicate_group", field, format!("`{text}` is listed twice: name it once")));
        }
        let expression = read(expressions, text, schema, &field)?;
        if expression.data_type == list {
            return Err(Error::invalid(
                "expression_type_mismatch",
                field,
                format!("`{text}` is a list: group by a single value"),
            ));
        }
        Ok(expression)
    };
    texts.iter().enumerate().map(check).collect()
}

/// Finds the rows to measure.
fn current_rows(request: &Request, window: Window, model: &Model, storage: &Storage) -> Result<PlannedRows, Error> {
    match &request.window {
        WindowSpec::Dataset { dataset, .. } => find_dataset(storage, model, dataset, "window.dataset"),
        _ => Ok(PlannedRows::Window(window)),
    }
}

/// Finds the rows to compare with; none when the request and the plugin agree on that.
fn reference_rows(
    request: &Request,
    description: &Description,
    model: &Model,
    storage: &Storage,
) -> Result<Option<PlannedRows>, Error> {
    let name = &description.name;
    match (&request.reference, description.reference) {
        (None, ReferenceUse::Required) => {
            let message = format!("`{name}` compares with a reference: give a window or {{\"dataset\": …}}");
            Err(Error::invalid("reference_required", "reference", message))
        }
        (Some(_), ReferenceUse::None) => {
            let message = format!("`{name}` takes no reference: leave it out");
            Err(Error::invalid("reference_not_taken", "reference", message))
        }
        (None, _) => Ok(None),
        (Some(Reference::Window(window)), _) => Ok(Some(PlannedRows::Window(*window))),
        (Some(Reference::Dataset(dataset)), _) => find_dataset(storage, model, dataset, "reference.dataset").map(Some),
    }
}

fn find_dataset(storage: &Storage, model: &Model, name: &Name, field: &str) -> Result<PlannedRows, Error> {
    let pin = storage.pin();
    let dataset = storage.dataset(&model.name, name)?.ok_or_else(|| {
        let message = format!("model `{}` has no dataset `{name}`: PUT it first", model.name);
        Error::not_found("dataset_not_found", field, message)
    })?;
    Ok(PlannedRows::Dataset { dataset, _pin: pin })
}

impl PlannedRows {
    fn window(&self) -> Option<Window> {
        match self {
            Self::Window(window) => Some(*window),
            Self::Dataset { .. } => None,
        }
    }

    fn dataset(&self) -> Option<&Dataset> {
        match self {
            Self::Window(_) => None,
            Self::Dataset { dataset, .. } => Some(dataset),
        }
    }

    /// The error of rows that are not the model's own says whose they are.
    fn name_in(&self, error: Error) -> Error {
        match (error, self.dataset()) {
            (Error::Invalid { code, field, message }, Some(dataset)) => {
                Error::Invalid { code, field, message: format!("in dataset `{}`: {message}", dataset.name) }
            }
            (error, _) => error,
        }
    }
}
