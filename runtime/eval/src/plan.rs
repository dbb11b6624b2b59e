//! A request checked against the model, the plugin and their types, before a row is read.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use driftline_core::{ColumnType, Description, MetricFactory, Name, ReferenceUse, Window};
use driftline_storage::{Dataset, Model, Pin, PluginRef, Storage};

use crate::{
    Error,
    binding::{bind, read},
    expression::{Expression, Expressions},
    frame::Shape,
    groups::Periods,
    outcome::PluginId,
    parameters,
    request::{Reference, Request, WindowSpec},
};

/// The most periods and slices of one evaluation.
pub(crate) const MAX_GROUPS: usize = 10_000;

/// An evaluation that can run: every name exists, every type fits.
pub struct Plan {
    pub(crate) model: Model,
    pub(crate) factory: Arc<dyn MetricFactory>,
    pub(crate) plugin: PluginId,
    pub(crate) parameters: String,
    pub(crate) window: Window,
    pub(crate) shape: Shape,
    pub(crate) reference: Option<PlannedReference>,
}

/// What to compare with, and how its rows are read.
pub(crate) struct PlannedReference {
    pub rows: ReferenceRows,
    pub shape: Shape,
}

pub(crate) enum ReferenceRows {
    Window(Window),
    /// Its file stays while the plan is held, also when another takes its place.
    Dataset(Dataset, Pin),
}

impl Plan {
    /// Which plugin will run.
    pub fn plugin(&self) -> &PluginId {
        &self.plugin
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
    let window = window(request.window, storage)?;
    let periods = match request.every {
        Some(every) => window
            .split(every, MAX_GROUPS as u64)
            .map_err(|error| Error::invalid("too_many_periods", "every", error.to_string()))?,
        None => vec![window],
    };
    let schema = model.schema.arrow_predictions();
    let shape = shape(request, &description, expressions, schema, Periods::Listed(periods))?;
    let reference = reference(request, &description, &model, &shape, storage, expressions)?;
    Ok(Plan { model, factory, plugin, parameters, window, shape, reference })
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

fn window(spec: WindowSpec, storage: &Storage) -> Result<Window, Error> {
    match spec {
        WindowSpec::Range(window) => Ok(window),
        WindowSpec::Last(span) => {
            let now = storage.now();
            Window::new(now.before(span), now)
                .map_err(|error| Error::invalid("invalid_window", "window.last", error.to_string()))
        }
    }
}

/// What is computed from rows with the columns of `schema`.
pub(crate) fn shape(
    request: &Request,
    description: &Description,
    expressions: &Expressions,
    schema: SchemaRef,
    periods: Periods,
) -> Result<Shape, Error> {
    Ok(Shape {
        filter: filter(request.filter.as_deref(), expressions, &schema)?,
        groups: groups(&request.group_by, expressions, &schema)?,
        bindings: bind(description, &request.inputs, expressions, &schema)?,
        periods: Arc::new(periods),
        schema,
    })
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

fn groups(texts: &[String], expressions: &Expressions, schema: &SchemaRef) -> Result<Vec<Expression>, Error> {
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

fn reference(
    request: &Request,
    description: &Description,
    model: &Model,
    shape: &Shape,
    storage: &Storage,
    expressions: &Expressions,
) -> Result<Option<PlannedReference>, Error> {
    let name = &description.name;
    let rows = match (&request.reference, description.reference) {
        (None, ReferenceUse::Required) => {
            let message = format!("`{name}` compares with a reference: give a window or {{\"dataset\": …}}");
            return Err(Error::invalid("reference_required", "reference", message));
        }
        (Some(_), ReferenceUse::None) => {
            let message = format!("`{name}` takes no reference: leave it out");
            return Err(Error::invalid("reference_not_taken", "reference", message));
        }
        (None, _) => return Ok(None),
        (Some(Reference::Window(window)), _) => ReferenceRows::Window(*window),
        (Some(Reference::Dataset(dataset)), _) => {
            let pin = storage.pin();
            ReferenceRows::Dataset(find_dataset(storage, model, dataset)?, pin)
        }
    };
    let shape = match &rows {
        ReferenceRows::Window(window) => Shape { periods: Arc::new(Periods::Listed(vec![*window])), ..shape.clone() },
        ReferenceRows::Dataset(dataset, _) => {
            let schema = dataset.schema.arrow_metrics();
            self::shape(request, description, expressions, schema, Periods::Listed(Vec::new()))
                .map_err(|error| in_dataset(error, dataset))?
        }
    };
    Ok(Some(PlannedReference { rows, shape }))
}

fn find_dataset(storage: &Storage, model: &Model, name: &Name) -> Result<Dataset, Error> {
    storage.dataset(&model.name, name)?.ok_or_else(|| {
        let message = format!("model `{}` has no dataset `{name}`: PUT it first", model.name);
        Error::not_found("dataset_not_found", "reference.dataset", message)
    })
}

fn in_dataset(error: Error, dataset: &Dataset) -> Error {
    match error {
        Error::Invalid { code, field, message } => {
            Error::Invalid { code, field, message: format!("in dataset `{}`: {message}", dataset.name) }
        }
        error => error,
    }
}
