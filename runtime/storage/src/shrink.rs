//! Shrinking: a file most of whose rows are in roll-ups is written again without them.

use crate::{
    Error, Kind, Model, Step, Storage,
    replace::{Replacement, replace},
    rewrite, segment,
};

impl Storage {
    /// Rewrites one file of the model if most of its rows are in roll-ups; tells whether there was one.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`], [`Error::Corrupt`]; nothing has changed then.
    pub fn shrink(&self, model: &Model) -> Result<bool, Error> {
        let inner = &self.inner;
        let _alone = inner.alone();
        let listings = inner.catalog.read(|view| segment::all(view, model.id, Kind::Predictions))?;
        let Some(listing) = listings.into_iter().find(|listing| listing.rolled_rows * 2 > listing.rows) else {
            return Ok(false);
        };
        inner.options.faults.pass(Step::Shrink)?;
        let new = rewrite::without(inner, Kind::Predictions, &listing, &listing.rolled_up())?.into_iter().collect();
        let change = Replacement {
            model: model.id,
            old: vec![listing],
            new,
            applied: Default::default(),
            expired: 0,
            touched: Vec::new(),
        };
        replace(inner, change).map(|()| true)
    }
}
