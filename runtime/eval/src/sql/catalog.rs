//! The tables there are, by name, each looked up once for a statement.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use datafusion::{
    catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider},
    error::{DataFusionError, Result},
    execution::SessionState,
    sql::parser::Statement,
};
use driftline_core::Name;
use driftline_storage::Storage;

use super::{predictions::Predictions, records, refusal::refused, statement};
use crate::{Error, expression::Expressions, scan::Scanner};

/// The tables of one statement: every mention of a model means the same snapshot. Clones are the same.
#[derive(Clone)]
pub(crate) struct Catalog(Arc<Known>);

struct Known {
    storage: Storage,
    expressions: Expressions,
    scanner: Scanner,
    models: Mutex<HashMap<Name, Arc<Predictions>>>,
}

impl Catalog {
    pub const NAME: &str = "driftline";
    /// Records under their names, then models under theirs.
    pub const MAIN: &str = "main";
    /// Models alone, for those that are called like a record.
    pub const PREDICTIONS: &str = "predictions";

    pub fn new(storage: Storage, expressions: Expressions, scanner: Scanner) -> Self {
        Self(Arc::new(Known { storage, expressions, scanner, models: Mutex::default() }))
    }

    /// Quotes the dotted columns of the models that a statement names.
    pub async fn join_dotted_names(&self, state: &SessionState, statement: &mut Statement) -> Result<(), Error> {
        let mut columns = HashSet::new();
        for reference in state.resolve_table_references(statement).map_err(refused)? {
            if let Some(model) = self.model(reference.table()).await.map_err(refused)? {
                columns.extend(model.schema().fields().iter().map(|field| field.name().clone()));
            }
        }
        columns.retain(|column| column.contains('.'));
        if !columns.is_empty() {
            statement::join_dotted_names(statement, &columns);
        }
        Ok(())
    }

    async fn model(&self, name: &str) -> Result<Option<Arc<Predictions>>> {
        let Ok(name) = name.parse::<Name>() else { return Ok(None) };
        let known = Arc::clone(&self.0);
        let found = tokio::task::spawn_blocking(move || known.model(name)).await;
        let found = found.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
        found.map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

impl Known {
    /// The model called `name`, as it was when it was first asked for. Blocks.
    fn model(&self, name: Name) -> Result<Option<Arc<Predictions>>, driftline_storage::Error> {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = models.get(&name) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(model) = self.storage.model(&name)? else { return Ok(None) };
        let snapshot = self.storage.snapshot(&model, None)?;
        let (storage, expressions) = (self.storage.clone(), self.expressions.clone());
        let table = Arc::new(Predictions::new(storage, snapshot, expressions, self.scanner.clone()));
        models.insert(name, Arc::clone(&table));
        Ok(Some(table))
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Catalog")
    }
}

impl CatalogProviderList for Catalog {
    fn register_catalog(&self, _: String, _: Arc<dyn CatalogProvider>) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![Self::NAME.into()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == Self::NAME).then(|| Arc::new(Schemas(self.clone())) as _)
    }
}

/// The catalog's two name spaces.
#[derive(Debug)]
struct Schemas(Catalog);

impl CatalogProvider for Schemas {
    fn schema_names(&self) -> Vec<String> {
        vec![Catalog::MAIN.into(), Catalog::PREDICTIONS.into()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let with_records = match name {
            Catalog::MAIN => true,
            Catalog::PREDICTIONS => false,
            _ => return None,
        };
        Some(Arc::new(Tables { catalog: self.0.clone(), with_records }))
    }
}

/// The tables of a name space.
#[derive(Debug)]
struct Tables {
    catalog: Catalog,
    with_records: bool,
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.with_records
            && let Some(table) = records::table(name, &self.catalog.0.storage)
        {
            return Ok(Some(table));
        }
        Ok(self.catalog.model(name).await?.map(|table| table as _))
    }

    fn table_exist(&self, _: &str) -> bool {
        false
    }
}
