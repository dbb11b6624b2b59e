//! Dotted column names without quotes, as expressions have them.

use std::{collections::HashSet, ops::ControlFlow};

use datafusion::sql::{
    parser::Statement,
    sqlparser::ast::{Expr, Ident, TableFactor, VisitMut, VisitorMut},
};

/// Quotes `input.age`, and `p.input.age` behind a table's name, where that is
/// one of `columns`; a table's name in front wins.
pub(in crate::sql) fn join_dotted_names(statement: &mut Statement, columns: &HashSet<String>) {
    match statement {
        Statement::Statement(statement) => {
            let mut tables = Tables::default();
            let _: ControlFlow<()> = VisitMut::visit(statement, &mut tables);
            let _: ControlFlow<()> = VisitMut::visit(statement, &mut Join { columns, tables: tables.0 });
        }
        Statement::Explain(explain) => join_dotted_names(&mut explain.statement, columns),
        _ => {}
    }
}

/// The names by which tables are called in a statement.
#[derive(Default)]
struct Tables(HashSet<String>);

impl VisitorMut for Tables {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let (name, alias) = match factor {
            TableFactor::Table { name, alias, .. } => (name.0.last().and_then(|part| part.as_ident()), alias.as_ref()),
            TableFactor::Derived { alias, .. } => (None, alias.as_ref()),
            _ => (None, None),
        };
        let called = alias.map(|alias| &alias.name).or(name);
        self.0.extend(called.map(|name| name.value.clone()));
        ControlFlow::Continue(())
    }
}

struct Join<'a> {
    columns: &'a HashSet<String>,
    tables: HashSet<String>,
}

impl Join<'_> {
    fn joined(&self, parts: &[Ident]) -> Option<Expr> {
        let (first, rest) = parts.split_first()?;
        let dotted = |parts: &[Ident]| {
            let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
            (parts.len() > 1 && self.columns.contains(&name)).then(|| Ident::with_quote('"', name))
        };
        if self.tables.contains(&first.value) {
            return Some(Expr::CompoundIdentifier(vec![first.clone(), dotted(rest)?]));
        }
        dotted(parts).map(Expr::Identifier)
    }
}

impl VisitorMut for Join<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let Some(joined) = self.joined(parts)
        {
            *expr = joined;
        }
        ControlFlow::Continue(())
    }
}
