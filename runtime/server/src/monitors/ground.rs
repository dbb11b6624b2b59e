//! What a result rests on, as far as it takes to tell whether that has changed.

use driftline_core::Name;
use driftline_eval::Reference;
use driftline_storage::Dataset;
use serde::{Deserialize, Serialize};

use super::{context::Context, trouble::Trouble};
use crate::{
    app::Shared,
    wire::{ItemName, WindowBounds},
};

/// Of more columns it is not noted which they are.
const COLUMNS: usize = 64;

/// What was read for a result besides the rows of its window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// The model's columns; absent when any may have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// What the window is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Compared>,
    /// Of which time the results are that a change was counted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<WindowBounds>,
}

/// What a window is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Rows of the model in another window.
    Window(WindowBounds),
    /// A dataset as it was.
    Dataset {
        /// Its name.
        name: ItemName,
        /// Tells it from others of that name.
        digest: String,
    },
}

/// Where results come from: kept with each of them.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Tells what the evaluation read from what others did.
    pub data: String,
    /// What had come up to this place in the order of arrival was read.
    pub place: i64,
    /// What else it rests on, as a JSON text.
    pub ground: String,
}

impl Compared {
    /// The reference as it is now.
    ///
    /// # Errors
    /// Those of the catalog; a dataset that is no more is told of by the evaluation.
    pub async fn of(app: &Shared, context: &Context, reference: Option<&Reference>) -> Result<Option<Self>, Trouble> {
        match reference {
            None => Ok(None),
            Some(Reference::Window(window)) => Ok(Some(Self::Window((*window).into()))),
            Some(Reference::Dataset(name)) => {
                let (model, wanted) = (context.model.clone(), name.clone());
                let found = app.blocking(move |app| app.storage.dataset(&model, &wanted)).await?;
                Ok(found.map(|dataset| Self::dataset(name, &dataset)))
            }
        }
    }

    fn dataset(name: &Name, dataset: &Dataset) -> Self {
        Self::Dataset { name: ItemName(name.clone()), digest: dataset.digest.to_string() }
    }

    /// Whether it is a reference of this window or name, whatever was in it then.
    pub fn is_of(&self, reference: &Reference) -> bool {
        match (self, reference) {
            (Self::Window(held), Reference::Window(window)) => *held == (*window).into(),
            (Self::Dataset { name, .. }, Reference::Dataset(other)) => name.0 == *other,
            _ => false,
        }
    }
}

impl Ground {
    /// These columns and that reference.
    pub fn of(columns: Vec<String>, reference: Option<Compared>) -> Self {
        Self { columns: Some(columns).filter(|columns| columns.len() <= COLUMNS), reference, previous: None }
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it was kept; none when nobody knows.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
