//! One prediction by its id: the same row wherever it is, and few row groups read for it.

use arrow::array::{Array, AsArray};
use futures::executor::block_on;
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::world::{Int, World, delayed, prediction};

/// A well-mixed id, so that ranges of ids rule out nothing.
fn scattered(n: u128) -> u128 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

#[test]
fn every_id_is_found_in_a_store_of_segments_log_and_labels() {
    let mut world = World::with(|options| options.segment_rows = 50);
    for round in 0..4_u128 {
        let ids = round * 100..round * 100 + 100;
        world.append(
            &ids.clone().map(|n| prediction(scattered(n), n as i64, &[("a", Int(n as i64))])).collect::<Vec<_>>(),
        );
        let labels = ids.filter(|n| n % 3 == 0).map(|n| delayed(scattered(n), &[("late", Int(n as i64 * 2))]));
        world.append(&labels.collect::<Vec<_>>());
        match round {
            0 => world.seal(),
            1 => world.storage().maintain().expect("folds and merges"),
            2 => world.seal(),
            _ => {}
        }
    }
    for when in ["at once", "after a restart"] {
        let model = world.model();
        for n in 0..400 {
            let row = world.storage().find(&model, scattered(n).to_be_bytes()).expect("looks").expect("is there");
            let number = |column: &str| {
                let cells = row.column_by_name(column).expect("a column").as_primitive::<arrow::datatypes::Int64Type>();
                cells.is_valid(0).then(|| cells.value(0))
            };
            assert_eq!(row.num_rows(), 1);
            assert_eq!(row.schema(), model.schema.arrow_predictions());
            assert_eq!(number("a"), Some(n as i64), "{when}");
            assert_eq!(number("late"), (n % 3 == 0).then_some(n as i64 * 2), "{when}: {n}");
        }
        for n in 400..500 {
            assert_eq!(world.storage().find(&model, scattered(n).to_be_bytes()).expect("looks"), None, "{when}");
        }
        world.restart();
    }
}

#[test]
fn filters_rule_out_nearly_every_row_group_without_the_id() {
    let world = World::new();
    world.append(&(0..20_000).map(|n| prediction(scattered(n), n as i64, &[])).collect::<Vec<_>>());
    world.seal();
    let segment = &world.snapshot(None).segments[0];
    let store = world.storage().object_store();
    let bytes = block_on(async { store.get(&segment.path).await.expect("a file").bytes().await.expect("bytes") });
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet");
    let filter = builder.get_row_group_column_bloom_filter(0, 0).expect("reads").expect("the id has a filter");
    let allowed = |ids: std::ops::Range<u128>| ids.filter(|n| filter.check(&scattered(*n).to_be_bytes()[..])).count();
    assert_eq!(allowed(0..20_000), 20_000, "what is there is always found");
    let false_reads = allowed(20_000..120_000);
    assert!(false_reads < 400, "{false_reads} of 100,000 ids that are not there would be read");
}
