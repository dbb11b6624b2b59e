//! What is refused, with which code, where, and in which words.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
        TimestampMicrosecondArray, UInt64Array,
    },
    datatypes::Int64Type,
    ipc::writer::StreamWriter,
};

use super::{Format, RowKind, model, pieces::in_pieces, read};
use crate::ingest::piece::Piece;

const ID: &str = "0192d3a4-0000-7000-8000-000000000001";

/// Body, code, field, words that the message must have.
type Mistake<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn check(format: Format, kind: RowKind, mistakes: &[Mistake<'_>]) {
    for (body, code, field, words) in mistakes {
        let refusal = read(format, kind, body.replace("ID", ID), &model()).expect_err(body);
        assert_eq!((refusal.fault.code(), refusal.field.as_deref()), (*code, *field), "{body}: {refusal}");
        assert!(refusal.detail.contains(words), "{body}: {refusal}");
        check_pieces(format, kind, body, (*code, *field));
    }
}

/// The same mistake in a body that is decoded piece by piece.
fn check_pieces(format: Format, kind: RowKind, body: &str, expected: (&str, Option<&str>)) {
    for rows in [1, 2, 65_536] {
        let piece = Piece { bytes: 4 << 20, rows };
        let refusal = in_pieces(format, kind, body.replace("ID", ID).as_bytes(), &model(), piece).expect_err(body);
        assert_eq!(
            (refusal.fault.code(), refusal.field.as_deref()),
            expected,
            "{rows} rows at a time: {body}: {refusal}"
        );
    }
}

#[test]
fn refuses_json_predictions_with_code_place_and_words() {
    check(
        Format::Json,
        RowKind::Predictions,
        &[
            ("", "invalid_json", None, "empty"),
            ("{", "invalid_json", Some("rows[0]"), "line 1 column 1"),
            (r#"{"metrics": {"score": NaN}}"#, "invalid_json", Some("rows[0]"), "send null"),
            (r#"[{"metrics": {}}, {"metrics": {"score": -Infinity}}]"#, "invalid_json", Some("rows[1]"), "send null"),
            (r#"{"metrics": {"score": 1e999}}"#, "invalid_json", Some("rows[0]"), "out of range"),
            (r#"{"metrics": {}} {"metrics": {}}"#, "invalid_json", Some("rows[1]"), "trailing"),
            ("5", "type_mismatch", Some("rows[0]"), "expected one object or an array of objects"),
            ("[5]", "type_mismatch", Some("rows[0]"), "expected an object such as"),
            ("null", "type_mismatch", Some("rows[0]"), "expected one object"),
            (r#"{"metrics": 5}"#, "type_mismatch", Some("rows[0].metrics"), "an object of metrics"),
            (r#"{"metrics": [1]}"#, "type_mismatch", Some("rows[0].metrics"), "an object of metrics"),
            (r#"{"age": 41}"#, "unknown_field", Some("rows[0].age"), r#"{"metrics": {"age": …}}"#),
            (r#"{"predictions": []}"#, "unknown_field", Some("rows[0].predictions"), "id, time, end_time, deployment"),
            (r#"{"time": "2001-01-01T00:00:00Z"}"#, "missing_field", Some("rows[0].metrics"), "no metrics"),
            (r#"{"metrics": {}, "metrics": {}}"#, "duplicate_field", Some("rows[0].metrics"), "twice"),
            (r#"{"metrics": {"a": 1, "a": 2}}"#, "duplicate_field", Some("rows[0].metrics.a"), "twice"),
            (r#"{"metrics": {"a": {"b": 1}, "a.b": 2}}"#, "duplicate_field", Some("rows[0].metrics.a.b"), "twice"),
            (
                r#"[{"metrics": {"count": 1}}, {"metrics": {"count": "x"}}]"#,
                "type_mismatch",
                Some("rows[1].metrics.count"),
                "expected integer, as the column holds, got the text \"x\"",
            ),
            (r#"{"metrics": {"score": true}}"#, "type_mismatch", Some("rows[0].metrics.score"), "the boolean true"),
            (r#"{"metrics": {"region": 5}}"#, "type_mismatch", Some("rows[0].metrics.region"), "the integer 5"),
            (r#"{"metrics": {"flag": 1}}"#, "type_mismatch", Some("rows[0].metrics.flag"), "expected boolean"),
            (r#"{"metrics": {"embedding": 1.5}}"#, "type_mismatch", Some("rows[0].metrics.embedding"), "float_list"),
            (r#"{"metrics": {"due": "soon"}}"#, "invalid_time", Some("rows[0].metrics.due"), "`soon` is not a time"),
            (r#"{"metrics": {"new": [1, "x"]}}"#, "type_mismatch", Some("rows[0].metrics.new[1]"), "only hold numbers"),
            (r#"{"metrics": {"new": [null]}}"#, "type_mismatch", Some("rows[0].metrics.new[0]"), "got null"),
            (
                r#"[{"metrics": {"new": 1}}, {"metrics": {"new": "x"}}]"#,
                "type_mismatch",
                Some("rows[1].metrics.new"),
                "expected integer",
            ),
            (
                r#"{"metrics": {"count": 9223372036854775808}}"#,
                "integer_out_of_range",
                Some("rows[0].metrics.count"),
                "9223372036854775808 does not fit into 64 bits",
            ),
            (
                r#"[{"metrics": {}}, {"metrics": {"in": {"new": 123456789012345678901}}}]"#,
                "integer_out_of_range",
                Some("rows[1].metrics.in.new"),
                "64 bits",
            ),
            (
                r#"{"metrics": {"score": 9007199254740993}}"#,
                "integer_out_of_range",
                Some("rows[0].metrics.score"),
                "would be rounded",
            ),
            (
                r#"{"metrics": {"new": [1, 9007199254740993]}}"#,
                "integer_out_of_range",
                Some("rows[0].metrics.new[1]"),
                "would be rounded",
            ),
            (
                r#"{"metrics": {"new": [18446744073709551616]}}"#,
                "integer_out_of_range",
                Some("rows[0].metrics.new[0]"),
                "64 bits",
            ),
            (
                r#"[{"metrics": {"new": 9007199254740993}}, {"metrics": {"new": 0.5}}]"#,
                "type_mismatch",
                Some("rows[1].metrics.new"),
                "floats round",
            ),
            (r#"{"metrics": {"id": 5}}"#, "invalid_column", Some("rows[0].metrics.id"), "another name"),
            (r#"{"metrics": {"": 5}}"#, "invalid_column", Some("rows[0].metrics."), "can't name a column"),
            (r#"{"metrics": {"a\nb": 5}}"#, "invalid_column", Some("rows[0].metrics.a\nb"), "can't name a column"),
            (r#"{"id": "x", "metrics": {}}"#, "invalid_id", Some("rows[0].id"), "\"x\" is not a UUID"),
            (r#"{"id": 5, "metrics": {}}"#, "type_mismatch", Some("rows[0].id"), "the integer 5"),
            (
                r#"[{"id": "ID", "metrics": {}}, {"metrics": {}}, {"id": "ID", "metrics": {}}]"#,
                "duplicate_id",
                Some("rows[2].id"),
                "in rows 0 and 2",
            ),
            (r#"{"time": "yesterday", "metrics": {}}"#, "invalid_time", Some("rows[0].time"), "RFC 3339"),
            (r#"{"time": "2001-02-30T00:00:00Z", "metrics": {}}"#, "invalid_time", Some("rows[0].time"), "not a time"),
            (r#"{"time": 1.5, "metrics": {}}"#, "invalid_time", Some("rows[0].time"), "whole epoch milliseconds"),
            (r#"{"time": 9223372036854775807, "metrics": {}}"#, "invalid_time", Some("rows[0].time"), "ms"),
            (r#"{"end_time": true, "metrics": {}}"#, "invalid_time", Some("rows[0].end_time"), "the boolean true"),
            (
                r#"{"time": 2, "end_time": 1, "metrics": {}}"#,
                "invalid_time",
                Some("rows[0].end_time"),
                "before its time",
            ),
            (r#"{"deployment": 3, "metrics": {}}"#, "type_mismatch", Some("rows[0].deployment"), "expected text"),
        ],
    );
}

#[test]
fn refuses_json_delayed_metrics_and_datasets_by_their_own_fields() {
    check(
        Format::Json,
        RowKind::Delayed,
        &[
            (r#"{"metrics": {"late": true}}"#, "missing_field", Some("rows[0].id"), "needs the id"),
            (r#"{"id": null, "metrics": {"late": true}}"#, "missing_field", Some("rows[0].id"), "needs the id"),
            (r#"{"id": "ID", "time": 5, "metrics": {}}"#, "unknown_field", Some("rows[0].time"), "id and metrics"),
            (
                r#"{"id": "ID", "deployment": "a", "metrics": {}}"#,
                "unknown_field",
                Some("rows[0].deployment"),
                "id and",
            ),
        ],
    );
    let dataset: Mistake<'_> =
        (r#"{"id": "ID", "metrics": {}}"#, "unknown_field", Some("rows[0].id"), "it has metrics");
    check(Format::Json, RowKind::Dataset, &[dataset]);
}

#[test]
fn refuses_lines_naming_line_and_row() {
    check(
        Format::Ndjson,
        RowKind::Predictions,
        &[
            ("{\"metrics\": {}}\n\n{\"metrics\": \n", "invalid_json", Some("rows[1]"), "line 3"),
            ("{\"metrics\": {}}\n[]", "type_mismatch", Some("rows[1]"), "an object such as"),
            ("{\"metrics\": {\"score\": NaN}}", "invalid_json", Some("rows[0]"), "send null"),
        ],
    );
}

#[test]
fn refuses_few_bytes_that_stand_for_too_many_cells() {
    let wide: Vec<String> = (0..4000).map(|n| format!("\"m{n}\": 1")).collect();
    let lines = format!("{{\"metrics\": {{{}}}}}\n", wide.join(", ")) + &"{\"metrics\": {}}\n".repeat(10_000);
    let refusal = read(Format::Ndjson, RowKind::Predictions, lines, &model()).expect_err("too sparse");
    assert_eq!((refusal.fault.code(), refusal.field.as_deref()), ("rows_too_sparse", Some("rows[4194]")));
}

#[test]
fn refuses_csv_naming_row_and_column() {
    check(
        Format::Csv,
        RowKind::Predictions,
        &[
            ("", "invalid_csv", None, "empty"),
            ("a,a\n1,2\n", "duplicate_field", Some("a"), "twice"),
            ("a,\n1,2\n", "invalid_csv", None, "no name"),
            ("a,b\n1,2\n1\n", "invalid_csv", Some("rows[1]"), "1 cells, the header 2"),
            ("count\n1\nx\n", "type_mismatch", Some("rows[1].metrics.count"), "got the text \"x\""),
            ("flag\n\nmaybe\n", "type_mismatch", Some("rows[0].metrics.flag"), "\"maybe\""),
            ("embedding\n1;2\n", "type_mismatch", Some("rows[0].metrics.embedding"), "as JSON, such as"),
            ("embedding\n[1;2]\n", "type_mismatch", Some("rows[0].metrics.embedding"), "as JSON, such as"),
            ("score\n1\n9007199254740993\n", "integer_out_of_range", Some("rows[1].metrics.score"), "rounded"),
            ("count\n9007199254740993\n0.5\n", "integer_out_of_range", Some("rows[0].metrics.count"), "rounded"),
            ("due\nsoon\n", "invalid_time", Some("rows[0].metrics.due"), "not a time"),
            ("time,a\n2001,1\nnever,2\n", "invalid_time", Some("rows[0].time"), "`2001` is not a time"),
            ("time,a\n1.5,1\n", "invalid_time", Some("rows[0].time"), "Float64"),
            ("id,a\n5,1\n", "invalid_id", Some("rows[0].id"), "not a UUID"),
            ("id,a\nID,1\nID,1\n", "duplicate_id", Some("rows[1].id"), "rows 0 and 1"),
        ],
    );
    check(
        Format::Csv,
        RowKind::Delayed,
        &[
            ("late\ntrue\n", "missing_field", Some("id"), "ids of their predictions"),
            ("id,time,late\nID,1,true\n", "unknown_field", Some("time"), "leave this column out"),
            ("id,late\n,true\n", "missing_field", Some("rows[0].id"), "needs the id"),
        ],
    );
}

/// An Arrow IPC stream of one batch.
fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    writer.write(&batch).expect("writes");
    writer.into_inner().expect("ends")
}

#[test]
fn refuses_arrow_naming_row_and_column() {
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let decimals: ArrayRef = Arc::new(Decimal128Array::from(vec![1, 2]));
    let large: ArrayRef = Arc::new(UInt64Array::from(vec![1, u64::MAX]));
    let wide: ArrayRef = Arc::new(Int64Array::from(vec![1, 9_007_199_254_740_993]));
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1)]),
        Some(vec![Some(1), Some(9_007_199_254_740_993)]),
    ]);
    let lists: ArrayRef = Arc::new(lists);
    let far: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, i64::MAX]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    type Columns<'a> = Vec<(&'a str, ArrayRef)>;
    let table: Vec<(Columns<'_>, &str, Option<&str>, &str)> = vec![
        (vec![("count", texts.clone())], "type_mismatch", Some("count"), "holds integer values, but text values came"),
        (vec![("region", ints.clone())], "type_mismatch", Some("region"), "cast it to text"),
        (vec![("price", decimals)], "type_mismatch", Some("price"), "Decimal128"),
        (vec![("count", large)], "integer_out_of_range", Some("rows[1].metrics.count"), "18446744073709551615"),
        (vec![("score", wide.clone())], "integer_out_of_range", Some("rows[1].metrics.score"), "9007199254740993"),
        (vec![("embedding", lists)], "integer_out_of_range", Some("rows[1].metrics.embedding[1]"), "9007199254740993"),
        (vec![("time", far), ("a", ints.clone())], "invalid_time", Some("rows[1].time"), "years"),
        (vec![("time", floats.clone()), ("a", ints.clone())], "invalid_time", Some("rows[0].time"), "Float64"),
        (vec![("id", ints.clone())], "type_mismatch", Some("id"), "Int64"),
        (vec![("id", texts)], "invalid_id", Some("rows[0].id"), "\"a\""),
        (vec![("deployment", ints)], "type_mismatch", Some("deployment"), "cast it to text"),
        (vec![("flag", floats)], "type_mismatch", Some("flag"), "boolean"),
    ];
    for (columns, code, field, words) in table {
        let names = format!("{columns:?}");
        let refusal =
            read(Format::ArrowStream, RowKind::Predictions, stream(columns), &model()).expect_err("must be refused");
        assert_eq!((refusal.fault.code(), refusal.field.as_deref()), (code, field), "{names}: {refusal}");
        assert!(refusal.detail.contains(words), "{names}: {refusal}");
    }
}

#[test]
fn damaged_arrow_and_parquet_are_refused_and_never_panic() {
    let whole = stream(vec![("a", Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef)]);
    for format in [Format::ArrowStream, Format::Parquet] {
        for body in [&b""[..], b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"ARROW1\0\0", b"hello", &[0xff; 64]] {
            let refusal = read(format, RowKind::Predictions, body.to_vec(), &model()).expect_err("must be refused");
            assert!(refusal.fault.is_malformed(), "{body:?}: {refusal}");
        }
    }
    // A change that leaves a readable stream is data; anything else is a refusal.
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let _outcome = read(Format::ArrowStream, RowKind::Predictions, damaged, &model());
        let _cut = read(Format::ArrowStream, RowKind::Predictions, whole[..at].to_vec(), &model());
    }
}
