//! What the writer remembers of models between transactions.

use std::collections::HashMap;

use driftline_core::{Name, Schema, Time};
use rusqlite::Connection;

use crate::{
    Error,
    model::{self, ModelId},
};

/// The models written to lately. Only the writer changes models, so this is never stale.
#[derive(Default)]
pub(crate) struct Known {
    models: HashMap<Name, (ModelId, Schema)>,
}

impl Known {
    /// Forgets everything; needed whenever a transaction or a part of it is rolled back.
    pub fn forget(&mut self) {
        self.models.clear();
    }

    /// The model called `name`, created if `create` says so.
    pub fn model(
        &mut self,
        connection: &Connection,
        name: &Name,
        create: bool,
        now: Time,
    ) -> Result<&mut (ModelId, Schema), Error> {
        if !self.models.contains_key(name) {
            if create {
                model::create(connection, name, now)?;
            }
            let id = model::id(connection, name)?;
            let schema = model::schema(connection, id)?;
            self.models.insert(name.clone(), (id, schema));
        }
        self.models.get_mut(name).ok_or_else(|| Error::not_found("model", name))
    }

    /// Lets the model take in the columns of `rows` and writes what is new.
    pub fn admit(&mut self, connection: &Connection, name: &Name, rows: &Schema) -> Result<(), Error> {
        let Some((id, schema)) = self.models.get_mut(name) else {
            return Err(Error::not_found("model", name));
        };
        if schema == rows {
            return Ok(());
        }
        let mut grown = schema.clone();
        grown.merge(rows)?;
        if grown != *schema {
            model::grow(connection, *id, schema, &grown)?;
            *schema = grown;
        }
        Ok(())
    }
}
