//! Cuts the elements out of a JSON array that is too large to hold.
//!
//! Only brackets and quotes are looked at; whether an element is valid is for
//! the parser to say, which gets it whole.

use std::io::{self, BufRead};

/// Cuts one element after the other.
pub struct Elements<R> {
    input: R,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// After the opening bracket.
    Opened,
    /// After an element.
    Between,
    Ended,
}

/// What was cut off next.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// An element of the array.
    Element,
    /// All there is, which is no array.
    Body,
    /// Nothing: the array has ended.
    End,
}

/// Why nothing could be cut off.
#[derive(Debug)]
pub enum Uncut {
    /// The input can't be read.
    Unreadable(io::Error),
    /// It is no JSON array, in words.
    Malformed(&'static str),
    /// An element is larger than the limit.
    TooLarge,
}

impl From<io::Error> for Uncut {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl<R: BufRead> Elements<R> {
    /// Of the array that `input` holds.
    pub fn new(input: R) -> Self {
        Self { input, state: State::Start }
    }

    /// Puts the next element, of at most `limit` bytes, into `text`.
    pub fn next(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<Cut, Uncut> {
        text.clear();
        let ended = "it ends before the array does: send it whole";
        match (self.state, self.peek()?) {
            (State::Start, Some(b'[')) => {
                self.input.consume(1);
                self.state = State::Opened;
                self.next(text, limit)
            }
            (State::Start, _) => self.whole(text, limit),
            (State::Ended, None) => Ok(Cut::End),
            (State::Ended, Some(_)) => Err(Uncut::Malformed("something follows the array: send one array")),
            (_, None) => Err(Uncut::Malformed(ended)),
            (State::Opened | State::Between, Some(b']')) => {
                self.input.consume(1);
                self.state = State::Ended;
                self.next(text, limit)
            }
            (State::Opened, Some(_)) => self.element(text, limit),
            (State::Between, Some(b',')) => {
                self.input.consume(1);
                match self.peek()? {
                    Some(b']') => Err(Uncut::Malformed("a comma comes before the end of the array: remove it")),
                    Some(_) => self.element(text, limit),
                    None => Err(Uncut::Malformed(ended)),
                }
            }
            (State::Between, Some(_)) => Err(Uncut::Malformed("a comma or the end of the array is missing before it")),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            match chunk.iter().position(|byte| !is_space(*byte)) {
                Some(at) => {
                    let byte = chunk[at];
                    self.input.consume(at);
                    return Ok(Some(byte));
                }
                None => {
                    let length = chunk.len();
                    self.input.consume(length);
                }
            }
        }
    }

    fn whole(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<Cut, Uncut> {
        self.state = State::Ended;
        loop {
            let chunk = self.input.fill_buf()?;
            let length = chunk.len();
            text.extend_from_slice(chunk);
            self.input.consume(length);
            match length {
                0 => return Ok(Cut::Body),
                _ if text.len() > limit => return Err(Uncut::TooLarge),
                _ => {}
            }
        }
    }

    fn element(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<Cut, Uncut> {
        self.state = State::Between;
        let mut scan = Scan::default();
        loop {
            let chunk = self.input.fill_buf()?;
            let end = scan.end(chunk);
            let length = end.unwrap_or(chunk.len());
            text.extend_from_slice(&chunk[..length]);
            self.input.consume(length);
            match (end, length) {
                (Some(_), _) if text.is_empty() => return Err(Uncut::Malformed("a row is missing where a comma is")),
                // At the end of the input the parser says what the element lacks.
                (Some(_), _) | (None, 0) => return Ok(Cut::Element),
                (None, _) if text.len() > limit => return Err(Uncut::TooLarge),
                (None, _) => {}
            }
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Where in an element the scan is.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
}

impl Scan {
    /// Where in `chunk` the element ends, if it does.
    fn end(&mut self, chunk: &[u8]) -> Option<usize> {
        for (at, byte) in chunk.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => {
                        self.in_text = false;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' if self.depth == 1 => return Some(at + 1),
                b'}' | b']' | b',' if self.depth == 0 => return Some(at),
                _ if self.depth == 0 && is_space(*byte) => return Some(at),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn cut(json: &str, buffer: usize) -> Result<Vec<String>, String> {
        let mut elements = Elements::new(BufReader::with_capacity(buffer, json.as_bytes()));
        let (mut all, mut text) = (Vec::new(), Vec::new());
        loop {
            match elements.next(&mut text, 40) {
                Ok(Cut::End) => return Ok(all),
                Ok(_) => all.push(String::from_utf8(text.clone()).expect("text")),
                Err(Uncut::Malformed(words)) => return Err(words.into()),
                Err(Uncut::TooLarge) => return Err("too large".into()),
                Err(Uncut::Unreadable(error)) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn cuts_at_elements_and_nowhere_else() {
        for buffer in [1, 3, 4096] {
            for (json, expected) in [
                ("[]", &[][..]),
                (" [ {\"a\": 1} ,\n{} ] ", &["{\"a\": 1}", "{}"]),
                (
                    r#"[{"a": "}]\",["}, [1, [2]], "x,]", 5,null]"#,
                    &[r#"{"a": "}]\",["}"#, "[1, [2]]", "\"x,]\"", "5", "null"],
                ),
                (r#"["\\", "\\\""]"#, &[r#""\\""#, r#""\\\"""#]),
                ("{\"a\": [1]} x", &["{\"a\": [1]} x"]),
            ] {
                assert_eq!(cut(json, buffer).expect(json), expected, "{json}");
            }
        }
    }

    #[test]
    fn says_what_an_array_lacks() {
        for (json, words) in [
            ("[", "ends before"),
            ("[1", "ends before"),
            ("[1,", "ends before"),
            ("[{\"a\": [1}, 2", "ends before"),
            ("[1,]", "remove it"),
            ("[,1]", "a row is missing"),
            ("[1,,2]", "a row is missing"),
            ("[1 2]", "a comma or the end"),
            ("[1}", "a comma or the end"),
            ("[}", "a row is missing"),
            ("[1] [2]", "follows"),
            ("[\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "too large"),
        ] {
            let refused = cut(json, 8).expect_err(json);
            assert!(refused.contains(words), "{json}: {refused}");
        }
    }
}
