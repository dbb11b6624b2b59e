//! Read-only SQL over what is stored, within bounds of memory.
//!
//! A text is bounded and parsed (`text`, `statement`), names are looked up
//! (`catalog`): models' rows come from one snapshot each (`predictions`), the
//! records of the catalog are listed while they are read (`records`). Whatever
//! is refused is said in the words of who asked (`refusal`).

mod accounted;
mod bounds;
mod catalog;
mod growth;
mod ids;
mod predictions;
mod records;
mod refusal;
mod session;
mod statement;
mod units;

use std::sync::Arc;

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    execution::{SendableRecordBatchStream, context::SQLOptions, memory_pool::MemoryReservation},
    physical_plan::execute_stream,
};
use driftline_storage::Storage;
use futures::StreamExt;

pub(crate) use self::session::Sessions;
use self::{catalog::Catalog, refusal::refused};
use crate::{Error, expression::Expressions, scan::Scanner};

/// A statement and the memory it may use.
#[derive(Debug, Clone)]
pub struct Query {
    /// One SELECT, WITH, VALUES or EXPLAIN.
    pub sql: String,
    /// The most bytes that its plan and its answer may hold at once.
    pub memory_bytes: usize,
}

/// The rows of an answer, computed while they are taken.
pub struct QueryRows {
    rows: SendableRecordBatchStream,
    memory: MemoryReservation,
    /// Keeps the files until the last row is given.
    _catalog: Arc<Catalog>,
}

impl QueryRows {
    /// The columns; a name may occur twice.
    pub fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what the statement does with the rows, such as a division by zero.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        self.rows.next().await.transpose().map_err(refused)
    }

    /// Counts `bytes` of the answer against the memory of the query.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is used up.
    pub fn keep(&self, bytes: usize) -> Result<(), Error> {
        self.memory.try_grow(bytes).map_err(refused)
    }
}

/// The largest expression that is planned.
const MAX_EXPRESSION: u64 = 20_000;

/// Plans a query and begins to run it on the calling threads.
pub(crate) async fn query(
    query: Query,
    sessions: &Sessions,
    storage: Storage,
    expressions: Expressions,
    scanner: Scanner,
) -> Result<QueryRows, Error> {
    let catalog = Arc::new(Catalog::new(storage, expressions, scanner));
    let (state, memory) = sessions.open(&catalog, query.memory_bytes).map_err(refused)?;
    let mut statement = statement::parse(&state, &query.sql)?;
    catalog.join_dotted_names(&state, &mut statement).await?;
    let plan = state.statement_to_plan(statement).await.map_err(refused)?;
    let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only.verify_plan(&plan).map_err(|error| statement::not_read_only(&refusal::words(&error)))?;
    let size = growth::largest(&plan).map_err(refused)?;
    if size > MAX_EXPRESSION {
        let message = format!(
            "an expression of the statement has {size} parts once all names in it are written out: make it simpler"
        );
        return Err(Error::invalid("sql_too_complex", "sql", message));
    }
    let plan = state.create_physical_plan(&plan).await.map_err(refused)?;
    let rows = execute_stream(plan, state.task_ctx()).map_err(refused)?;
    Ok(QueryRows { rows, memory, _catalog: catalog })
}
