//! The reports of one period, of each slice.

use driftline_core::{Chart, Report, Series, Value};

use super::{put, put_number, put_rows, reader::Reader};
use crate::{groups::GroupKey, merge::GroupResult, outcome::Rows};

/// The results of a period as bytes; `None` when the plugin failed for one of them.
pub(crate) fn write_results(results: &[&GroupResult]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for result in results {
        put(&mut bytes, &result.key.slice);
        put_rows(&mut bytes, result.rows);
        put_report(&mut bytes, result.report.as_ref().ok()?);
    }
    Some(bytes)
}

/// The results of the period with this number; `None` when these are none.
pub(crate) fn read_results(bytes: &[u8], period: u32) -> Option<Vec<GroupResult>> {
    let mut reader = Reader(bytes);
    let mut results = Vec::new();
    while !reader.is_at_end() {
        let key = GroupKey { period, slice: reader.bytes()?.into() };
        let rows: Rows = reader.rows()?;
        results.push(GroupResult { key, rows, report: Ok(report(&mut reader)?) });
    }
    Some(results)
}

fn put_report(bytes: &mut Vec<u8>, report: &Report) {
    put_number(bytes, report.values.len() as u64);
    for Value { name, number, standard_error, note } in &report.values {
        put(bytes, name.as_bytes());
        put_optional(bytes, number.as_ref(), |bytes, number| put_number(bytes, number.to_bits()));
        put_optional(bytes, standard_error.as_ref(), |bytes, error| put_number(bytes, error.to_bits()));
        put_optional(bytes, note.as_ref(), |bytes, note| put(bytes, note.as_bytes()));
    }
    put_number(bytes, report.charts.len() as u64);
    for Chart { name, x_label, y_label, kind, categories, series } in &report.charts {
        [name, x_label, y_label, kind].into_iter().for_each(|text| put(bytes, text.as_bytes()));
        put_number(bytes, categories.len() as u64);
        categories.iter().for_each(|category| put(bytes, category.as_bytes()));
        put_number(bytes, series.len() as u64);
        for Series { name, x, y } in series {
            put(bytes, name.as_bytes());
            for numbers in [x, y] {
                put_number(bytes, numbers.len() as u64);
                numbers.iter().for_each(|number| put_number(bytes, number.to_bits()));
            }
        }
    }
}

fn put_optional<T>(bytes: &mut Vec<u8>, value: Option<&T>, write: impl FnOnce(&mut Vec<u8>, &T)) {
    put_number(bytes, u64::from(value.is_some()));
    if let Some(value) = value {
        write(bytes, value);
    }
}

fn report(reader: &mut Reader<'_>) -> Option<Report> {
    let value = |reader: &mut Reader<'_>| {
        Some(Value {
            name: reader.text()?,
            number: reader.optional(Reader::float)?,
            standard_error: reader.optional(Reader::float)?,
            note: reader.optional(Reader::text)?,
        })
    };
    let series = |reader: &mut Reader<'_>| {
        Some(Series { name: reader.text()?, x: reader.list(Reader::float)?, y: reader.list(Reader::float)? })
    };
    let chart = |reader: &mut Reader<'_>| {
        Some(Chart {
            name: reader.text()?,
            x_label: reader.text()?,
            y_label: reader.text()?,
            kind: reader.text()?,
            categories: reader.list(Reader::text)?,
            series: reader.list(series)?,
        })
    };
    Some(Report { values: reader.list(value)?, charts: reader.list(chart)? })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use driftline_core::{Failure, FailureCode};

    use super::*;

    #[test]
    fn reports_come_back_to_the_bit() {
        let value = |number, note: Option<&str>| Value {
            name: "auc".into(),
            number,
            standard_error: number.map(|number: f64| number / 3.0),
            note: note.map(Into::into),
        };
        let series = Series { name: "s".into(), x: vec![0.1, -0.0], y: vec![f64::NAN, f64::INFINITY] };
        let chart = Chart {
            name: "c".into(),
            x_label: "x".into(),
            y_label: String::new(),
            kind: "bars".into(),
            categories: vec!["é".into(), String::new()],
            series: vec![series],
        };
        let report =
            Report { values: vec![value(Some(0.1 + 0.2), None), value(None, Some("why"))], charts: vec![chart] };
        let result = |report| GroupResult {
            key: GroupKey { period: 3, slice: Arc::from(*b"eu") },
            rows: Rows { read: 9, used: 8, missing: 1 },
            report,
        };
        let good = result(Ok(report.clone()));
        let bytes = write_results(&[&good, &good]).expect("writes");
        let read = read_results(&bytes, 3).expect("reads");
        assert_eq!(read.len(), 2);
        assert_eq!((&read[1].key, read[1].rows), (&good.key, good.rows));
        // NaN is not equal to itself.
        assert_eq!(format!("{:?}", read[1].report), format!("{:?}", Ok::<_, Failure>(report)));
        assert_eq!(write_results(&read.iter().collect::<Vec<_>>()), Some(bytes.clone()));
        assert!(read_results(&bytes[..bytes.len() - 1], 3).is_none());
        assert!(write_results(&[&result(Err(Failure::new(FailureCode::Failed, "no")))]).is_none());
    }
}
