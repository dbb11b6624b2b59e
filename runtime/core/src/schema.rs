//! A model's columns: their types, and how they may grow.

use std::{fmt, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef, TimeUnit};

/// The prediction's UUID: `FixedSizeBinary(16)`, never null.
pub const ID: &str = "id";
/// The prediction's time: microseconds UTC, never null.
pub const TIME: &str = "time";
/// When what was predicted is over: microseconds UTC.
pub const END_TIME: &str = "end_time";
/// The deployment's label: text.
pub const DEPLOYMENT: &str = "deployment";
/// When the prediction's first delayed metric arrived at the server: microseconds UTC.
pub const LABELLED_AT: &str = "labelled_at";
/// The columns every model has; a metric can't be named like one of them.
pub const RESERVED: [&str; 5] = [ID, TIME, END_TIME, DEPLOYMENT, LABELLED_AT];

/// The type of a metric column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `true` or `false`.
    Boolean,
    /// Whole numbers, exact to 64 bits.
    Integer,
    /// IEEE 754 double precision.
    Float,
    /// UTF-8.
    Text,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
    /// A list of doubles, such as an embedding.
    FloatList,
}

impl ColumnType {
    /// The word used in the interface and in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
            Self::FloatList => "float_list",
        }
    }

    /// The type called `word`, see [`Self::as_str`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Boolean, Self::Integer, Self::Float, Self::Text, Self::Timestamp, Self::FloatList]
            .into_iter()
            .find(|column_type| column_type.as_str() == word)
    }

    /// The Arrow type in which its cells are kept.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::FloatList => DataType::List(Arc::new(Field::new("item", DataType::Float64, true))),
        }
    }

    /// The column type that keeps cells of an Arrow type without loss, if any.
    pub fn of_arrow(data_type: &DataType) -> Option<Self> {
        use DataType::{
            Boolean, Date32, Date64, Dictionary, FixedSizeList, Float16, Float32, Float64, Int8, Int16, Int32, Int64,
            LargeList, LargeUtf8, List, Timestamp, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
        };
        match data_type {
            Boolean => Some(Self::Boolean),
            Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 => Some(Self::Integer),
            Float16 | Float32 | Float64 => Some(Self::Float),
            Utf8 | LargeUtf8 | Utf8View => Some(Self::Text),
            Timestamp(..) | Date32 | Date64 => Some(Self::Timestamp),
            Dictionary(_, values) => Self::of_arrow(values),
            List(field) | LargeList(field) | FixedSizeList(field, _) => match Self::of_arrow(field.data_type()) {
                Some(Self::Integer | Self::Float) => Some(Self::FloatList),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of a column that held `self` and now receives `other`: the
    /// same, or a float where integers meet floats; otherwise `None`.
    pub fn widened(self, other: Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Some(Self::Float),
            _ => None,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One metric column of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its dotted name, such as `input.age`.
    pub name: String,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether it holds whole numbers that a float would round; such a column never becomes one of floats.
    pub wide: bool,
}

/// Whether a whole number is the same as a float: all up to 2^53 are, some beyond.
pub fn is_exact_as_float(value: i64) -> bool {
    value as f64 as i128 == i128::from(value)
}

/// The metric columns of a model, in the order in which they first came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    columns: Vec<Column>,
}

/// Why a schema cannot take in a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The column holds another type already.
    #[error(
        "column `{column}` holds {held} values, but {given} values came: send {held} values or use another column name"
    )]
    TypeChange {
        /// The column's name.
        column: String,
        /// What it holds.
        held: ColumnType,
        /// What came.
        given: ColumnType,
    },
    /// The column would hold floats and whole numbers that floats round.
    #[error(
        "column `{column}` can't hold floats beside whole numbers beyond 2^53, which floats round: send one of them under another column name"
    )]
    Rounded {
        /// The column's name.
        column: String,
    },
    /// The name belongs to a column every model has.
    #[error("`{column}` is the name of a column every model has: give the metric another name")]
    Reserved {
        /// The name.
        column: String,
    },
    /// Not usable as a name.
    #[error("`{column}` can't name a column: use 1 to 256 bytes without control characters or double quotes")]
    InvalidName {
        /// The name.
        column: String,
    },
    /// Too many columns.
    #[error("the model would have {columns} columns, more than {limit}: send fewer distinct metric names")]
    TooManyColumns {
        /// How many it would have.
        columns: usize,
        /// How many are allowed.
        limit: usize,
    },
}

impl Schema {
    /// The most metric columns a model may have.
    pub const MAX_COLUMNS: usize = 4096;

    /// The columns, in the order in which they first came.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The type of the column called `name`.
    pub fn column_type(&self, name: &str) -> Option<ColumnType> {
        self.columns.iter().find(|column| column.name == name).map(|column| column.column_type)
    }

    /// Takes in a column: adds it, widens the one there is, or refuses. A
    /// refusal changes nothing.
    ///
    /// # Errors
    /// See [`SchemaError`].
    pub fn admit(&mut self, name: &str, given: ColumnType) -> Result<(), SchemaError> {
        if let Some(column) = self.columns.iter_mut().find(|column| column.name == name) {
            let held = column.column_type;
            let widened =
                held.widened(given).ok_or_else(|| SchemaError::TypeChange { column: name.into(), held, given })?;
            if column.wide && widened != held {
                return Err(SchemaError::Rounded { column: name.into() });
            }
            column.column_type = widened;
            return Ok(());
        }
        if RESERVED.contains(&name) {
            return Err(SchemaError::Reserved { column: name.into() });
        }
        if name.is_empty() || name.len() > 256 || name.chars().any(|c| c.is_control() || c == '"') {
            return Err(SchemaError::InvalidName { column: name.chars().take(80).collect() });
        }
        if self.columns.len() >= Self::MAX_COLUMNS {
            return Err(SchemaError::TooManyColumns { columns: self.columns.len() + 1, limit: Self::MAX_COLUMNS });
        }
        self.columns.push(Column { name: name.into(), column_type: given, wide: false });
        Ok(())
    }

    /// Notes that a column holds whole numbers that a float would round. A
    /// refusal changes nothing; a column that there is not is left out.
    ///
    /// # Errors
    /// [`SchemaError::Rounded`] when it holds floats.
    pub fn admit_wide(&mut self, name: &str) -> Result<(), SchemaError> {
        match self.columns.iter_mut().find(|column| column.name == name) {
            Some(column) if column.column_type == ColumnType::Float => {
                Err(SchemaError::Rounded { column: name.into() })
            }
            Some(column) => {
                column.wide = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes in every column of `other`, or none.
    ///
    /// # Errors
    /// See [`SchemaError`].
    pub fn merge(&mut self, other: &Self) -> Result<(), SchemaError> {
        let mut grown = self.clone();
        for column in &other.columns {
            grown.admit(&column.name, column.column_type)?;
            if column.wide {
                grown.admit_wide(&column.name)?;
            }
        }
        *self = grown;
        Ok(())
    }

    /// The metric columns of an Arrow schema: every field but the reserved
    /// ones. Fields of an all-null type are left out.
    ///
    /// # Errors
    /// The name and type of the first field that no column type can keep.
    pub fn of_arrow(schema: &ArrowSchema) -> Result<Self, (String, DataType)> {
        let mut columns = Vec::new();
        for field in schema.fields() {
            if RESERVED.contains(&field.name().as_str()) || field.data_type() == &DataType::Null {
                continue;
            }
            let column_type = ColumnType::of_arrow(field.data_type())
                .ok_or_else(|| (field.name().clone(), field.data_type().clone()))?;
            columns.push(Column { name: field.name().clone(), column_type, wide: false });
        }
        Ok(Self { columns })
    }

    /// The Arrow schema of a model's predictions: `id`, `time`, `end_time`,
    /// `deployment`, `labelled_at`, then the metric columns, all nullable.
    pub fn arrow_predictions(&self) -> SchemaRef {
        let time = ColumnType::Timestamp.arrow();
        let mut fields = vec![
            Field::new(ID, DataType::FixedSizeBinary(16), false),
            Field::new(TIME, time.clone(), false),
            Field::new(END_TIME, time.clone(), true),
            Field::new(DEPLOYMENT, DataType::Utf8, true),
            Field::new(LABELLED_AT, time, true),
        ];
        fields.extend(self.metric_fields());
        Arc::new(ArrowSchema::new(fields))
    }

    /// The Arrow schema of delayed metrics: `id`, `labelled_at` (when they arrived),
    /// then the metric columns.
    pub fn arrow_delayed(&self) -> SchemaRef {
        let arrival = Field::new(LABELLED_AT, ColumnType::Timestamp.arrow(), true);
        let mut fields = vec![Field::new(ID, DataType::FixedSizeBinary(16), false), arrival];
        fields.extend(self.metric_fields());
        Arc::new(ArrowSchema::new(fields))
    }

    /// The Arrow schema of the metric columns alone, as datasets have it.
    pub fn arrow_metrics(&self) -> SchemaRef {
        Arc::new(ArrowSchema::new(self.metric_fields().collect::<Vec<_>>()))
    }

    fn metric_fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().map(|column| Field::new(&column.name, column.column_type.arrow(), true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_widen_to_floats_and_nothing_else_changes() {
        use ColumnType::{Boolean, Float, FloatList, Integer, Text, Timestamp};
        let all = [Boolean, Integer, Float, Text, Timestamp, FloatList];
        for held in all {
            for given in all {
                let expected = match (held, given) {
                    (a, b) if a == b => Some(a),
                    (Integer, Float) | (Float, Integer) => Some(Float),
                    _ => None,
                };
                assert_eq!(held.widened(given), expected, "{held} then {given}");
            }
            assert_eq!(ColumnType::of_arrow(&held.arrow()), Some(held));
            assert_eq!(ColumnType::from_word(held.as_str()), Some(held));
        }
    }

    #[test]
    fn a_refused_merge_changes_nothing() {
        let mut schema = Schema::default();
        schema.admit("a", ColumnType::Integer).expect("new column");
        let before = schema.clone();
        let mut other = Schema::default();
        other.admit("b", ColumnType::Text).expect("new column");
        other.admit("a", ColumnType::Text).expect("new column");
        assert!(matches!(schema.merge(&other), Err(SchemaError::TypeChange { .. })));
        assert_eq!(schema, before);
    }

    #[test]
    fn a_column_of_wide_integers_never_becomes_one_of_floats() {
        for (value, exact) in [(0, true), (1 << 53, true), ((1 << 53) + 1, false), (1 << 60, true), (i64::MAX, false)] {
            assert_eq!(is_exact_as_float(value), exact, "{value}");
            assert_eq!(is_exact_as_float(-value), exact, "-{value}");
        }
        let wide = |held| {
            let mut schema = Schema::default();
            schema.admit("a", held).expect("new column");
            schema.admit_wide("a").map(|()| schema)
        };
        let mut integers = wide(ColumnType::Integer).expect("integers may be wide");
        let rounded = Err(SchemaError::Rounded { column: "a".into() });
        assert_eq!(integers.admit("a", ColumnType::Float), rounded);
        assert_eq!(integers.admit("a", ColumnType::Integer), Ok(()));
        assert_eq!(wide(ColumnType::Float).map(|_| ()), rounded);
        let mut floats = Schema::default();
        floats.admit("a", ColumnType::Float).expect("new column");
        assert_eq!(floats.merge(&integers), rounded);
    }

    #[test]
    fn refuses_names_that_cannot_be_columns() {
        let mut schema = Schema::default();
        for name in ["", "id", "time", "end_time", "deployment", "labelled_at", "a\"b", "a\nb"] {
            assert!(schema.admit(name, ColumnType::Text).is_err(), "{name:?}");
        }
        assert!(schema.admit("input.age", ColumnType::Text).is_ok());
    }
}
