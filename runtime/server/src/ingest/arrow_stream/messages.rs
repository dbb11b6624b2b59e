//! Batches of an Arrow IPC stream that is too large to hold, a message at a time.

use std::{
    io::{self, BufRead, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, MutableArrayData, RecordBatch, RecordBatchOptions, make_array},
    buffer::Buffer,
    datatypes::DataType,
    error::ArrowError,
    ipc::reader::StreamDecoder,
};

use super::{
    FILE_MAGIC,
    promises::{self, CONTINUATION, Promises},
    refused,
};
use crate::ingest::piece::{Failure, Piece};

/// The most bytes of one message, which is held whole.
const MAX_MESSAGE_BYTES: usize = 256 << 20;
/// The end of a stream.
const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];

/// The batches of a stream, cut into pieces.
pub struct Messages<R> {
    input: R,
    decoder: StreamDecoder,
    promises: Promises,
    piece: Piece,
    /// Bytes that are not decoded yet.
    pending: Buffer,
    /// What is left of the last batch, and how many of its rows make a piece.
    open: Option<(RecordBatch, usize)>,
    is_started: bool,
    is_ended: bool,
}

/// Why there is no next message.
enum Stop {
    Broken(String),
    Disk(io::Error),
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Broken(problem)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Broken("it ends within a message".into()),
            _ => Self::Disk(error),
        }
    }
}

impl<R: BufRead> Messages<R> {
    /// The batches of `input`, which has so many bytes.
    pub fn new(input: R, bytes: u64, piece: Piece) -> Self {
        Self {
            input,
            decoder: StreamDecoder::new(),
            promises: Promises::of(bytes),
            piece,
            pending: Buffer::from_vec(Vec::<u8>::new()),
            open: None,
            is_started: false,
            is_ended: false,
        }
    }

    /// The next rows; none at the end.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let found = match self.open.take() {
            Some(open) => Ok(Some(open)),
            None => self.batch().map(|batch| batch.map(|batch| (batch.clone(), rows_in_a_piece(&batch, self.piece)))),
        };
        match found {
            Ok(None) => Ok(None),
            Ok(Some((batch, rows))) if batch.num_rows() <= rows => Ok(Some(batch)),
            Ok(Some((batch, rows))) => {
                let piece = copied(&batch, rows).map_err(|error| refused(&error.to_string()))?;
                self.open = Some((batch.slice(rows, batch.num_rows() - rows), rows));
                Ok(Some(piece))
            }
            Err(Stop::Broken(problem)) => Err(refused(&problem).into()),
            Err(Stop::Disk(error)) => Err(error.into()),
        }
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, Stop> {
        if !self.is_started {
            self.is_started = true;
            self.skip_magic()?;
        }
        loop {
            if let Some(batch) = self.decode()?.filter(|batch| batch.num_rows() > 0) {
                return Ok(Some(batch));
            }
            match self.pending.is_empty() {
                false => {}
                true if self.is_ended => break,
                true => self.pending = self.message()?.map_or_else(|| self.end(), Buffer::from_vec),
            }
        }
        match self.decoder.schema() {
            Some(_) => Ok(None),
            None => Err("it has no schema".to_owned().into()),
        }
    }

    /// A message without a body is only given out once something follows it.
    fn end(&mut self) -> Buffer {
        self.is_ended = true;
        Buffer::from_vec(END.to_vec())
    }

    /// Steps over what a file in the Arrow IPC file format has before its stream.
    fn skip_magic(&mut self) -> Result<(), Stop> {
        if !self.input.fill_buf()?.starts_with(FILE_MAGIC) {
            return Ok(());
        }
        self.input.consume(FILE_MAGIC.len());
        while self.input.fill_buf()?.first() == Some(&0) {
            self.input.consume(1);
        }
        Ok(())
    }

    /// The bytes of the next message, whose promises are checked; none at the end of the stream.
    fn message(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let mut length = self.word(&mut bytes)?;
        if length == CONTINUATION {
            length = self.word(&mut bytes)?;
        }
        if length == 0 {
            return Ok(None);
        }
        let header = bytes.len();
        self.fill(&mut bytes, length as usize)?;
        let message = promises::message(&bytes[header..])?;
        let body_length = promises::body_length(&message)?;
        let body = bytes.len();
        self.fill(&mut bytes, body_length)?;
        let (head, body) = bytes.split_at(body);
        self.promises.check(&promises::message(&head[header..])?, body)?;
        Ok(Some(bytes))
    }

    fn word(&mut self, bytes: &mut Vec<u8>) -> Result<u32, Stop> {
        let mut word = [0; 4];
        self.input.read_exact(&mut word)?;
        bytes.extend(word);
        Ok(u32::from_le_bytes(word))
    }

    /// Reads so many more bytes.
    fn fill(&mut self, bytes: &mut Vec<u8>, length: usize) -> Result<(), Stop> {
        if length > MAX_MESSAGE_BYTES {
            let problem = format!(
                "a message of {length} bytes is larger than {MAX_MESSAGE_BYTES}: write smaller batches \
                 (pyarrow: write_table(table, max_chunksize=65536))"
            );
            return Err(problem.into());
        }
        bytes.reserve_exact(length);
        match (&mut self.input).take(length as u64).read_to_end(bytes)? {
            read if read == length => Ok(()),
            _ => Err("it ends within a message".to_owned().into()),
        }
    }

    fn decode(&mut self) -> Result<Option<RecordBatch>, Stop> {
        let (decoder, pending) = (&mut self.decoder, &mut self.pending);
        // The reader trusts offsets and types in places; a lie must not cost more than this request.
        match catch_unwind(AssertUnwindSafe(|| decoder.decode(pending))) {
            Ok(Ok(batch)) => Ok(batch),
            Ok(Err(error)) => Err(error.to_string().into()),
            Err(_) => Err("its buffers contradict its header".to_owned().into()),
        }
    }
}

/// The first rows of a batch, without what the message has beside them.
fn copied(batch: &RecordBatch, rows: usize) -> Result<RecordBatch, ArrowError> {
    let copy = |column: &ArrayRef| {
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, rows);
        copy.try_extend(0, 0, rows)?;
        Ok(make_array(copy.freeze()))
    };
    let columns = batch.columns().iter().map(copy).collect::<Result<_, ArrowError>>()?;
    RecordBatch::try_new_with_options(batch.schema(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}

/// How many rows of a batch make a piece, once each cell is written out.
fn rows_in_a_piece(batch: &RecordBatch, piece: Piece) -> usize {
    let rows = batch.num_rows().max(1);
    let bytes = batch.columns().iter().map(|column| bytes_a_row(column, rows)).fold(0, usize::saturating_add);
    (piece.bytes / bytes.max(1)).clamp(1, piece.rows)
}

fn bytes_a_row(column: &ArrayRef, rows: usize) -> usize {
    match column.data_type() {
        // Each row may stand for the longest value.
        DataType::Dictionary(..) => column.as_any_dictionary_opt().map_or(0, |column| longest(column.values())),
        _ => column.to_data().get_slice_memory_size().map_or(usize::MAX, |bytes| bytes.div_ceil(rows)),
    }
}

fn longest(values: &ArrayRef) -> usize {
    let longest = match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().iter().flatten().map(str::len).max(),
        DataType::LargeUtf8 => values.as_string::<i64>().iter().flatten().map(str::len).max(),
        _ => None,
    };
    longest.unwrap_or_else(|| values.get_array_memory_size().div_ceil(values.len().max(1)))
}
