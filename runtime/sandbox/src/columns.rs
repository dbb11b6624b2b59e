//! The columns of the running update, as the guest reads them.

use arrow::{
    array::{Array, PrimitiveArray},
    buffer::NullBuffer,
    datatypes::{ArrowPrimitiveType, ToByteSlice},
};
use driftline_core::{BoundColumn, Cells, FailureCode, InputBatch, Kind};

use crate::{
    bindings::columns,
    dictionary::{Dictionary, Full},
    fault::Halt,
    guest::Guest,
};

type Answer<T> = Result<T, Halt>;

impl columns::Host for Guest {
    fn rows(&mut self) -> wasmtime::Result<u32> {
        let rows = self.running("rows")?.rows;
        Ok(u32::try_from(rows).map_err(|_| fault(format!("a batch of {rows} rows is too large")))?)
    }

    fn bound(&mut self, input: u32) -> wasmtime::Result<Vec<u32>> {
        let inputs = self.layout.bound.len();
        let bound = self.layout.bound.get(input as usize);
        Ok(bound
            .cloned()
            .ok_or_else(|| fault(format!("the plugin asked for input {input}, but its description has {inputs}")))?)
    }

    fn name(&mut self, column: u32) -> wasmtime::Result<String> {
        Ok(self.column(column)?.name.clone())
    }

    fn kind(&mut self, column: u32) -> wasmtime::Result<String> {
        Ok(self.column(column)?.kind.as_str().to_owned())
    }

    fn numbers(&mut self, column: u32) -> wasmtime::Result<Vec<f64>> {
        match self.cells(column, "numbers")? {
            Cells::Numbers(cells) => Ok(filled(cells, f64::NAN)),
            _ => Err(self.wrong_kind(column, "numbers").into()),
        }
    }

    fn validity(&mut self, column: u32) -> wasmtime::Result<Option<Vec<u8>>> {
        let nulls = self.cells(column, "validity")?.array().nulls();
        Ok(nulls.filter(|nulls| nulls.null_count() > 0).map(validity_bits))
    }

    fn codes(&mut self, column: u32) -> wasmtime::Result<Vec<u32>> {
        Ok(self.encode(column, "codes")?)
    }

    fn labels(&mut self, column: u32, start: u32) -> wasmtime::Result<Vec<String>> {
        if self.column(column)?.kind != Kind::Category {
            return Err(self.wrong_kind(column, "labels").into());
        }
        let known = self.dictionaries.get(column as usize);
        let label = |code| known.and_then(|known| known.label(code)).map(str::to_owned);
        Ok((start as usize..known.map_or(0, Dictionary::len)).filter_map(label).collect())
    }

    fn texts(&mut self, column: u32) -> wasmtime::Result<Vec<String>> {
        match self.cells(column, "texts")? {
            Cells::Categories(cells) => Ok(cells.iter().map(|label| label.unwrap_or_default().to_owned()).collect()),
            _ => Err(self.wrong_kind(column, "texts").into()),
        }
    }

    fn timestamps(&mut self, column: u32) -> wasmtime::Result<Vec<i64>> {
        match self.cells(column, "timestamps")? {
            Cells::Timestamps(cells) => Ok(filled(cells, i64::MIN)),
            _ => Err(self.wrong_kind(column, "timestamps").into()),
        }
    }

    fn bytes(&mut self, column: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(match self.cells(column, "bytes")? {
            Cells::Numbers(cells) => filled_bytes(cells, f64::NAN),
            Cells::Timestamps(cells) => filled_bytes(cells, i64::MIN),
            Cells::Categories(_) => self.encode(column, "bytes")?.to_byte_slice().to_vec(),
        })
    }
}

impl Guest {
    fn column(&self, column: u32) -> Answer<&BoundColumn> {
        match self.layout.columns.get(column as usize) {
            Some(Some(bound)) => Ok(bound),
            Some(None) => Err(fault(format!(
                "column {column} belongs to an optional input that is not bound in this run: ask `bound` before reading it"
            ))),
            None => Err(fault(format!(
                "the plugin asked for column {column}, but this run has {}: ask `bound` for the columns of an input",
                self.layout.columns.len()
            ))),
        }
    }

    fn running(&self, accessor: &str) -> Answer<&InputBatch> {
        self.batch.as_ref().ok_or_else(|| {
            fault(format!("the plugin called `{accessor}` outside `update`: there is a batch only while `update` runs"))
        })
    }

    fn cells(&self, column: u32, accessor: &str) -> Answer<&Cells> {
        let name = &self.column(column)?.name;
        let batch = self.batch.as_ref().ok_or_else(|| {
            fault(format!(
                "the plugin read column {column} (`{name}`) with `{accessor}` outside `update`: read it in `update`"
            ))
        })?;
        batch.columns.get(column as usize).and_then(Option::as_ref).ok_or_else(|| missing(column, name))
    }

    fn encode(&mut self, column: u32, accessor: &str) -> Answer<Vec<u32>> {
        let Cells::Categories(cells) = self.cells(column, accessor)? else {
            return Err(self.wrong_kind(column, accessor));
        };
        let cells = cells.clone();
        let name = self.column(column)?.name.clone();
        let others = self.dictionaries.iter().map(Dictionary::bytes).sum::<usize>();
        let dictionary = self.dictionaries.get_mut(column as usize).ok_or_else(|| missing(column, &name))?;
        let room = self.dictionary_bytes.saturating_sub(others) + dictionary.bytes();
        dictionary.encode(&cells, room).map_err(|Full { labels }| {
            let message = format!(
                "column {column} (`{name}`) has more than {labels} different labels, which do not fit into the {} bytes \
                 that a run may keep: bind a column with fewer labels, or an expression that groups them",
                self.dictionary_bytes
            );
            Halt::new(FailureCode::Memory, message)
        })
    }

    fn wrong_kind(&self, column: u32, accessor: &str) -> Halt {
        let Ok(BoundColumn { name, kind }) = self.column(column) else {
            return fault(format!("column {column} cannot be read with `{accessor}`"));
        };
        let right = match kind {
            Kind::Number => "numbers",
            Kind::Category => "codes",
            Kind::Timestamp => "timestamps",
        };
        let kind = kind.as_str();
        fault(format!(
            "column {column} (`{name}`) is a {kind} column and cannot be read with `{accessor}`: read it with `{right}`, \
             or ask `kind` first where the input takes several kinds"
        ))
    }
}

fn fault(message: String) -> Halt {
    Halt::new(FailureCode::Column, message)
}

fn missing(column: u32, name: &str) -> Halt {
    fault(format!("column {column} (`{name}`) has no cells in this batch"))
}

/// The cells, with one value in the place of every null.
fn filled<T: ArrowPrimitiveType>(cells: &PrimitiveArray<T>, null: T::Native) -> Vec<T::Native> {
    let mut values = cells.values().to_vec();
    if let Some(nulls) = cells.nulls().filter(|nulls| nulls.null_count() > 0) {
        for row in (!nulls.inner()).set_indices() {
            values[row] = null;
        }
    }
    values
}

fn filled_bytes<T: ArrowPrimitiveType>(cells: &PrimitiveArray<T>, null: T::Native) -> Vec<u8> {
    if cells.null_count() == 0 {
        return cells.values().to_byte_slice().to_vec();
    }
    filled(cells, null).to_byte_slice().to_vec()
}

/// One bit per row, the first row lowest, no bit set beyond the last row.
fn validity_bits(nulls: &NullBuffer) -> Vec<u8> {
    let mut bits = nulls.inner().sliced().as_slice().to_vec();
    bits.truncate(nulls.len().div_ceil(8));
    if let (Some(last), used @ 1..) = (bits.last_mut(), nulls.len() % 8) {
        *last &= (1 << used) - 1;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Float64Array;

    #[test]
    fn nulls_become_the_agreed_value_also_in_a_slice() {
        let cells = Float64Array::from(vec![Some(0.0), Some(1.0), None, Some(f64::NAN), Some(4.0)]).slice(1, 4);
        let values = filled(&cells, -1.0);
        assert_eq!(values[..2], [1.0, -1.0]);
        assert!(values[2].is_nan());
        assert_eq!(filled_bytes(&cells, -1.0), values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
    }

    #[test]
    fn validity_starts_at_the_slice_and_ends_clean() {
        let flags: Vec<bool> = (0..40).map(|row| row % 3 != 0).collect();
        for (start, rows) in [(0, 40), (1, 39), (3, 9), (5, 8), (8, 16), (7, 1)] {
            let nulls = NullBuffer::from(flags.clone()).slice(start, rows);
            let bits = validity_bits(&nulls);
            assert_eq!(bits.len(), rows.div_ceil(8));
            let ones = |row: usize| bits[row / 8] >> (row % 8) & 1 == 1;
            assert!((0..rows).all(|row| ones(row) == flags[start + row]), "{start} {rows}");
            assert!((rows..bits.len() * 8).all(|row| !ones(row)), "{start} {rows}");
        }
    }
}
