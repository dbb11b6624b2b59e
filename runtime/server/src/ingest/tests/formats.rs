//! What each format's rows become.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array,
        Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray, StructArray,
        TimestampMillisecondArray, TimestampNanosecondArray,
    },
    datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
    ipc::writer::{FileWriter, StreamWriter},
};
use driftline_core::{ColumnType, Schema};
use parquet::arrow::ArrowWriter;
use uuid::Uuid;

use super::{Format, RowKind, model, now, one, read};

const ROWS: &str = r#"[
  {"id": "0192d3a4-0000-7000-8000-000000000001", "time": "2001-01-02T03:04:05.678Z", "end_time": 978404646000,
   "deployment": "v1", "metrics": {"score": 0.1, "in": {"age": 41, "city": "Ulm"}, "ok": true, "vector": [1, 2.5]}},
  {"metrics": {"ok": null, "score": 2, "in": {"age": 1.5}, "late": "é\n"}}
]"#;

fn floats(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).expect(name).as_primitive::<Float64Type>().iter().collect()
}

fn integers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    batch.column_by_name(name).expect(name).as_primitive::<Int64Type>().iter().collect()
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    batch.column_by_name(name).expect(name).as_string::<i32>().iter().collect()
}

fn micros(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    batch.column_by_name(name).expect(name).as_primitive::<TimestampMicrosecondType>().iter().collect()
}

#[test]
fn json_rows_become_typed_dotted_columns() {
    let decoded = read(Format::Json, RowKind::Predictions, ROWS, &Schema::default()).expect("valid");
    let ids = decoded.ids.clone();
    assert_eq!(ids[0].to_string(), "0192d3a4-0000-7000-8000-000000000001");
    assert_eq!(ids[1].get_version_num(), 7);
    let batch = one(decoded);
    let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let expected = ["id", "time", "end_time", "deployment", "score", "in.age", "in.city", "ok", "vector", "late"];
    assert_eq!(names, expected);
    assert_eq!(micros(&batch, "time"), [Some(978_404_645_678_000), Some(now().micros())]);
    assert_eq!(micros(&batch, "end_time"), [Some(978_404_646_000_000), None]);
    assert_eq!(texts(&batch, "deployment"), [Some("v1"), None]);
    assert_eq!(floats(&batch, "score"), [Some(0.1), Some(2.0)]);
    assert_eq!(floats(&batch, "in.age"), [Some(41.0), Some(1.5)]);
    assert_eq!(texts(&batch, "late"), [None, Some("é\n")]);
    let vector = batch.column_by_name("vector").expect("vector").as_list::<i32>().value(0);
    assert_eq!(vector.as_primitive::<Float64Type>().values().to_vec(), [1.0, 2.5]);
    let kept = Schema::of_arrow(&batch.schema()).expect("types of core");
    for column in kept.columns() {
        let field = batch.schema().field_with_name(&column.name).expect("there").data_type().clone();
        assert_eq!(field, column.column_type.arrow(), "{}", column.name);
    }
}

#[test]
fn lines_and_json_are_the_same_rows() {
    let lines = "{\"metrics\": {\"a\": 1}}\r\n\n{\"metrics\": {\"a\": 2}}\n";
    let batch = one(read(Format::Ndjson, RowKind::Predictions, lines, &Schema::default()).expect("valid"));
    assert_eq!(integers(&batch, "a"), [Some(1), Some(2)]);
    let single =
        one(read(Format::Json, RowKind::Predictions, r#"{"metrics": {"a": 1}}"#, &Schema::default()).expect("valid"));
    assert_eq!(integers(&single, "a"), [Some(1)]);
}

#[test]
fn no_rows_are_no_batches() {
    for (format, body) in [(Format::Json, "[]"), (Format::Ndjson, "\n"), (Format::Csv, "a,b\n")] {
        let decoded = read(format, RowKind::Predictions, body, &model()).expect("valid");
        assert_eq!((decoded.rows, decoded.batches.len(), decoded.ids.len()), (0, 0, 0), "{format:?}");
    }
}

#[test]
fn cells_follow_the_types_of_the_model() {
    let body = r#"[{"metrics": {"count": 9223372036854775807, "score": 1, "due": "2001-01-01T00:00:00Z", "embedding": []}},
                   {"metrics": {"due": 5}}]"#;
    let batch = one(read(Format::Json, RowKind::Predictions, body, &model()).expect("valid"));
    assert_eq!(integers(&batch, "count"), [Some(i64::MAX), None]);
    assert_eq!(floats(&batch, "score"), [Some(1.0), None]);
    assert_eq!(micros(&batch, "due"), [Some(978_307_200_000_000), Some(5000)]);
    let widened =
        one(read(Format::Json, RowKind::Predictions, r#"{"metrics": {"count": 1.5}}"#, &model()).expect("valid"));
    assert_eq!(floats(&widened, "count"), [Some(1.5)]);
}

#[test]
fn floats_keep_every_bit() {
    let values = [0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, 9_007_199_254_740_993.0, 1e23];
    for value in values {
        let body = format!("{{\"metrics\": {{\"x\": {value:e}}}}}");
        let batch = one(read(Format::Json, RowKind::Predictions, body, &Schema::default()).expect("valid"));
        assert_eq!(floats(&batch, "x")[0].map(f64::to_bits), Some(value.to_bits()), "{value:e}");
    }
}

#[test]
fn csv_types_are_inferred_over_the_whole_file_and_follow_the_model() {
    let body = "time,deployment,n,x,ok,zip,account,score,due,region,gone\n\
                2001-01-01T00:00:00Z,v1,1,1,true,02134,12345678901234567890,1,2001-01-01T00:00:00Z,7,\n\
                2001-01-01T00:00:01Z,,,2.5,false,10115,1,,5,b,\n";
    let refused = read(Format::Csv, RowKind::Predictions, body, &model()).expect_err("`due` mixes text and numbers");
    assert_eq!(refused.fault.code(), "invalid_time");
    let body = body.replace(",5,b,", ",2001-01-01T00:00:05Z,b,");
    let batch = one(read(Format::Csv, RowKind::Predictions, body, &model()).expect("valid"));
    assert_eq!(micros(&batch, "time"), [Some(978_307_200_000_000), Some(978_307_201_000_000)]);
    assert_eq!(texts(&batch, "deployment"), [Some("v1"), None]);
    assert_eq!(integers(&batch, "n"), [Some(1), None]);
    assert_eq!(floats(&batch, "x"), [Some(1.0), Some(2.5)]);
    assert!(batch.column_by_name("ok").expect("ok").as_boolean().value(0));
    assert_eq!(integers(&batch, "zip"), [Some(2134), Some(10115)]);
    assert_eq!(texts(&batch, "account"), [Some("12345678901234567890"), Some("1")]);
    assert_eq!(floats(&batch, "score"), [Some(1.0), None]);
    assert_eq!(texts(&batch, "region"), [Some("7"), Some("b")]);
    assert!(batch.column_by_name("gone").is_none());
}

fn wide() -> RecordBatch {
    let id = Uuid::from_u128(7);
    let inner: ArrayRef = Arc::new(Int8Array::from(vec![Some(1), Some(2)]));
    let nested = StructArray::new(
        vec![Field::new("age", DataType::Int8, true)].into(),
        vec![inner],
        Some(vec![true, false].into()),
    );
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)]), None]);
    let codes: DictionaryArray<Int32Type> = vec![Some("eu"), Some("us")].into_iter().collect();
    let ids = FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some(id.into_bytes()), None].into_iter(), 16);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(ids.expect("16 bytes"))),
        ("time", Arc::new(TimestampNanosecondArray::from(vec![Some(1_500), None]))),
        ("end_time", Arc::new(TimestampMillisecondArray::from(vec![Some(9), None]).with_timezone("+02:00"))),
        ("deployment", Arc::new(LargeStringArray::from(vec![Some("v1"), None]))),
        ("region", Arc::new(codes)),
        ("city", Arc::new(StringViewArray::from(vec!["a", "b"]))),
        ("f", Arc::new(Float32Array::from(vec![f32::NAN, f32::INFINITY]))),
        ("score", Arc::new(Int64Array::from(vec![1, 2]))),
        ("due", Arc::new(StringArray::from(vec![Some("1970-01-01T00:00:01Z"), None]))),
        ("embedding", Arc::new(lists)),
        ("in", Arc::new(nested)),
        ("empty", Arc::new(Float64Array::from(vec![None, None]))),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn arrow_stream() -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &wide().schema()).expect("a writer");
    writer.write(&wide()).expect("writes");
    writer.write(&wide().slice(1, 1)).expect("writes");
    writer.into_inner().expect("ends")
}

fn arrow_file() -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &wide().schema()).expect("a writer");
    writer.write(&wide()).expect("writes");
    writer.write(&wide().slice(1, 1)).expect("writes");
    writer.into_inner().expect("ends")
}

fn parquet_file() -> Vec<u8> {
    let mut writer = ArrowWriter::try_new(Vec::new(), wide().schema(), None).expect("a writer");
    writer.write(&wide()).expect("writes");
    writer.flush().expect("ends the row group");
    writer.write(&wide().slice(1, 1)).expect("writes");
    writer.into_inner().expect("ends")
}

#[test]
fn arrow_and_parquet_are_cast_to_the_types_of_the_model() {
    for (format, body) in
        [(Format::ArrowStream, arrow_stream()), (Format::ArrowStream, arrow_file()), (Format::Parquet, parquet_file())]
    {
        let decoded = read(format, RowKind::Predictions, body, &model()).expect("valid");
        assert_eq!((decoded.rows, decoded.ids.len()), (3, 3), "{format:?}");
        assert_eq!(decoded.ids[0], Uuid::from_u128(7));
        let batch = arrow::compute::concat_batches(&decoded.batches[0].schema(), &decoded.batches[..1]).expect("whole");
        let now = Some(now().micros());
        assert_eq!(micros(&batch, "time")[..2], [Some(1), now], "{format:?}");
        assert_eq!(micros(&batch, "end_time")[..2], [Some(9_000), None]);
        assert_eq!(texts(&batch, "deployment")[..2], [Some("v1"), None]);
        assert_eq!(texts(&batch, "region")[..2], [Some("eu"), Some("us")]);
        assert_eq!(texts(&batch, "city")[..2], [Some("a"), Some("b")]);
        assert!(floats(&batch, "f")[0].is_some_and(f64::is_nan));
        assert_eq!(floats(&batch, "f")[1], Some(f64::INFINITY));
        assert_eq!(floats(&batch, "score")[..2], [Some(1.0), Some(2.0)]);
        assert_eq!(micros(&batch, "due")[..2], [Some(1_000_000), None]);
        assert_eq!(integers(&batch, "in.age")[..2], [Some(1), None]);
        assert!(batch.column_by_name("empty").is_none());
        let embedding = batch.column_by_name("embedding").expect("embedding");
        assert_eq!(embedding.data_type(), &ColumnType::FloatList.arrow());
    }
}

#[test]
fn delayed_metrics_and_datasets_have_their_own_columns() {
    let body = "id,late\n0192d3a4-0000-7000-8000-000000000001,true\n0192d3a4-0000-7000-8000-000000000001,false\n";
    let batch = one(read(Format::Csv, RowKind::Delayed, body, &model()).expect("the last value wins"));
    assert_eq!((batch.num_columns(), batch.num_rows()), (2, 2));
    let decoded = read(Format::Csv, RowKind::Dataset, "id,time,score\nx,y,1\n", &model()).expect("valid");
    assert_eq!(decoded.ignored, ["id", "time"]);
    assert_eq!(floats(&one(decoded), "score"), [Some(1.0)]);
}
