//! Splits rows by period and slice.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringArray, UInt32Array, new_null_array},
    datatypes::{DataType, Float64Type, Int64Type},
    row::RowConverter,
};
use driftline_core::{Time, Window};

use crate::{Error, outcome::SliceValue};

/// A period's number and the bytes of the slice's values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub period: u32,
    pub slice: Arc<[u8]>,
}

/// Consecutive windows in order of time.
#[derive(Debug)]
pub(crate) enum Periods {
    /// These.
    Listed(Vec<Window>),
    /// The hours of a window that starts at one, counted from its start.
    Hours(Window),
}

/// An hour in microseconds.
pub(crate) const HOUR_MICROS: i64 = 3_600_000_000;

impl Periods {
    /// The windows that were listed.
    pub fn listed(&self) -> &[Window] {
        match self {
            Self::Listed(windows) => windows,
            Self::Hours(_) => &[],
        }
    }

    /// The window with a number.
    pub fn get(&self, number: u32) -> Option<Window> {
        match self {
            Self::Listed(windows) => windows.get(number as usize).copied(),
            Self::Hours(whole) => {
                let hour = |number: i64| Time::from_micros(whole.start().micros() + number * HOUR_MICROS).ok();
                Window::new(hour(number.into())?, hour(i64::from(number) + 1)?).ok()
            }
        }
    }

    /// The number of the period that `time` lies in.
    fn of(&self, time: Time) -> Option<u32> {
        match self {
            Self::Listed(windows) => {
                let at = windows.partition_point(|period| period.start() <= time).checked_sub(1)?;
                windows.get(at)?.contains(time).then(|| u32::try_from(at).unwrap_or(OUTSIDE))
            }
            Self::Hours(whole) => {
                let hours = (time.micros() - whole.start().micros()).div_euclid(HOUR_MICROS);
                whole.contains(time).then(|| u32::try_from(hours).unwrap_or(OUTSIDE))
            }
        }
    }

    /// The one period that holds all times from `first` to `last`.
    pub fn holding(&self, first: Time, last: Time) -> Option<u32> {
        self.of(first).filter(|at| self.of(last) == Some(*at))
    }

    /// From the start of the first to the end of the last.
    pub fn hull(&self) -> Option<Window> {
        match self {
            Self::Listed(windows) => Window::new(windows.first()?.start(), windows.last()?.end()).ok(),
            Self::Hours(whole) => Some(*whole),
        }
    }
}

/// Finds the group of each row.
pub(crate) struct GroupIndex {
    periods: Arc<Periods>,
    period: Option<u32>,
    slices: Option<RowConverter>,
}

/// No period: the row lies outside all.
const OUTSIDE: u32 = u32::MAX;

type Split = Vec<(GroupKey, Option<UInt32Array>)>;

impl GroupIndex {
    pub fn new(periods: Arc<Periods>, period: Option<u32>, slices: Option<RowConverter>) -> Self {
        Self { periods, period, slices }
    }

    /// The groups of a batch with their row numbers; `None` for row numbers
    /// means all rows. Rows outside all periods are in no group.
    pub fn split(&self, rows: usize, times: Option<&[i64]>, slices: &[ArrayRef]) -> Result<Split, Error> {
        let periods = match (self.period, times) {
            (Some(period), _) => Ok(period),
            (None, Some(times)) => self.periods_of(times),
            (None, None) => Ok(0),
        };
        match (&self.slices, periods) {
            (None, Ok(period)) => Ok(all_of_one(period, Arc::from([]))),
            (None, Err(periods)) => Ok(collect(rows, |row| periods[row], |_| &[])),
            (Some(converter), periods) => {
                let keys = converter.convert_columns(slices)?;
                let period = |row: usize| match &periods {
                    Ok(period) => *period,
                    Err(periods) => periods[row],
                };
                Ok(collect(rows, period, |row| keys.row(row).data()))
            }
        }
    }

    /// The period of all rows, or of each.
    fn periods_of(&self, times: &[i64]) -> Result<u32, Vec<u32>> {
        let of = |micros: i64| Time::from_micros(micros).ok().and_then(|time| self.periods.of(time)).unwrap_or(OUTSIDE);
        let (min, max) = times.iter().fold((i64::MAX, i64::MIN), |(min, max), time| (min.min(*time), max.max(*time)));
        let first = of(min);
        if first != OUTSIDE && first == of(max) {
            return Ok(first);
        }
        // Neighbours mostly lie in one period.
        let mut last: Option<(Window, u32)> = None;
        let period = |micros: &i64| {
            let time = Time::from_micros(*micros).ok()?;
            if let Some((_, number)) = last.filter(|(window, _)| window.contains(time)) {
                return Some(number);
            }
            let number = self.periods.of(time)?;
            last = self.periods.get(number).map(|window| (window, number));
            Some(number)
        };
        Err(times.iter().map(period).map(|number| number.unwrap_or(OUTSIDE)).collect())
    }
}

fn all_of_one(period: u32, slice: Arc<[u8]>) -> Split {
    if period == OUTSIDE { Vec::new() } else { vec![(GroupKey { period, slice }, None)] }
}

/// A period and the bytes of a slice.
type Key<'a> = (u32, &'a [u8]);

fn collect<'a>(rows: usize, period: impl Fn(usize) -> u32, slice: impl Fn(usize) -> &'a [u8]) -> Split {
    let mut at: HashMap<Key<'_>, usize> = HashMap::new();
    let mut groups: Vec<(Key<'_>, Vec<u32>)> = Vec::new();
    let mut group = 0;
    for row in 0..rows {
        let key = (period(row), slice(row));
        if key.0 == OUTSIDE {
            continue;
        }
        if groups.get(group).is_none_or(|(of, _)| *of != key) {
            group = *at.entry(key).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
        }
        groups[group].1.push(u32::try_from(row).unwrap_or(u32::MAX));
    }
    let whole = groups.len() == 1 && groups[0].1.len() == rows;
    let rows_of = |rows: Vec<u32>| (!whole).then(|| UInt32Array::from(rows));
    groups
        .into_iter()
        .map(|((period, slice), rows)| (GroupKey { period, slice: slice.into() }, rows_of(rows)))
        .collect()
}

/// The values behind the bytes of a slice.
pub(crate) fn slice_values(converter: Option<&RowConverter>, slice: &[u8]) -> Result<Vec<SliceValue>, Error> {
    let Some(converter) = converter else { return Ok(Vec::new()) };
    let row = converter.parser();
    let columns = converter.convert_rows([row.parse(slice)])?;
    Ok(columns.iter().map(slice_value).collect())
}

/// The bytes of a slice's values; `None` when they are of other types than the grouping expressions.
pub(crate) fn slice_bytes(
    converter: Option<&RowConverter>,
    types: &[DataType],
    values: &[SliceValue],
) -> Result<Option<Arc<[u8]>>, Error> {
    let Some(converter) = converter else { return Ok(values.is_empty().then(|| Arc::from([]))) };
    if types.len() != values.len() {
        return Ok(None);
    }
    let columns: Option<Vec<ArrayRef>> = types.iter().zip(values).map(|(held, value)| one(held, value)).collect();
    let Some(columns) = columns else { return Ok(None) };
    Ok(Some(converter.convert_columns(&columns)?.row(0).data().into()))
}

/// An array of one value of a type in which slices are kept.
fn one(held: &DataType, value: &SliceValue) -> Option<ArrayRef> {
    Some(match (held, value) {
        (held, SliceValue::Null) => new_null_array(held, 1),
        (DataType::Boolean, SliceValue::Boolean(value)) => Arc::new(BooleanArray::from(vec![*value])),
        (DataType::Int64, SliceValue::Integer(value)) => Arc::new(Int64Array::from(vec![*value])),
        (DataType::Float64, SliceValue::Float(value)) => Arc::new(Float64Array::from(vec![*value])),
        // The column took in a fraction after the state was kept.
        (DataType::Float64, SliceValue::Integer(value)) => Arc::new(Float64Array::from(vec![*value as f64])),
        (DataType::Utf8, SliceValue::Text(value)) => Arc::new(StringArray::from(vec![value.as_str()])),
        _ => return None,
    })
}

fn slice_value(values: &ArrayRef) -> SliceValue {
    if values.is_null(0) {
        return SliceValue::Null;
    }
    match values.data_type() {
        DataType::Boolean => SliceValue::Boolean(values.as_boolean().value(0)),
        DataType::Int64 => SliceValue::Integer(values.as_primitive::<Int64Type>().value(0)),
        DataType::Float64 => SliceValue::Float(values.as_primitive::<Float64Type>().value(0)),
        _ => SliceValue::Text(values.as_string::<i32>().value(0).into()),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;

    use super::*;
    use arrow::row::SortField;

    fn window(start: i64, end: i64) -> Window {
        Window::new(Time::from_micros(start).expect("time"), Time::from_micros(end).expect("time")).expect("window")
    }

    fn periods() -> Arc<Periods> {
        Arc::new(Periods::Listed(vec![window(0, 10), window(10, 20)]))
    }

    #[test]
    fn rows_go_to_their_period_and_those_outside_to_none() {
        let index = GroupIndex::new(periods(), None, None);
        let groups = index.split(5, Some(&[3, 10, 20, -1, 9]), &[]).expect("splits");
        let rows: Vec<_> =
            groups.iter().map(|(key, rows)| (key.period, rows.as_ref().map(|r| r.values().to_vec()))).collect();
        assert_eq!(rows, vec![(0, Some(vec![0, 4])), (1, Some(vec![1]))]);
        let groups = index.split(7, Some(&[3, 4, 12, 12, 20, 4, 13]), &[]).expect("splits");
        let rows: Vec<_> = groups.iter().map(|(_, rows)| rows.as_ref().map(|r| r.values().to_vec())).collect();
        assert_eq!(rows, vec![Some(vec![0, 1, 5]), Some(vec![2, 3, 6])]);
        assert_eq!(index.split(2, Some(&[1, 2]), &[]).expect("splits")[0].1.as_ref().map(Array::len), None);
        assert!(index.split(2, Some(&[20, 21]), &[]).expect("splits").is_empty());
        assert_eq!(periods().holding(Time::from_micros(3).expect("time"), Time::from_micros(12).expect("time")), None);
    }

    #[test]
    fn hours_are_counted_without_being_listed() {
        let hours = Periods::Hours(window(-2 * HOUR_MICROS, 3 * HOUR_MICROS));
        let time = |micros| Time::from_micros(micros).expect("time");
        for (micros, number) in [
            (-2 * HOUR_MICROS, Some(0)),
            (-1, Some(1)),
            (0, Some(2)),
            (3 * HOUR_MICROS - 1, Some(4)),
            (3 * HOUR_MICROS, None),
        ] {
            assert_eq!(hours.holding(time(micros), time(micros)), number, "{micros}");
            assert!(number.is_none_or(|number| hours.get(number).expect("a window").contains(time(micros))));
        }
    }

    #[test]
    fn slices_split_and_read_back_with_null_a_value_of_its_own() {
        let converter = || RowConverter::new(vec![SortField::new(DataType::Utf8)]).expect("converter");
        let index = GroupIndex::new(periods(), Some(1), Some(converter()));
        let region: ArrayRef = Arc::new(StringArray::from(vec![Some("eu"), None, Some("eu")]));
        let groups = index.split(3, None, &[region]).expect("splits");
        let read = |key: &GroupKey| slice_values(Some(&converter()), &key.slice).expect("reads");
        assert_eq!(read(&groups[0].0), vec![SliceValue::Text("eu".into())]);
        assert_eq!(read(&groups[1].0), vec![SliceValue::Null]);
        assert_eq!(groups[0].1.as_ref().map(|rows| rows.values().to_vec()), Some(vec![0, 2]));
        for (key, _) in &groups {
            let again = slice_bytes(Some(&converter()), &[DataType::Utf8], &read(key)).expect("converts");
            assert_eq!(again.as_ref(), Some(&key.slice));
        }
    }
}
