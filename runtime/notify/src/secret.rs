//! Texts that are kept and never shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// What is shown in place of a secret, and sent back to keep it.
pub(crate) const HIDDEN: &str = "***";

/// A password, key or token. `Debug` prints `***`; serde writes the text itself, since that is how it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hidden() -> Self {
        Self(HIDDEN.to_owned())
    }

    /// Puts the old secret in the place of `***`, if it goes where it went before.
    pub(crate) fn keep(&mut self, field: &str, old: Option<&Self>, same_destination: bool) -> Result<(), Invalid> {
        match old {
            _ if self.0 != HIDDEN => Ok(()),
            Some(old) if same_destination => {
                self.clone_from(old);
                Ok(())
            }
            Some(_) => Err(Invalid::new(field, "must be given anew, since the channel goes elsewhere now")),
            None => Err(Invalid::new(field, "is `***`, which keeps a secret, but there is none yet: give it")),
        }
    }

    /// Whether there is something, and something else than what stands for it.
    pub(crate) fn check(&self, field: &str) -> Result<(), Invalid> {
        match self.0.as_str() {
            "" => Err(Invalid::new(field, "is empty")),
            HIDDEN => Err(Invalid::new(field, "is `***`, which only stands for a secret: give the secret itself")),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}
