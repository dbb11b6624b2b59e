//! What an evaluation computes of rows, written down so that the same states can be made and found again.

use driftline_core::{Digest, ID};
use driftline_storage::Definition;
use serde_json::{Map, Value, json};

use crate::{Plan, binding::Binding, frame::Shape};

/// A definition read back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Defined {
    pub plugin: Digest,
    /// With the defaults filled in, as JSON text.
    pub parameters: String,
    pub inputs: Vec<(String, Vec<String>)>,
    pub filter: Option<String>,
    pub group_by: Vec<String>,
}

impl Plan {
    /// What it computes of rows, one for each set of columns; those whose states can't be kept are left out.
    pub fn definitions(&self) -> Vec<Definition> {
        self.shape.bindings.iter().filter_map(|binding| self.definition(binding).ok()).collect()
    }

    /// What it computes for one set of columns, or why its states can't be kept.
    pub(crate) fn definition(&self, binding: &Binding) -> Result<Definition, &'static str> {
        if !self.factory.description().merges {
            return Err("the plugin's states do not merge, so none were kept");
        }
        let bound = binding.columns.iter().flatten().map(|bound| &bound.expression);
        if self.shape.filter.iter().chain(&self.shape.groups).chain(bound).any(|e| e.columns.contains(ID)) {
            return Err("states of what reads ids are not kept, because deleting an id could not reach them");
        }
        Ok(self.defined(&self.shape, binding).written())
    }

    /// What it computes of rows with the columns of `shape` for one set of columns.
    pub(crate) fn defined(&self, shape: &Shape, binding: &Binding) -> Defined {
        Defined {
            plugin: self.plugin.digest,
            parameters: self.parameters.clone(),
            inputs: binding.inputs.clone(),
            filter: shape.filter.as_ref().map(|filter| filter.text.clone()),
            group_by: shape.groups.iter().map(|group| group.text.clone()).collect(),
        }
    }
}

impl Defined {
    /// Whether rows are filtered, sliced and given to the plugin alike.
    pub fn differs_in_inputs_alone(&self, other: &Self) -> bool {
        let Self { plugin, parameters, inputs: _, filter, group_by } = self;
        (plugin, parameters, filter, group_by) == (&other.plugin, &other.parameters, &other.filter, &other.group_by)
    }

    /// As storage keeps it.
    pub fn written(&self) -> Definition {
        let inputs: Map<String, Value> =
            self.inputs.iter().map(|(name, columns)| (name.clone(), columns.clone().into())).collect();
        let parameters: Value = serde_json::from_str(&self.parameters).unwrap_or_default();
        let text = json!({
            "plugin": self.plugin.to_string(),
            "parameters": parameters,
            "inputs": inputs,
            "where": self.filter,
            "group_by": self.group_by,
        });
        Definition::new(text.to_string())
    }

    /// As it was written; `None` when another release wrote it otherwise.
    pub fn read(text: &str) -> Option<Self> {
        let written: Value = serde_json::from_str(text).ok()?;
        let inputs = written.get("inputs")?.as_object()?;
        Some(Self {
            plugin: written.get("plugin")?.as_str()?.parse().ok()?,
            parameters: written.get("parameters")?.to_string(),
            inputs: inputs
                .iter()
                .map(|(name, columns)| Some((name.clone(), texts(columns)?)))
                .collect::<Option<_>>()?,
            filter: written.get("where")?.as_str().map(str::to_owned),
            group_by: texts(written.get("group_by")?)?,
        })
    }
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_as_it_was_written() {
        for (filter, group_by) in [(None, vec![]), (Some("x > 1.50"), vec!["region".to_owned(), "x > 2".to_owned()])] {
            let defined = Defined {
                plugin: Digest::of(b"p"),
                parameters: r#"{"bins":10,"edges":[0.1,1.0]}"#.into(),
                inputs: vec![("score".into(), vec!["p".into()]), ("label".into(), vec!["late > 15".into()])],
                filter: filter.map(str::to_owned),
                group_by,
            };
            let written = defined.written();
            assert_eq!(Defined::read(&written.text), Some(defined.clone()));
            assert_eq!(Defined::read(&written.text).map(|read| read.written()), Some(written));
        }
    }
}
