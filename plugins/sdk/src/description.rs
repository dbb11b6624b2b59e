//! What a plugin says of itself when it is installed.

use serde::Serialize;
use serde_json::Value;

use crate::{Input, Output};

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
