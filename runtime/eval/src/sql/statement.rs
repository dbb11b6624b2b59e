//! A text as one statement that only reads.

mod dotted;
mod expansion;

use std::ops::ControlFlow;

use datafusion::{
    config::Dialect,
    execution::SessionState,
    sql::{
        parser::Statement,
        sqlparser::ast::{self, Visit, Visitor},
    },
};

pub(super) use self::dotted::join_dotted_names;
use super::refusal::refused;
use crate::{Error, text};

const MAX_BYTES: usize = 64 << 10;
const MAX_OPERATORS: usize = 2_000;
/// How many tables a statement may read, each use of a WITH counted with all it reads.
const MAX_RELATIONS: u64 = 64;

/// Parses one SELECT, WITH, VALUES or EXPLAIN.
pub(super) fn parse(state: &SessionState, sql: &str) -> Result<Statement, Error> {
    text::check(sql, MAX_BYTES, MAX_OPERATORS)
        .map_err(|error| Error::invalid("sql_too_complex", "sql", format!("the statement is refused: {error}")))?;
    let statement = state.sql_to_statement(sql, &Dialect::Generic).map_err(refused)?;
    let query = query(&statement)?;
    if Visit::visit(query, &mut Writes).is_break() {
        return Err(not_read_only("it changes something inside"));
    }
    let relations = expansion::relations(query);
    if relations > MAX_RELATIONS {
        let message = format!(
            "the statement reads {relations} tables when each use of a WITH is counted, more than {MAX_RELATIONS}: make it simpler"
        );
        return Err(Error::invalid("sql_too_complex", "sql", message));
    }
    Ok(statement)
}

/// Refuses what would do more than read.
pub(super) fn not_read_only(what: &str) -> Error {
    let message = format!("only SELECT, WITH, VALUES and EXPLAIN of these are answered here: {what}");
    Error::invalid("sql_not_read_only", "sql", message)
}

fn query(statement: &Statement) -> Result<&ast::Query, Error> {
    match statement {
        Statement::Statement(statement) => match statement.as_ref() {
            ast::Statement::Query(query) => Ok(query),
            other => Err(not_read_only(&format!("this is {}", first_word(&other.to_string())))),
        },
        Statement::Explain(explain) => match explain.statement.as_ref() {
            Statement::Explain(_) => Err(not_read_only("this is an EXPLAIN of an EXPLAIN")),
            explained => query(explained),
        },
        other => Err(not_read_only(&format!("this is {}", first_word(&other.to_string())))),
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_uppercase()
}

/// Finds a statement inside a query, such as an INSERT in a WITH.
struct Writes;

impl Visitor for Writes {
    type Break = ();

    fn pre_visit_statement(&mut self, _: &ast::Statement) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_select(&mut self, select: &ast::Select) -> ControlFlow<()> {
        if select.into.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
