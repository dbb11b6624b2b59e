//! Which expression feeds which input of a plugin, and how its cells are read.

use arrow::datatypes::{DataType, SchemaRef};
use driftline_core::{BoundColumn, Description, Input, InputLayout, Kind};

use crate::{
    Error,
    expression::{Expression, ExpressionError, Expressions},
};

/// One set of columns for a plugin: one instance runs over each.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// The inputs as asked for, with the expressions of this set.
    pub inputs: Vec<(String, Vec<String>)>,
    /// What the plugin is told of them.
    pub layout: InputLayout,
    /// For each column number of the layout its expression and whether null cells are passed on.
    pub columns: Vec<Option<BoundExpression>>,
}

/// An expression that feeds a column of the plugin.
#[derive(Debug, Clone)]
pub(crate) struct BoundExpression {
    pub expression: Expression,
    pub kind: Kind,
    pub nullable: bool,
}

/// Checks the inputs of a request against a plugin's description and a schema,
/// and gives one binding for each repetition.
pub(crate) fn bind(
    description: &Description,
    inputs: &[(String, Vec<String>)],
    expressions: &Expressions,
    schema: &SchemaRef,
) -> Result<Vec<Binding>, Error> {
    refuse_unknown(description, inputs)?;
    let repetitions = repetitions(description, inputs)?;
    (0..repetitions).map(|at| bind_one(description, &chosen(description, inputs, at), expressions, schema)).collect()
}

fn refuse_unknown(description: &Description, inputs: &[(String, Vec<String>)]) -> Result<(), Error> {
    let names: Vec<_> = description.inputs.iter().map(|input| format!("`{}`", input.name)).collect();
    for (name, columns) in inputs {
        let field = format!("inputs.{name}");
        if !description.inputs.iter().any(|input| &input.name == name) {
            let message = format!("`{}` has no input `{name}`: it takes {}", description.name, names.join(", "));
            return Err(Error::invalid("unknown_input", field, message));
        }
        if columns.is_empty() {
            return Err(Error::invalid(
                "missing_input",
                field,
                format!("input `{name}` is bound to an empty list: name a column"),
            ));
        }
    }
    match description.inputs.iter().find(|input| !input.optional && !inputs.iter().any(|(name, _)| name == &input.name))
    {
        None => Ok(()),
        Some(input) => {
            let message =
                format!("`{}` needs the input `{}`: bind it to a column or expression", description.name, input.name);
            Err(Error::invalid("missing_input", format!("inputs.{}", input.name), message))
        }
    }
}

fn repetitions(description: &Description, inputs: &[(String, Vec<String>)]) -> Result<usize, Error> {
    let mut count = 1;
    for (name, columns) in inputs {
        let repeated = description.inputs.iter().any(|input| &input.name == name && input.repeated);
        if repeated || columns.len() == 1 {
            continue;
        }
        if count != 1 && count != columns.len() {
            let message =
                format!("lists of columns go in step, but this one has {} and another has {count}", columns.len());
            return Err(Error::invalid("column_lists_differ", format!("inputs.{name}"), message));
        }
        count = columns.len();
    }
    Ok(count)
}

/// The inputs of one repetition, in the order of the description.
fn chosen(description: &Description, inputs: &[(String, Vec<String>)], at: usize) -> Vec<(String, Vec<String>)> {
    let of = |input: &Input| {
        let (name, columns) = inputs.iter().find(|(name, _)| name == &input.name)?;
        let one = || columns.get(at).or_else(|| columns.first()).cloned().into_iter().collect();
        Some((name.clone(), if input.repeated { columns.clone() } else { one() }))
    };
    description.inputs.iter().filter_map(of).collect()
}

fn bind_one(
    description: &Description,
    inputs: &[(String, Vec<String>)],
    expressions: &Expressions,
    schema: &SchemaRef,
) -> Result<Binding, Error> {
    let mut columns: Vec<Option<BoundExpression>> = vec![None; description.inputs.len()];
    let mut bound = vec![Vec::new(); description.inputs.len()];
    for (number, input) in description.inputs.iter().enumerate() {
        let Some((_, texts)) = inputs.iter().find(|(name, _)| name == &input.name) else { continue };
        for (repeat, text) in texts.iter().enumerate() {
            let expression = bind_column(input, text, expressions, schema)?;
            let column = if repeat == 0 { number } else { columns.len() };
            if repeat == 0 {
                columns[number] = Some(expression)
            } else {
                columns.push(Some(expression))
            }
            bound[number].push(u32::try_from(column).unwrap_or(u32::MAX));
        }
    }
    let named = |column: &BoundExpression| BoundColumn { name: column.expression.text.clone(), kind: column.kind };
    let layout = InputLayout { columns: columns.iter().map(|column| column.as_ref().map(named)).collect(), bound };
    Ok(Binding { inputs: inputs.to_vec(), layout, columns })
}

fn bind_column(
    input: &Input,
    text: &str,
    expressions: &Expressions,
    schema: &SchemaRef,
) -> Result<BoundExpression, Error> {
    let field = format!("inputs.{}", input.name);
    let expression = read(expressions, text, schema, &field)?;
    let kind = kind_of(&input.kinds, &expression.data_type).ok_or_else(|| {
        let message = format!(
            "input `{}` takes {}, but `{text}` has {}: bind another column or convert it",
            input.name,
            takes(input),
            describe_type(&expression.data_type)
        );
        Error::invalid("input_kind_mismatch", &field, message)
    })?;
    Ok(BoundExpression { expression, kind, nullable: input.nullable })
}

/// Refuses inputs whose cells are of one kind in the model and of another in what it is compared with: an instance has
/// one layout for both.
pub(crate) fn same_kinds(description: &Description, ours: &Binding, theirs: &Binding) -> Result<(), Error> {
    for (input, columns) in description.inputs.iter().zip(&ours.layout.bound) {
        for column in columns.iter().map(|column| *column as usize) {
            let pair = (ours.columns.get(column), theirs.columns.get(column));
            if let (Some(Some(ours)), Some(Some(theirs))) = pair
                && ours.kind != theirs.kind
            {
                let (text, theirs, ours) = (&ours.expression.text, theirs.kind.as_str(), ours.kind.as_str());
                let message = format!("`{text}` is a {theirs}, but a {ours} in the model: convert one of them");
                return Err(Error::invalid("input_kind_mismatch", format!("inputs.{}", input.name), message));
            }
        }
    }
    Ok(())
}

/// Reads an expression of the request's field `field`.
pub(crate) fn read(
    expressions: &Expressions,
    text: &str,
    schema: &SchemaRef,
    field: &str,
) -> Result<Expression, Error> {
    let invalid = |error: ExpressionError| Error::invalid(error.code(), field, error.to_string());
    expressions.read(text, schema).map_err(invalid)
}

/// The kind in which cells of a type are given to an input that takes `kinds`.
///
/// Numbers stay numbers and text stays categories where both are taken; a
/// boolean is a category where that is taken, else 0 or 1.
pub(crate) fn kind_of(kinds: &[Kind], data_type: &DataType) -> Option<Kind> {
    let order: &[Kind] = match data_type {
        DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match data_type {
            DataType::Boolean => &[Kind::Category, Kind::Number],
            _ => &[Kind::Category],
        },
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => &[Kind::Timestamp],
        data_type if data_type.is_numeric() => &[Kind::Number, Kind::Category],
        _ => &[],
    };
    order.iter().copied().find(|kind| kinds.contains(kind))
}

/// The kinds of cells that an input takes, in words.
pub(crate) fn takes(input: &Input) -> String {
    let kinds: Vec<_> = input.kinds.iter().map(|kind| kind.as_str()).collect();
    format!("{} cells", kinds.join(" or "))
}

fn describe_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "booleans".into(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => "timestamps".into(),
        DataType::List(_) => "lists".into(),
        DataType::FixedSizeBinary(_) => "ids".into(),
        data_type if data_type.is_numeric() => "numbers".into(),
        data_type => format!("values of type {data_type}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{Field, Schema};
    use driftline_core::{Direction, Output, ReferenceUse};

    use super::*;

    fn input(name: &str, kinds: &[Kind], optional: bool, repeated: bool) -> Input {
        Input { name: name.into(), kinds: kinds.into(), nullable: false, optional, repeated, doc: String::new() }
    }

    fn description() -> Description {
        Description {
            name: "test".parse().expect("name"),
            version: "1.0.0".into(),
            doc: String::new(),
            inputs: vec![
                input("value", &[Kind::Number, Kind::Category], false, false),
                input("label", &[Kind::Number], false, false),
                input("weight", &[Kind::Number], true, false),
                input("scores", &[Kind::Number], true, true),
            ],
            outputs: vec![Output {
                name: "x".into(),
                direction: Direction::Neutral,
                range: (None, None),
                warning: None,
                critical: None,
                doc: String::new(),
            }],
            parameters: "{}".into(),
            reference: ReferenceUse::None,
            merges: true,
            tolerance: 1e-9,
        }
    }

    fn bound(inputs: &[(&str, &[&str])]) -> Result<Vec<Binding>, Error> {
        let schema: SchemaRef = Arc::new(Schema::new(vec![
            Field::new("a", DataType::Float64, true),
            Field::new("b", DataType::Int64, true),
            Field::new("t", DataType::Utf8, true),
            Field::new("flag", DataType::Boolean, true),
        ]));
        let inputs: Vec<_> = inputs
            .iter()
            .map(|(name, columns)| (name.to_string(), columns.iter().map(|c| c.to_string()).collect()))
            .collect();
        bind(&description(), &inputs, &Expressions::new(), &schema)
    }

    #[test]
    fn numbers_columns_as_the_contract_says() {
        let bindings =
            bound(&[("value", &["a"]), ("label", &["flag"]), ("scores", &["a", "b", "a+b"])]).expect("binds");
        assert_eq!(bindings.len(), 1);
        assert_eq!(bindings[0].layout.bound, vec![vec![0], vec![1], vec![], vec![3, 4, 5]]);
        let kinds: Vec<_> = bindings[0].columns.iter().map(|column| column.as_ref().map(|c| c.kind)).collect();
        let number = Some(Kind::Number);
        assert_eq!(kinds, vec![number, number, None, number, number, number]);
    }

    #[test]
    fn a_list_of_columns_repeats_the_evaluation() {
        let bindings = bound(&[("value", &["a", "t", "flag"]), ("label", &["b"])]).expect("binds");
        let kinds: Vec<_> = bindings.iter().map(|b| b.columns[0].as_ref().map(|c| c.kind)).collect();
        assert_eq!(kinds, vec![Some(Kind::Number), Some(Kind::Category), Some(Kind::Category)]);
    }

    #[test]
    fn refusals_name_the_input() {
        for (inputs, code, field) in [
            (&[("value", &["a"][..])][..], "missing_input", "inputs.label"),
            (&[("value", &["a"][..]), ("label", &["b"][..]), ("x", &["b"][..])][..], "unknown_input", "inputs.x"),
            (&[("value", &[][..]), ("label", &["b"][..])][..], "missing_input", "inputs.value"),
            (&[("value", &["a"][..]), ("label", &["t"][..])][..], "input_kind_mismatch", "inputs.label"),
            (&[("value", &["nope"][..]), ("label", &["b"][..])][..], "unknown_column", "inputs.value"),
            (
                &[("value", &["a", "b"][..]), ("label", &["a", "b", "flag"][..])][..],
                "column_lists_differ",
                "inputs.label",
            ),
        ] {
            match bound(inputs) {
                Err(Error::Invalid { code: got, field: at, .. }) => assert_eq!((got, at.as_str()), (code, field)),
                other => panic!("{code}: {other:?}"),
            }
        }
    }
}
