//! Rows from JSON: one object, an array of objects, or one object a line.

mod elements;
mod metrics;
mod stream;

pub use self::stream::{Array, Lines};

use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use uuid::Uuid;

use self::metrics::{Key, Metrics};
use super::{
    RowKind, Rows, big_integers,
    columns::{Cell, Columns},
    keys::{ENDS_BEFORE_TIME, Keys},
    refusal::{Fault, Refusal, excerpt},
    scalar::Scalar,
};

/// The most cells that are held at once, absent ones too: rows that each have other columns take much more memory than text.
const MOST_CELLS: usize = 16 << 20;

/// Reads one object or an array of objects.
///
/// # Errors
/// What is wrong first, and where.
pub fn read(body: &[u8], kind: RowKind, columns: Columns) -> Result<Rows, Refusal> {
    let mut reader = Reader { most_cells: MOST_CELLS, ..Reader::new(kind, columns) };
    reader.read_body(body)?;
    Ok(reader.take())
}

/// Reads one object a line; blank lines are skipped.
///
/// # Errors
/// What is wrong first, and where.
pub fn read_lines(body: &[u8], kind: RowKind, columns: Columns) -> Result<Rows, Refusal> {
    let mut reader = Reader { most_cells: MOST_CELLS, ..Reader::new(kind, columns) };
    for (line, number) in body.split(|byte| *byte == b'\n').zip(1..) {
        reader.read_row(line, Text::Line(number))?;
    }
    Ok(reader.take())
}

/// Which part of a body a text is, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// All of it.
    Body,
    /// The line with this number, counted from 1.
    Line(usize),
    /// One element of its array.
    Element,
}

/// Rows as they are read one by one.
pub struct Reader {
    kind: RowKind,
    keys: Keys,
    columns: Columns,
    /// The dotted name of the cell being read.
    name: String,
    /// The list being read.
    list: Vec<f64>,
    /// Numbers so large that they may have been whole numbers beyond 64 bits, and their places.
    suspects: Vec<(f64, String)>,
    /// Whether the parser is inside the row's `metrics`.
    in_metrics: bool,
    most_cells: usize,
    refusal: Option<Refusal>,
}

impl Reader {
    /// No rows yet.
    pub fn new(kind: RowKind, columns: Columns) -> Self {
        let (name, list, suspects) = Default::default();
        let (keys, most_cells) = (Keys::default(), usize::MAX);
        Self { kind, keys, columns, name, list, suspects, in_metrics: false, most_cells, refusal: None }
    }

    /// Reads one object or an array of objects.
    ///
    /// # Errors
    /// As [`Self::read_row`].
    pub fn read_body(&mut self, text: &[u8]) -> Result<(), Refusal> {
        let mut deserializer = Deserializer::from_slice(text);
        let outcome = deserializer.deserialize_any(Body(self)).and_then(|()| deserializer.end());
        self.checked(text, Text::Body, outcome)
    }

    /// Reads the text of one row; a blank one is none.
    ///
    /// # Errors
    /// What is wrong first, and where. Nothing can be read after that.
    pub fn read_row(&mut self, text: &[u8], part: Text) -> Result<(), Refusal> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut deserializer = Deserializer::from_slice(text);
        let outcome = Row(self).deserialize(&mut deserializer).and_then(|()| deserializer.end());
        self.checked(text, part, outcome)
    }

    /// The rows read so far; the next ones follow them.
    pub fn take(&mut self) -> Rows {
        let rows = self.columns.rows();
        Rows { keys: std::mem::take(&mut self.keys), rows, metrics: self.columns.take() }
    }

    /// The columns of the rows read so far.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Keeps the refusal; the error only ends the parse.
    fn refuse<E: serde::de::Error>(&mut self, refusal: Refusal) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }

    fn place(&self, field: &str) -> String {
        format!("rows[{}].{field}", self.columns.row())
    }

    fn put<E: serde::de::Error>(&mut self, cell: Cell<'_>) -> Result<(), E> {
        self.columns.put(&self.name, cell).map_err(|refusal| self.refuse(refusal))
    }

    /// Notes a number that the parser may have rounded.
    fn suspect(&mut self, value: f64, place: impl FnOnce(&Self) -> String) {
        if value.abs() >= big_integers::LIMIT {
            self.suspects.push((value, place(self)));
        }
    }

    fn checked(&mut self, text: &[u8], part: Text, outcome: serde_json::Result<()>) -> Result<(), Refusal> {
        outcome.map_err(|error| self.refused(text, &error, part))?;
        let beyond = |(value, _): &(f64, String)| big_integers::contains(text, *value);
        if let Some((_, place)) = std::mem::take(&mut self.suspects).into_iter().find(beyond) {
            let detail = "the integer does not fit into 64 bits: send it as text, or with a decimal point as a float";
            return Err(Refusal::at(Fault::IntegerOutOfRange, place, detail));
        }
        Ok(())
    }

    fn refused(&mut self, text: &[u8], error: &serde_json::Error, part: Text) -> Refusal {
        let row = self.columns.row();
        match self.refusal.take() {
            Some(refusal) => refusal,
            None if error.is_data() => {
                let field = if self.in_metrics { format!("rows[{row}].metrics") } else { format!("rows[{row}]") };
                Refusal::at(Fault::TypeMismatch, field, error.to_string())
            }
            None => malformed(text, error, part, row),
        }
    }
}

fn malformed(text: &[u8], error: &serde_json::Error, part: Text, row: usize) -> Refusal {
    if text.trim_ascii().is_empty() {
        return Refusal::whole(Fault::InvalidJson, "the body is empty: send one object or an array of objects");
    }
    let mut detail = match part {
        Text::Body => format!("the body is not valid JSON: {error}"),
        Text::Line(line) => format!("line {line} is not valid JSON: {error}"),
        Text::Element => format!("row {row} is not valid JSON: {error}, counted from where the row starts"),
    };
    let rest = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let near = rest.get(error.column().saturating_sub(2)..).unwrap_or_default();
    let near = near.trim_ascii_start();
    let near = near.strip_prefix(b"-").unwrap_or(near);
    if [&b"N"[..], b"I", b"aN", b"nf"].iter().any(|start| near.starts_with(start)) {
        detail.push_str("; JSON has no NaN or Infinity: send null for an absent value");
    }
    Refusal { fault: Fault::InvalidJson, field: Some(format!("rows[{row}]")), detail }
}

struct Body<'r>(&'r mut Reader);

impl<'de> Visitor<'de> for Body<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("one object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, row: A) -> Result<(), A::Error> {
        Row(self.0).visit_map(row)
    }
}

struct Row<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Id = 1,
    Time = 2,
    EndTime = 4,
    Deployment = 8,
    Metrics = 16,
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object such as {\"metrics\": {\"age\": 41}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut keys = RowKeys::default();
        let mut seen = 0;
        while let Some(Key(key)) = map.next_key()? {
            let slot = reader.slot(&key).map_err(|refusal| reader.refuse(refusal))?;
            if seen & slot as u8 != 0 {
                let refusal = Refusal::at(Fault::DuplicateField, reader.place(&key), "the row has this field twice");
                return Err(reader.refuse(refusal));
            }
            seen |= slot as u8;
            match slot {
                Slot::Metrics => {
                    reader.in_metrics = true;
                    map.next_value_seed(Metrics(reader))?;
                    reader.in_metrics = false;
                }
                _ => {
                    let value: Scalar<'de> = map.next_value()?;
                    keys.take(slot, &value).map_err(|(fault, detail)| {
                        let refusal = Refusal::at(fault, reader.place(&key), detail);
                        reader.refuse(refusal)
                    })?;
                }
            }
        }
        reader.end_row(keys, seen).map_err(|refusal| reader.refuse(refusal))
    }
}

impl Reader {
    fn slot(&self, key: &str) -> Result<Slot, Refusal> {
        let predictions = self.kind == RowKind::Predictions;
        match key {
            "metrics" => Ok(Slot::Metrics),
            "id" if self.kind != RowKind::Dataset => Ok(Slot::Id),
            "time" if predictions => Ok(Slot::Time),
            "end_time" if predictions => Ok(Slot::EndTime),
            "deployment" if predictions => Ok(Slot::Deployment),
            _ => {
                let fields = self.kind.fields();
                let detail = format!(
                    "a row has no such field (it has {fields}); to send a metric, put it into `metrics`: \
                     {{\"metrics\": {{\"{}\": …}}}}",
                    excerpt(key)
                );
                Err(Refusal::at(Fault::UnknownField, self.place(&excerpt(key)), detail))
            }
        }
    }

    fn end_row(&mut self, keys: RowKeys, seen: u8) -> Result<(), Refusal> {
        if seen & Slot::Metrics as u8 == 0 {
            let detail = "the row has no metrics: send {\"metrics\": {\"name\": value}}";
            return Err(Refusal::at(Fault::MissingField, self.place("metrics"), detail));
        }
        if self.kind == RowKind::Delayed && keys.id.is_none() {
            let detail = "a delayed metric needs the id of its prediction: send it as text";
            return Err(Refusal::at(Fault::MissingField, self.place("id"), detail));
        }
        if let (Some(time), Some(end)) = (keys.time, keys.end_time)
            && end < time
        {
            return Err(Refusal::at(Fault::InvalidTime, self.place("end_time"), ENDS_BEFORE_TIME));
        }
        self.keys.ids.push(keys.id);
        self.keys.times.push(keys.time);
        self.keys.ends.push(keys.end_time);
        self.keys.deployments.append_option(keys.deployment);
        self.columns.end_row();
        if self.columns.cells() > self.most_cells {
            let detail = format!(
                "the rows have more than {} cells, almost all of them absent: send rows with the same columns together, \
                 or fewer rows at once",
                self.most_cells
            );
            return Err(Refusal::at(Fault::TooSparse, format!("rows[{}]", self.columns.row() - 1), detail));
        }
        Ok(())
    }
}

#[derive(Default)]
struct RowKeys {
    id: Option<Uuid>,
    time: Option<i64>,
    end_time: Option<i64>,
    deployment: Option<String>,
}

impl RowKeys {
    fn take(&mut self, slot: Slot, value: &Scalar<'_>) -> Result<(), (Fault, String)> {
        match slot {
            Slot::Id => self.id = value.id()?,
            Slot::Time => self.time = value.time()?,
            Slot::EndTime => self.end_time = value.time()?,
            Slot::Deployment => self.deployment = value.text()?,
            Slot::Metrics => {}
        }
        Ok(())
    }
}
