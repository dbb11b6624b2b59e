//! The standard summary: what is kept of every column when rows go, if the plugin `summary` is installed.

use driftline_core::{Description, Kind, MetricFactory, Name, RESERVED};
use driftline_sandbox::Sandbox;
use driftline_storage::{Definition, Model, PluginRef, Storage};
use serde_json::Map;

use crate::{Error, binding::kind_of, definition::Defined, parameters};

/// The plugin whose states are kept of every column.
const PLUGIN: &str = "summary";

/// The most columns that are summarised.
const MAX_COLUMNS: usize = 64;

/// One definition for each column that the plugin takes; none when it is not
/// installed, does not merge, or needs more than one column.
pub(crate) fn definitions(storage: &Storage, sandbox: &Sandbox, model: &Model) -> Result<Vec<Definition>, Error> {
    let Ok(name) = PLUGIN.parse::<Name>() else { return Ok(Vec::new()) };
    let Some(record) = storage.plugin(&PluginRef::Latest(name))? else { return Ok(Vec::new()) };
    let plugin = sandbox.load(&record.digest, || storage.plugin_wasm(&record.digest))?;
    let description = plugin.description();
    let Some((input, kinds)) = only_input(description).filter(|_| description.merges) else { return Ok(Vec::new()) };
    let Ok(parameters) = parameters::complete(&description.parameters, Map::new()) else { return Ok(Vec::new()) };
    let define = |column: &str| {
        let inputs = vec![(input.to_owned(), vec![column.to_owned()])];
        Defined { plugin: record.digest, parameters: parameters.clone(), inputs, filter: None, group_by: Vec::new() }
            .written()
    };
    let fits = |column: &&driftline_core::Column| {
        !RESERVED.contains(&column.name.as_str())
            && kind_of(kinds, &column.column_type.arrow()).is_some_and(|kind| kind != Kind::Timestamp)
    };
    Ok(model.schema.columns().iter().filter(fits).take(MAX_COLUMNS).map(|column| define(&column.name)).collect())
}

/// The one input that a plugin needs, or its first when all are optional.
fn only_input(description: &Description) -> Option<(&str, &[Kind])> {
    let mut required = description.inputs.iter().filter(|input| !input.optional);
    let input = required.next().or_else(|| description.inputs.first())?;
    required.next().is_none().then_some((input.name.as_str(), input.kinds.as_slice()))
}
