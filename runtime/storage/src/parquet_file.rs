//! How rows are laid out in Parquet files.

mod stored;

use std::{io::Write, sync::Arc};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Schema, SchemaRef},
};
use bytes::Bytes;
use driftline_core::ID;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelector},
        async_reader::ParquetRecordBatchStreamBuilder,
    },
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::RowGroupMetaData,
        properties::{EnabledStatistics, WriterProperties, WriterVersion},
        statistics::Statistics,
    },
    schema::types::ColumnPath,
};

use crate::{
    Error,
    files::Files,
    filters::{Filters, Group},
    id_range::{IdRange, overlap},
    rows::wants_dictionary,
};
use stored::StoredFile;

/// Rows in a row group of predictions: large enough to scan fast, small enough to prune and to spread over cores.
pub(crate) const SCAN_GROUP: usize = 131_072;
/// Rows in a row group of delayed metrics, which are read by ranges of ids.
pub(crate) const LOOKUP_GROUP: usize = 32_768;

/// How often a filter lets a row group be read in vain: seldom, since a request may look for a thousand random ids in
/// each of a hundred groups. It takes four bytes an id; a thousandth would take two.
const FALSE_READS: f64 = 0.000_01;

/// Rows in a batch that is read.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// Writes one Parquet file chunk by chunk, in memory or somewhere else.
pub(crate) struct ParquetFile<W: Write + Send = Vec<u8>> {
    writer: ArrowWriter<W>,
}

impl ParquetFile {
    /// An empty file in memory, of what is small and kept long: compressed at this level of zstd.
    pub fn packed(schema: SchemaRef, group_rows: usize, level: i32) -> Result<Self, Error> {
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_created_by(CREATED_BY.into())
            .set_compression(zstd(level))
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_max_row_group_row_count(Some(group_rows))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(failed)?;
        Ok(Self { writer })
    }

    /// The finished file.
    pub fn finish(self) -> Result<Bytes, Error> {
        self.end().map(Bytes::from)
    }
}

impl<W: Write + Send> ParquetFile<W> {
    /// An empty file that is written to `place`.
    pub fn to(place: W, schema: SchemaRef, group_rows: usize) -> Result<Self, Error> {
        let properties = properties(&schema, group_rows);
        let writer = ArrowWriter::try_new(place, schema, Some(properties)).map_err(failed)?;
        Ok(Self { writer })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(failed)
    }

    /// Lets the rows so far be a row group of their own.
    pub fn end_group(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(failed)
    }

    /// Writes the rest, and gives back where it was written to.
    pub fn end(self) -> Result<W, Error> {
        self.writer.into_inner().map_err(failed)
    }
}

fn failed(error: ParquetError) -> Error {
    Error::failed("encoding Parquet", error)
}

const CREATED_BY: &str = concat!("driftline ", env!("CARGO_PKG_VERSION"));

fn zstd(level: i32) -> Compression {
    ZstdLevel::try_new(level).map_or(Compression::SNAPPY, Compression::ZSTD)
}

/// Plain pages for numbers, which scan fastest that way; a dictionary for text, where labels repeat.
fn properties(schema: &Schema, group_rows: usize) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.into())
        .set_compression(zstd(1))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(group_rows));
    for field in schema.fields().iter().filter(|field| wants_dictionary(field.data_type())) {
        let column = ColumnPath::new(vec![field.name().clone()]);
        properties = properties.set_column_dictionary_enabled(column, true);
    }
    // Predictions are looked for by id; datasets have none, and delayed metrics are sorted by it.
    if group_rows == SCAN_GROUP && schema.column_with_name(ID).is_some() {
        let column = ColumnPath::new(vec![ID.to_owned()]);
        properties = properties
            .set_column_bloom_filter_fpp(column.clone(), FALSE_READS)
            .set_column_bloom_filter_max_ndv(column, group_rows as u64);
    }
    properties.build()
}

/// The columns of a file.
pub(crate) fn schema(files: &Files, path: &Path, bytes: u64) -> Result<SchemaRef, Error> {
    let reader = StoredFile { store: files.store(), path: path.clone(), bytes };
    let builder = files.wait(ParquetRecordBatchStreamBuilder::new(reader));
    let builder = builder.map_err(|error| Error::failed(format!("reading {path}"), error))?;
    Ok(builder.schema().clone())
}

/// Which part of a file to read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part<'a> {
    /// These columns, if the file has them, or all.
    pub columns: Option<&'a [&'a str]>,
    /// Those row groups whose first column, the id, can lie in this range, or all.
    pub ids: Option<([u8; 16], [u8; 16])>,
    /// This row group, or all.
    pub group: Option<usize>,
}

/// Reads a file batch by batch; one row group is in memory at a time.
pub(crate) fn read(
    files: &Arc<Files>,
    path: &Path,
    bytes: u64,
    part: Part<'_>,
) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + use<>, Error> {
    let reader = StoredFile { store: files.store(), path: path.clone(), bytes };
    let files = files.clone();
    let doing = format!("reading {path}");
    let open = async {
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
        let wanted = |name: &str| part.columns.is_none_or(|columns| columns.contains(&name));
        // By number, since names with dots would be taken for paths.
        let columns = builder.schema().fields().iter().enumerate();
        let columns = columns.filter(|(_, field)| wanted(field.name())).map(|(number, _)| number);
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns);
        let groups = builder.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(_, group)| part.ids.is_none_or(|ids| may_hold(group, ids)));
        let groups = groups.map(|(index, _)| index);
        let groups = groups.filter(|index| part.group.is_none_or(|only| only == *index)).collect();
        builder.with_projection(mask).with_row_groups(groups).with_batch_size(BATCH_ROWS).build()
    };
    let mut stream = files.wait(open).map_err(|error: ParquetError| Error::failed(doing.clone(), error))?;
    Ok(std::iter::from_fn(move || {
        files.wait(stream.next()).map(|batch| batch.map_err(|error| Error::failed(doing.clone(), error)))
    }))
}

/// What statistics and filters tell of the ids in each row group.
pub(crate) fn filters(files: &Files, path: &Path, bytes: u64) -> Result<Filters, Error> {
    let reader = StoredFile { store: files.store(), path: path.clone(), bytes };
    let reading = async {
        let mut builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
        let mut groups = Vec::new();
        for index in 0..builder.metadata().num_row_groups() {
            let ids = id_range(builder.metadata().row_group(index)).unwrap_or(([0; 16], [u8::MAX; 16]));
            let filter = builder.get_row_group_column_bloom_filter(index, 0).await?;
            groups.push(Group { ids, filter });
        }
        Ok(Filters { groups })
    };
    files.wait(reading).map_err(|error: ParquetError| Error::failed(format!("reading {path}"), error))
}

/// The rows of one row group with this id: the first that statistics and filters allow and that has it.
pub(crate) fn find(files: &Arc<Files>, path: &Path, bytes: u64, id: [u8; 16]) -> Result<Option<RecordBatch>, Error> {
    let reader = StoredFile { store: files.store(), path: path.clone(), bytes };
    let finding = async {
        let metadata = ArrowReaderMetadata::load_async(&mut reader.clone(), ArrowReaderOptions::default()).await?;
        let open = || ParquetRecordBatchStreamBuilder::new_with_metadata(reader.clone(), metadata.clone());
        let groups = metadata.metadata().row_groups().iter().enumerate();
        for (group, _) in groups.filter(|(_, group)| may_hold(group, (id, id))) {
            if open().get_row_group_column_bloom_filter(group, 0).await?.is_some_and(|filter| !filter.check(&id[..])) {
                continue;
            }
            let mask = ProjectionMask::columns(metadata.parquet_schema(), [ID]);
            let mut ids = open().with_projection(mask).with_row_groups(vec![group]).build()?;
            let mut before = 0;
            while let Some(batch) = ids.try_next().await? {
                let held = batch.column(0).as_fixed_size_binary();
                let Some(row) = (0..held.len()).find(|row| held.value(*row) == id) else {
                    before += batch.num_rows();
                    continue;
                };
                let selection = vec![RowSelector::skip(before + row), RowSelector::select(1)];
                let row = open().with_row_groups(vec![group]).with_row_selection(selection.into());
                return row.build()?.try_next().await;
            }
        }
        Ok(None)
    };
    files.wait(finding).map_err(|error: ParquetError| Error::failed(format!("reading {path}"), error))
}

fn may_hold(group: &RowGroupMetaData, ids: IdRange) -> bool {
    id_range(group).is_none_or(|held| overlap(held, ids))
}

/// The smallest and largest id of a row group, if its statistics tell.
fn id_range(group: &RowGroupMetaData) -> Option<IdRange> {
    match group.columns().first()?.statistics()? {
        Statistics::FixedLenByteArray(values) => {
            Some((values.min_opt()?.data().try_into().ok()?, values.max_opt()?.data().try_into().ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, FixedSizeBinaryArray};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    /// Ids without any order, each once.
    fn ids(numbers: std::ops::Range<usize>) -> impl Iterator<Item = [u8; 16]> {
        numbers.map(|number| (number as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes())
    }

    #[test]
    fn a_filter_seldom_lets_a_group_be_read_in_vain() {
        let column = FixedSizeBinaryArray::try_from_iter(ids(0..SCAN_GROUP)).expect("ids");
        let batch = RecordBatch::try_from_iter([(ID, Arc::new(column) as ArrayRef)]).expect("a batch");
        let mut file = ParquetFile::to(Vec::new(), batch.schema(), SCAN_GROUP).expect("begins");
        file.write(&batch).expect("writes");
        let file = ParquetRecordBatchReaderBuilder::try_new(file.finish().expect("ends")).expect("opens");
        let filter = file.get_row_group_column_bloom_filter(0, 0).expect("reads").expect("there is one");
        assert!(ids(0..SCAN_GROUP).all(|id| filter.check(&id[..])));
        let others = ids(SCAN_GROUP..3 * SCAN_GROUP).filter(|id| filter.check(&id[..])).count();
        assert!(others <= 20, "{others} of {} ids that are not there", 2 * SCAN_GROUP);
    }
}
