//! What the rows that a snapshot shows of a segment depend on, as a digest: the file, what is laid over it, what is hidden.

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    row::{RowConverter, SortField},
};
use driftline_core::{Digest, ID};

use super::{Snapshot, pending::Waiting};
use crate::{
    Error, Segment,
    delayed_cache::Wanted,
    delayed_file,
    hidden::Hidden,
    id_range::{IdRange, overlap},
    parquet_file::{self, Part},
    rows,
    touched::Arrival,
};

impl Snapshot {
    /// For each segment a digest over all that its rows' cells in `columns` depend on. It stays the same while nothing
    /// that touches the segment changes: delayed metrics count only where they have values in `columns` for ids that
    /// the segment's filters allow.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a column the model does not have, [`Error::Corrupt`] for a damaged file.
    pub fn identities(&self, columns: &[&str]) -> Result<Vec<Digest>, Error> {
        let wanted = self.wanted(columns)?;
        let mut laid_over: Vec<Vec<u8>> = vec![Vec::new(); self.segments.len()];
        if !wanted.typed().is_empty() {
            for waiting in self.pending.waiting() {
                self.lay_over(waiting, &wanted, &mut laid_over)?;
            }
        }
        let identity = |(segment, laid_over): (&Segment, Vec<u8>)| {
            let hidden = self.hidden(segment).map(|hidden| hidden.identity(segment.ids())).unwrap_or_default();
            Digest::of_parts([&segment.digest.as_bytes()[..], &laid_over, &hidden])
        };
        Ok(self.segments.iter().zip(laid_over).map(identity).collect())
    }

    /// A digest over all that the rows depend on that are in no segment. It differs from one moment to the next, and
    /// means nothing in another process.
    pub fn unsealed_identity(&self) -> Digest {
        let sealed: Vec<u8> = self.pending.sealed.iter().flat_map(|listing| *listing.digest.as_bytes()).collect();
        let rows = self.logged.iter().chain(&self.pending.checksums);
        let logged: Vec<u8> =
            rows.flat_map(|(seq, checksum)| seq.to_le_bytes().into_iter().chain(checksum.to_le_bytes())).collect();
        let hidden = Hidden { before: self.model.horizon, ids: self.sight.hidden.clone() };
        let hidden = hidden.identity(([0; 16], [u8::MAX; 16]));
        Digest::of_parts([&sealed[..], &logged, &hidden, &self.logged.len().to_le_bytes()])
    }

    /// A digest over what stands for rows that are gone.
    pub fn kept_identity(&self) -> Digest {
        let files: Vec<u8> = self.kept.files.iter().flat_map(|file| *file.digest.as_bytes()).collect();
        let horizon = self.model.horizon.map(|horizon| horizon.micros().to_le_bytes());
        Digest::of_parts([&files[..], &horizon.unwrap_or_default()])
    }

    /// Adds to each segment the digest of the cells that may belong to it.
    fn lay_over(&self, waiting: Waiting<'_>, wanted: &Wanted, laid_over: &mut [Vec<u8>]) -> Result<(), Error> {
        let names: Vec<String> = wanted.typed().into_iter().map(|(name, _)| name).collect();
        let columns = Digest::of_parts(names.iter().map(String::as_bytes));
        let mut batches: Option<Vec<RecordBatch>> = None;
        for (segment, laid_over) in self.segments.iter().zip(laid_over) {
            if !waiting.may_touch(segment) {
                continue;
            }
            let pair = (waiting.arrival(), segment.id, columns);
            let touched = match self.inner.touched.get(&pair) {
                Some(known) => known,
                None => {
                    let batches = match &mut batches {
                        Some(batches) => batches,
                        None => batches.insert(self.rows_of(waiting, wanted)?),
                    };
                    let touched = self.touched(segment, batches)?;
                    self.inner.touched.put(pair, touched, 0);
                    touched
                }
            };
            laid_over.extend(touched.iter().flat_map(|digest| *digest.as_bytes()));
        }
        Ok(())
    }

    /// The rows with a value in a wanted column; of each the id comes first.
    fn rows_of(&self, waiting: Waiting<'_>, wanted: &Wanted) -> Result<Vec<RecordBatch>, Error> {
        let schema = wanted.arrow();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let batches = match waiting {
            Waiting::Logged(row) => vec![row.batch(wanted)?],
            Waiting::Sealed(listing) => {
                let part = Part { columns: Some(&names), ids: None, group: None };
                delayed_file::read(&self.inner.files, listing, part)?
            }
        };
        batches.iter().map(|batch| with_values(batch, &names)).collect()
    }

    /// A digest over the ids and cells that the segment's filters allow.
    fn touched(&self, segment: &Segment, batches: &[RecordBatch]) -> Result<Option<Digest>, Error> {
        let inner = &self.inner;
        let load = || {
            inner.files.verify(&segment.path, &segment.digest)?;
            parquet_file::filters(&inner.files, &segment.path, segment.bytes)
        };
        let mut cells: Vec<u8> = Vec::new();
        for batch in batches {
            let in_range = |id: &[u8; 16]| segment.min_id <= *id && *id <= segment.max_id;
            if !rows::id_bytes(batch)?.any(|id| in_range(&id)) {
                continue;
            }
            let filters = inner.filters.get_or_load(segment.id, load)?;
            let may_hold = |id: [u8; 16]| in_range(&id) && filters.groups.iter().any(|group| group.may_hold(&id));
            let allowed: BooleanArray = rows::id_bytes(batch)?.map(|id| Some(may_hold(id))).collect();
            if allowed.true_count() > 0 {
                append(&mut cells, &filter_record_batch(batch, &allowed).map_err(failed)?)?;
            }
        }
        Ok((!cells.is_empty()).then(|| Digest::of(&cells)))
    }
}

impl Waiting<'_> {
    fn may_touch(self, segment: &Segment) -> bool {
        match self {
            Self::Sealed(listing) => segment.may_await(listing),
            Self::Logged(row) => overlap(row.ids, segment.ids()),
        }
    }

    fn arrival(self) -> Arrival {
        match self {
            Self::Sealed(listing) => Arrival::Segment(listing.id),
            Self::Logged(row) => Arrival::Logged(row.seq),
        }
    }
}

impl Hidden {
    /// What is hidden of a file with ids in this range, in bytes.
    fn identity(&self, range: IdRange) -> Vec<u8> {
        let mut ids: Vec<_> = self.ids.iter().filter(|id| range.0 <= **id && **id <= range.1).collect();
        ids.sort_unstable();
        let before = self.before.map(|before| before.micros().to_le_bytes());
        before.into_iter().flatten().chain(ids.into_iter().flatten().copied()).collect()
    }
}

/// The rows of `batch` with a value in one of the columns `names`, and those of the columns that it has.
fn with_values(batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch, Error> {
    let schema = batch.schema_ref();
    let held: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let batch = batch.project(&held).map_err(failed)?;
    let values: Vec<_> = batch
        .schema_ref()
        .fields()
        .iter()
        .zip(batch.columns())
        .filter(|(field, _)| field.name() != ID)
        .map(|(_, column)| column.logical_nulls().map(|nulls| (nulls, column.len())))
        .collect();
    let has_value = |row: usize| values.iter().any(|nulls| nulls.as_ref().is_none_or(|(nulls, _)| nulls.is_valid(row)));
    let kept: BooleanArray = (0..batch.num_rows()).map(|row| Some(has_value(row))).collect();
    filter_record_batch(&batch, &kept).map_err(failed)
}

/// Appends names and cells such that no two batches read the same.
fn append(cells: &mut Vec<u8>, batch: &RecordBatch) -> Result<(), Error> {
    let fields = batch.schema_ref().fields();
    for field in fields {
        let name = format!("{}:{};", field.name(), field.data_type());
        cells.extend((name.len() as u64).to_le_bytes());
        cells.extend(name.bytes());
    }
    let sorted = fields.iter().map(|field| SortField::new(field.data_type().clone())).collect();
    let rows =
        RowConverter::new(sorted).and_then(|converter| converter.convert_columns(batch.columns())).map_err(failed)?;
    cells.extend((rows.num_rows() as u64).to_le_bytes());
    for row in &rows {
        cells.extend((row.data().len() as u64).to_le_bytes());
        cells.extend(row.data());
    }
    Ok(())
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::failed("looking for segments that delayed metrics touch", error)
}
