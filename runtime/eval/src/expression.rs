//! SQL scalar expressions over a model's columns.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    common::{
        DFSchema,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    config::Dialect,
    error::DataFusionError,
    execution::{SessionState, SessionStateBuilder},
    logical_expr::{Expr, ExprSchemable, Volatility, simplify::SimplifyContext},
    optimizer::simplify_expressions::ExprSimplifier,
    physical_plan::{PhysicalExpr, expressions::Column},
    prelude::{SessionConfig, ident},
    sql::sqlparser::ast::{self, Ident, Visit, VisitMut, Visitor, VisitorMut},
};

/// Reads and compiles expressions; holds the functions they may call.
#[derive(Clone)]
pub(crate) struct Expressions {
    state: Arc<SessionState>,
}

/// A checked expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    /// As the user wrote it.
    pub text: String,
    /// What its values are.
    pub data_type: DataType,
    /// The columns it reads.
    pub columns: BTreeSet<String>,
    logical: Expr,
}

/// Why a text is not a scalar expression over the given columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpressionError {
    #[error("`{text}` is not an SQL expression: {reason}")]
    Syntax { text: String, reason: String },
    #[error("there is no column `{column}`{hint}")]
    UnknownColumn { column: String, hint: String },
    #[error("`{text}` does not fit its columns: {reason}")]
    Type { text: String, reason: String },
    #[error("`{text}` is not a deterministic scalar expression: {reason}")]
    NotScalar { text: String, reason: String },
}

impl ExpressionError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "invalid_expression",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::Type { .. } => "expression_type_mismatch",
            Self::NotScalar { .. } => "expression_not_scalar",
        }
    }
}

/// Longer texts are refused before they are parsed.
const MAX_BYTES: usize = 16 * 1024;
/// A chain of so many operators is as deep an expression, which must not outgrow a thread's stack.
const MAX_OPERATORS: usize = 1_000;

impl Expressions {
    pub fn new() -> Self {
        let mut config = SessionConfig::new();
        config.options_mut().sql_parser.enable_ident_normalization = false;
        let state = SessionStateBuilder::new().with_config(config).with_default_features().build();
        Self { state: Arc::new(state) }
    }

    /// Reads `text` as an expression over the columns of `schema`. Dotted
    /// column names need no quotes; a text that is exactly a column's name is
    /// that column.
    pub fn read(&self, text: &str, schema: &SchemaRef) -> Result<Expression, ExpressionError> {
        if let Ok(field) = schema.field_with_name(text) {
            let (data_type, columns) = (field.data_type().clone(), BTreeSet::from([text.to_owned()]));
            return Ok(Expression { text: text.into(), data_type, columns, logical: ident(text) });
        }
        let columns = DFSchema::try_from(Arc::clone(schema)).map_err(|error| type_error(text, &error))?;
        let logical = self.parse(text, schema, &columns)?;
        refuse_what_is_not_scalar(text, &logical)?;
        let context = SimplifyContext::builder().with_schema(Arc::new(columns.clone())).build();
        let logical =
            ExprSimplifier::new(context).coerce(logical, &columns).map_err(|error| type_error(text, &error))?;
        let data_type = logical.get_type(&columns).map_err(|error| type_error(text, &error))?;
        self.state.create_physical_expr(logical.clone(), &columns).map_err(|error| type_error(text, &error))?;
        let columns = logical.column_refs().into_iter().map(|column| column.name.clone()).collect();
        Ok(Expression { text: text.into(), data_type, columns, logical })
    }

    /// Makes `expression` executable over batches of `schema`.
    pub fn compile(
        &self,
        expression: &Expression,
        schema: &SchemaRef,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        self.compile_logical(expression.logical.clone(), schema)
    }

    /// Makes a logical expression executable over batches of `schema`.
    pub fn compile_logical(&self, logical: Expr, schema: &SchemaRef) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        // An evaluation may have thousands of plain columns, and planning looks at all of the schema each time.
        if let Expr::Column(column) = &logical {
            return Ok(Arc::new(Column::new_with_schema(&column.name, schema)?));
        }
        self.state.create_physical_expr(logical, &DFSchema::try_from(Arc::clone(schema))?)
    }

    fn parse(&self, text: &str, schema: &SchemaRef, columns: &DFSchema) -> Result<Expr, ExpressionError> {
        let syntax = |reason: String| ExpressionError::Syntax { text: text.chars().take(200).collect(), reason };
        crate::text::check(text, MAX_BYTES, MAX_OPERATORS).map_err(|error| syntax(error.to_string()))?;
        let mut parsed =
            self.state.sql_to_expr_with_alias(text, &Dialect::Generic).map_err(|error| syntax(first_line(&error)))?;
        if parsed.alias.is_some() {
            return Err(syntax("an alias has no meaning here".into()));
        }
        let _: ControlFlow<()> = VisitMut::visit(&mut parsed.expr, &mut JoinDottedNames);
        let mut missing = UnknownColumn { schema, name: None };
        let _: ControlFlow<()> = Visit::visit(&parsed.expr, &mut missing);
        if let Some(column) = missing.name {
            return Err(ExpressionError::UnknownColumn { hint: hint(&column, schema), column });
        }
        self.state.create_logical_expr_from_sql_expr(parsed, columns).map_err(|error| type_error(text, &error))
    }
}

/// Turns `input.age` into the one quoted name it is here.
struct JoinDottedNames;

impl VisitorMut for JoinDottedNames {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        if let ast::Expr::CompoundIdentifier(parts) = expr {
            let name = parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
            *expr = ast::Expr::Identifier(Ident::with_quote('"', name));
        }
        ControlFlow::Continue(())
    }
}

/// Finds the first column name that the schema does not have.
struct UnknownColumn<'a> {
    schema: &'a SchemaRef,
    name: Option<String>,
}

impl Visitor for UnknownColumn<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &ast::Expr) -> ControlFlow<()> {
        match expr {
            ast::Expr::Identifier(name) if self.schema.field_with_name(&name.value).is_err() => {
                self.name = Some(name.value.clone());
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn refuse_what_is_not_scalar(text: &str, expr: &Expr) -> Result<(), ExpressionError> {
    let mut reason = None;
    let visited = expr.apply(|node| {
        reason = match node {
            Expr::AggregateFunction(call) => {
                Some(format!("`{}` is an aggregate; the plugin aggregates", call.func.name()))
            }
            Expr::WindowFunction(_) => Some("it calls a window function".into()),
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) => Some("it holds a subquery".into()),
            Expr::Placeholder(_) => Some("it holds a placeholder".into()),
            Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable => {
                Some(format!("`{}` does not give the same value each time", call.func.name()))
            }
            _ => None,
        };
        Ok(if reason.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    match (visited, reason) {
        (Ok(_), None) => Ok(()),
        (Ok(_), Some(reason)) => Err(ExpressionError::NotScalar { text: text.into(), reason }),
        (Err(error), _) => Err(type_error(text, &error)),
    }
}

fn hint(column: &str, schema: &SchemaRef) -> String {
    let lower = column.to_lowercase();
    let like: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.name())
        .filter(|name| {
            let name = name.to_lowercase();
            name.contains(&lower) || lower.contains(&name)
        })
        .take(3)
        .map(|name| format!("`{name}`"))
        .collect();
    let known = || {
        let names: Vec<_> = schema.fields().iter().take(12).map(|field| field.name().as_str()).collect();
        let more = if schema.fields().len() > 12 { ", …" } else { "" };
        format!(": use one of {}{more}", names.join(", "))
    };
    if like.is_empty() { known() } else { format!(": did you mean {}?", like.join(" or ")) }
}

fn type_error(text: &str, error: &DataFusionError) -> ExpressionError {
    ExpressionError::Type { text: text.into(), reason: first_line(error) }
}

/// The first line of an error, without the names of the engine's kinds of errors.
pub(crate) fn first_line(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let line = text.lines().next().unwrap_or_default();
    let line = line.rsplit_once("error: ").map_or(line, |(_, rest)| rest);
    line.trim_start_matches("ParserError(\"").trim_end_matches("\")").into()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, Schema};

    use super::*;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("score", DataType::Float64, true),
            Field::new("input.age", DataType::Int64, true),
            Field::new("Region", DataType::Utf8, true),
            Field::new("odd name", DataType::Boolean, true),
        ]))
    }

    #[test]
    fn reads_columns_and_scalar_expressions() {
        for (text, data_type, columns) in [
            ("score", DataType::Float64, vec!["score"]),
            ("input.age", DataType::Int64, vec!["input.age"]),
            ("\"input.age\" + 1", DataType::Int64, vec!["input.age"]),
            ("odd name", DataType::Boolean, vec!["odd name"]),
            ("1 - score", DataType::Float64, vec!["score"]),
            ("input.age > 30 and score < 0.5", DataType::Boolean, vec!["input.age", "score"]),
            ("case when Region = 'eu' then score end", DataType::Float64, vec!["Region", "score"]),
            ("coalesce(score, input.age)", DataType::Float64, vec!["input.age", "score"]),
            ("Region in ('eu', 'us')", DataType::Boolean, vec!["Region"]),
        ] {
            let expression = Expressions::new().read(text, &schema()).expect(text);
            assert_eq!(expression.data_type, data_type, "{text}");
            assert_eq!(expression.columns.iter().map(String::as_str).collect::<Vec<_>>(), columns, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_scalar_expression_over_the_columns() {
        for (text, code) in [
            ("", "invalid_expression"),
            ("score >", "invalid_expression"),
            ("score; drop table x", "invalid_expression"),
            ("nope", "unknown_column"),
            ("region = 'eu'", "unknown_column"),
            ("score + input.agee", "unknown_column"),
            ("score + Region like 3", "expression_type_mismatch"),
            ("no_such_function(score)", "expression_type_mismatch"),
            ("sum(score)", "expression_not_scalar"),
            ("random() < score", "expression_not_scalar"),
            ("now() > '2001-01-01'", "expression_not_scalar"),
            ("score in (select 1)", "expression_not_scalar"),
        ] {
            let error = Expressions::new().read(text, &schema()).expect_err(text);
            assert_eq!(error.code(), code, "{text}: {error}");
        }
    }
}
