//! What a plugin says of itself when it is installed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{Input, Limit, Output};

/// A plugin's description; it becomes the JSON object of `describe`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    name: String,
    version: String,
    doc: String,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    pub(crate) parameters: Value,
    reference: ReferenceUse,
    merges: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<Limit, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
}

impl Description {
    /// A plugin without inputs and outputs that takes no reference and whose states merge.
    ///
    /// `name` matches `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, `version` is a semantic version.
    pub fn new(name: &str, version: &str, doc: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            doc: doc.into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            parameters: Value::Null,
            reference: ReferenceUse::None,
            merges: true,
            limits: BTreeMap::new(),
            tolerance: None,
        }
    }

    /// Adds an input.
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// Adds an output.
    pub fn output(mut self, output: Output) -> Self {
        self.outputs.push(output);
        self
    }

    /// Adds several outputs.
    pub fn with_outputs(mut self, outputs: impl IntoIterator<Item = Output>) -> Self {
        self.outputs.extend(outputs);
        self
    }

    /// Says whether the plugin compares with a reference.
    pub fn reference(mut self, reference: ReferenceUse) -> Self {
        self.reference = reference;
        self
    }

    /// Says that states do not merge: every window goes to one accumulator, in time order.
    pub fn does_not_merge(mut self) -> Self {
        self.merges = false;
        self
    }

    /// Lowers what one instance may use: a plugin that is held to less than the server allows fails sooner.
    pub fn limit(mut self, limit: Limit, most: u64) -> Self {
        self.limits.insert(limit, most);
        self
    }

    /// Says that numbers from merged parts may lie this far from those of the whole, relative to their size (to 1 where
    /// they are smaller): for metrics that keep a sketch. Without it rounding may move them by 1e-9.
    pub fn tolerance(mut self, share: f64) -> Self {
        self.tolerance = Some(share);
        self
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs, in the order of their numbers.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }
}

/// Whether a plugin compares with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceUse {
    /// It takes none.
    None,
    /// It takes one when the user chooses one.
    Optional,
    /// It can't do without.
    Required,
}
