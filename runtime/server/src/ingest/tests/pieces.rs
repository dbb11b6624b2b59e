//! A large body gives the same rows, types and refusals wherever its pieces are cut.

use std::io::Write;

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, new_null_array},
    compute::{cast, concat_batches},
    datatypes::{DataType, SchemaRef},
    ipc::writer::StreamWriter,
};
use driftline_core::Schema;
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use proptest::prelude::*;

use super::{Format, RowKind, model, now, read};
use crate::ingest::{Failure, Refusal, Spool, Stream, piece::Piece};

const PIECES: [Piece; 5] = [
    Piece { bytes: 1, rows: 1 },
    Piece { bytes: 1 << 20, rows: 2 },
    Piece { bytes: 60, rows: 1 << 20 },
    Piece { bytes: 200, rows: 3 },
    Piece { bytes: 4 << 20, rows: 65_536 },
];

/// The rows in pieces.
pub(super) fn in_pieces(
    format: Format,
    kind: RowKind,
    body: &[u8],
    schema: &Schema,
    piece: Piece,
) -> Result<Vec<RecordBatch>, Refusal> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(body).expect("written");
    let (spool, scratch) = (Spool::new(file, body.len() as u64), tempfile::tempfile().expect("a file"));
    let collect = || -> Result<Vec<RecordBatch>, Failure> {
        let mut stream = Stream::in_pieces(format, kind, &spool, schema, now(), scratch, piece)?;
        let mut batches = Vec::new();
        while let Some(part) = stream.next_part()? {
            batches.push(part.batch);
        }
        Ok(batches)
    };
    collect().map_err(|failure| match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Disk(error) => panic!("{error}"),
    })
}

/// The batches as a reader of the model sees them: one table in the types that the model has in the end.
fn whole(batches: &[RecordBatch], schema: &Schema) -> RecordBatch {
    let mut grown = schema.clone();
    for batch in batches {
        grown.merge(&Schema::of_arrow(&batch.schema()).expect("types of core")).expect("they fit");
    }
    let target: SchemaRef = grown.arrow_predictions();
    let fitted: Vec<RecordBatch> = batches
        .iter()
        .map(|batch| {
            let column = |name: &str, held: &DataType| match batch.column_by_name(name) {
                Some(array) => cast(array, held).expect("a cast"),
                None => new_null_array(held, batch.num_rows()),
            };
            let columns: Vec<ArrayRef> =
                target.fields().iter().map(|field| column(field.name(), field.data_type())).collect();
            RecordBatch::try_new(target.clone(), columns).expect("a batch")
        })
        .collect();
    let table = concat_batches(&target, &fitted).expect("one table");
    // Columns stand in the order in which they first came, which may be a later piece; it means nothing.
    let mut order: Vec<usize> = (0..target.fields().len()).collect();
    order.sort_by_key(|at| target.field(*at).name());
    table.project(&order).expect("the same columns")
}

/// Checks a body that is whole against itself in pieces.
fn check(format: Format, body: &[u8], schema: &Schema) {
    let expected = read(format, RowKind::Predictions, body.to_vec(), schema);
    for piece in PIECES {
        let found = in_pieces(format, RowKind::Predictions, body, schema, piece);
        match (&expected, found) {
            (Ok(expected), Ok(found)) => {
                assert_eq!(whole(&found, schema), whole(&expected.batches, schema), "{format:?} {piece:?}");
            }
            (Err(expected), Err(found)) => {
                assert_eq!((expected.fault, &expected.field), (found.fault, &found.field), "{format:?} {piece:?}");
            }
            (expected, found) => panic!(
                "{format:?} {piece:?}: {:?}, in pieces {:?}\n{}",
                expected.as_ref().map(|decoded| decoded.rows),
                found.map(|batches| batches.len()),
                String::from_utf8_lossy(body)
            ),
        }
    }
}

/// A cell as JSON writes it, and as CSV does; absent where both are empty.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-20_i64..20).prop_map(|n| n.to_string()),
        2 => (-20_i64..20).prop_map(|n| format!("{n}.5")),
        1 => Just("9007199254740993".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just(String::new()),
        1 => Just("[1, 2.5]".to_owned()),
        2 => "[a-c,\"\n ]{0,4}".prop_map(|text| format!("'{text}")),
    ]
}

/// Columns of mostly one kind each, so that what differs comes late.
fn table() -> impl Strategy<Value = Vec<[String; 3]>> {
    let same = (-9_i64..9).prop_map(|n| n.to_string());
    let row = prop_oneof![5 => [same.clone(), same.clone(), same].boxed(), 1 => [cell(), cell(), cell()].boxed()];
    proptest::collection::vec(row, 1..20)
}

const NAMES: [&str; 3] = ["a", "count", "score"];

fn json_row(cells: &[String; 3], at: usize) -> String {
    let metrics: Vec<String> = NAMES
        .iter()
        .zip(cells)
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| {
            let value = match cell.strip_prefix('\'') {
                Some(text) => serde_json::Value::from(text).to_string(),
                None => cell.clone(),
            };
            format!("\"{name}\": {value}")
        })
        .collect();
    format!(
        "{{\"id\": \"{}\", \"time\": {at}, \"metrics\": {{{}}}}}",
        uuid::Uuid::from_u128(at as u128),
        metrics.join(", ")
    )
}

fn csv(rows: &[[String; 3]]) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.trim_start_matches('\'').replace('"', "\"\""));
    let line = |(at, cells): (usize, &[String; 3])| {
        let cells: Vec<String> = cells.iter().map(quoted).collect();
        format!("{},{at},{}\n", uuid::Uuid::from_u128(at as u128), cells.join(","))
    };
    format!("id,time,{}\n", NAMES.join(",")) + &rows.iter().enumerate().map(line).collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn text_means_the_same_wherever_it_is_cut(rows in table(), known in any::<bool>()) {
        let schema = if known { model() } else { Schema::default() };
        let json: Vec<String> = rows.iter().enumerate().map(|(at, cells)| json_row(cells, at)).collect();
        check(Format::Ndjson, (json.join("\n") + "\n").as_bytes(), &schema);
        check(Format::Json, format!(" [{}]\n", json.join(" ,\n")).as_bytes(), &schema);
        check(Format::Csv, csv(&rows).as_bytes(), &schema);
    }
}

/// Rows of every kind of column, over several messages or row groups.
fn wide() -> RecordBatch {
    let body: Vec<String> = (0..50)
        .map(|n| {
            let sparse = if n > 40 { format!(", \"late\": {n}") } else { String::new() };
            format!(
                "{{\"id\": \"{}\", \"time\": {n}, \"metrics\": {{\"score\": {n}.5, \"region\": \"r{}\", \"flag\": {}, \
                 \"embedding\": [{n}, 1.5]{sparse}}}}}",
                uuid::Uuid::from_u128(n),
                n % 3,
                n % 2 == 0
            )
        })
        .collect();
    let decoded = read(Format::Ndjson, RowKind::Predictions, body.join("\n"), &Schema::default()).expect("valid");
    decoded.batches.into_iter().next().expect("a batch")
}

#[test]
fn tables_mean_the_same_wherever_they_are_cut() {
    let wide = wide();
    let mut codes = wide.columns().to_vec();
    let region = wide.schema().index_of("region").expect("region");
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    codes[region] = cast(&codes[region], &dictionary).expect("a dictionary");
    let names: Vec<String> = wide.schema().fields().iter().map(|field| field.name().clone()).collect();
    let coded = RecordBatch::try_from_iter(names.into_iter().zip(codes)).expect("a batch");
    for table in [&wide, &coded] {
        for rows in [1, 7, 50] {
            let mut arrow = StreamWriter::try_new(Vec::new(), table.schema_ref()).expect("a writer");
            let groups = WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build();
            let mut parquet = ArrowWriter::try_new(Vec::new(), table.schema(), Some(groups)).expect("a writer");
            for at in (0..50).step_by(rows) {
                arrow.write(&table.slice(at, rows.min(50 - at))).expect("written");
            }
            parquet.write(table).expect("written");
            let open_ended = arrow.get_ref().clone();
            let (arrow, parquet) = (arrow.into_inner().expect("ends"), parquet.into_inner().expect("ends"));
            for schema in [Schema::default(), model()] {
                check(Format::ArrowStream, &open_ended, &schema);
                check(Format::ArrowStream, &arrow, &schema);
                check(Format::Parquet, &parquet, &schema);
            }
        }
    }
    let ids =
        in_pieces(Format::ArrowStream, RowKind::Predictions, &arrow_of(&wide), &model(), PIECES[0]).expect("valid");
    assert_eq!(ids.len(), 50, "one message is cut, too");
    assert_eq!(ids[7].column(0).as_fixed_size_binary().value(0)[15], 7);
}

fn arrow_of(table: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), table.schema_ref()).expect("a writer");
    writer.write(table).expect("written");
    writer.into_inner().expect("ends")
}
