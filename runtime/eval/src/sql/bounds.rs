//! What conditions on a column say of it by themselves: a range of times, or one id.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::{
    logical_expr::{Between, Expr, Operator},
    scalar::ScalarValue,
};
use driftline_core::{ID, TIME};

/// The half-open range of times, in microseconds, that conditions leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub start: i64,
    pub end: i64,
}

impl Bounds {
    pub const ALL: Self = Self { start: i64::MIN, end: i64::MAX };

    /// The range that is left when each of `filters` holds; those that are more than a range don't count.
    pub fn of_all(filters: &[Expr]) -> Self {
        filters.iter().filter_map(Self::of).fold(Self::ALL, Self::and)
    }

    /// The range that says the same as `filter`, if one does.
    pub fn of(filter: &Expr) -> Option<Self> {
        match filter {
            Expr::BinaryExpr(both) if both.op == Operator::And => {
                Some(Self::of(&both.left)?.and(Self::of(&both.right)?))
            }
            Expr::BinaryExpr(compared) => match (is_time(&compared.left), is_time(&compared.right)) {
                (true, false) => Self::compared(compared.op, nanos(&compared.right)?),
                (false, true) => Self::compared(compared.op.swap()?, nanos(&compared.left)?),
                _ => None,
            },
            Expr::Between(Between { expr, negated: false, low, high }) if is_time(expr) => {
                let from = Self::compared(Operator::GtEq, nanos(low)?)?;
                Some(from.and(Self::compared(Operator::LtEq, nanos(high)?)?))
            }
            _ => None,
        }
    }

    /// Whether times from `first` to `last` can lie inside, and whether all do.
    pub fn meet(self, first: i64, last: i64) -> Meeting {
        match () {
            () if last < self.start || first >= self.end => Meeting::Apart,
            () if self.start <= first && last < self.end => Meeting::Inside,
            () => Meeting::Across,
        }
    }

    pub fn contains(self, time: i64) -> bool {
        self.start <= time && time < self.end
    }

    fn and(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }

    fn compared(op: Operator, nanos: i128) -> Option<Self> {
        let micros = |value: i128| i64::try_from(value.clamp(i64::MIN.into(), i64::MAX.into())).unwrap_or(i64::MAX);
        // The first microsecond that is not before the instant, and the first after it.
        let (from, after) = (micros(-(-nanos).div_euclid(1000)), micros(nanos.div_euclid(1000) + 1));
        Some(match op {
            Operator::GtEq => Self { start: from, ..Self::ALL },
            Operator::Gt => Self { start: after, ..Self::ALL },
            Operator::Lt => Self { end: from, ..Self::ALL },
            Operator::LtEq => Self { end: after, ..Self::ALL },
            Operator::Eq => Self { start: from, end: after },
            _ => return None,
        })
    }
}

/// How a file's times lie to a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// No time lies inside.
    Apart,
    /// Some may.
    Across,
    /// All do.
    Inside,
}

fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Column(column) => column.name == TIME,
        // Compared with `now()`, which has nanoseconds.
        Expr::Cast(cast) => {
            is_time(&cast.expr) && matches!(cast.field.data_type(), DataType::Timestamp(TimeUnit::Nanosecond, _))
        }
        _ => false,
    }
}

fn nanos(expr: &Expr) -> Option<i128> {
    let Expr::Literal(value, _) = expr else { return None };
    let (value, scale) = match value {
        ScalarValue::TimestampSecond(value, _) => (*value, 1_000_000_000),
        ScalarValue::TimestampMillisecond(value, _) => (*value, 1_000_000),
        ScalarValue::TimestampMicrosecond(value, _) => (*value, 1_000),
        ScalarValue::TimestampNanosecond(value, _) => (*value, 1),
        _ => return None,
    };
    value.map(|value| i128::from(value) * scale)
}

/// The id that all rows must have, when `filters` say so.
pub(super) fn only_id(filters: &[Expr]) -> Option<String> {
    filters.iter().find_map(|filter| equal_text(filter, ID))
}

/// The text that `filter` compares the column `name` with for equality.
pub(super) fn equal_text(filter: &Expr, name: &str) -> Option<String> {
    let Expr::BinaryExpr(compared) = filter else { return None };
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == name);
    let other = match compared.op {
        Operator::Eq if is_column(&compared.left) => &compared.right,
        Operator::Eq if is_column(&compared.right) => &compared.left,
        _ => return None,
    };
    match other.as_ref() {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    fn at(micros: i64) -> Expr {
        lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
    }

    fn at_nanos(nanos: i64) -> Expr {
        lit(ScalarValue::TimestampNanosecond(Some(nanos), None))
    }

    #[test]
    fn conditions_on_time_are_ranges_and_nothing_else_is() {
        let range = |start, end| Some(Bounds { start, end });
        let (min, max) = (i64::MIN, i64::MAX);
        for (filter, expected) in [
            (col("time").gt_eq(at(5)), range(5, max)),
            (col("time").gt(at(5)), range(6, max)),
            (col("time").lt(at(5)), range(min, 5)),
            (col("time").lt_eq(at(5)), range(min, 6)),
            (at(5).lt_eq(col("time")), range(5, max)),
            (col("time").eq(at(5)), range(5, 6)),
            (col("time").between(at(5), at(7)), range(5, 8)),
            (col("time").gt_eq(at(5)).and(col("time").lt(at(9))), range(5, 9)),
            (col("time").gt_eq(at_nanos(5001)), range(6, max)),
            (col("time").gt(at_nanos(5001)), range(6, max)),
            (col("time").lt(at_nanos(5001)), range(min, 6)),
            (col("time").lt_eq(at_nanos(5001)), range(min, 6)),
            (col("time").gt_eq(at_nanos(-5001)), range(-5, max)),
            (col("time").eq(at_nanos(5001)), range(6, 6)),
            (col("time").not_eq(at(5)), None),
            (col("time").gt_eq(at(5)).or(col("time").lt(at(2))), None),
            (col("end_time").gt_eq(at(5)), None),
            (col("time").gt_eq(at(5)).and(col("x").gt(lit(1))), None),
        ] {
            assert_eq!(Bounds::of(&filter), expected, "{filter}");
        }
        assert_eq!(Bounds::of(&col("time").gt_eq(at(5))).map(|b| b.meet(5, 9)), Some(Meeting::Inside));
        assert_eq!(Bounds::of(&col("time").gt(at(5))).map(|b| b.meet(5, 9)), Some(Meeting::Across));
        assert_eq!(Bounds::of(&col("time").gt(at(9))).map(|b| b.meet(5, 9)), Some(Meeting::Apart));
    }

    #[test]
    fn an_id_is_found_on_either_side() {
        assert_eq!(only_id(&[col("x").eq(lit("a")), lit("b").eq(col("id"))]), Some("b".into()));
        assert_eq!(only_id(&[col("id").not_eq(lit("a"))]), None);
    }
}
