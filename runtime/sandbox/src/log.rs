//! What a guest writes, kept up to a limit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_core::FailureCode;

use crate::{Limits, bindings::log, fault::Halt, guest::Guest};

/// The log of one instance; clones are the same log.
#[derive(Debug, Clone)]
pub(crate) struct Log(Arc<Mutex<Pages>>);

#[derive(Debug)]
struct Pages {
    lines: Vec<String>,
    open: [String; 2],
    kept_bytes: usize,
    limit_bytes: usize,
    dropped: u64,
    seen_bytes: u64,
    seen_messages: u64,
    flood_bytes: u64,
    flood_messages: u64,
}

/// Where console text comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Stream {
    fn word(self) -> &'static str {
        match self {
            Self::Out => "stdout",
            Self::Err => "stderr",
        }
    }
}

impl Log {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Mutex::new(Pages {
            lines: Vec::new(),
            open: [String::new(), String::new()],
            kept_bytes: 0,
            limit_bytes: limits.log_bytes,
            dropped: 0,
            seen_bytes: 0,
            seen_messages: 0,
            flood_bytes: limits.log_flood_bytes,
            flood_messages: limits.log_flood_messages,
        })))
    }

    /// Takes in one message.
    pub(crate) fn message(&self, level: &str, text: &str) -> Result<(), Halt> {
        let mut pages = self.pages();
        pages.count(text.len())?;
        pages.keep(level, text);
        Ok(())
    }

    /// Takes in console text, which becomes a line when its newline comes.
    pub(crate) fn console(&self, stream: Stream, bytes: &[u8]) -> Result<(), Halt> {
        let mut pages = self.pages();
        pages.count(bytes.len())?;
        let mut text = std::mem::take(&mut pages.open[stream as usize]);
        text.push_str(&String::from_utf8_lossy(bytes));
        let mut rest = text.as_str();
        while let Some((line, after)) = rest.split_once('\n') {
            pages.keep(stream.word(), line);
            rest = after;
        }
        let room = pages.limit_bytes;
        pages.open[stream as usize] = head(rest, room).to_owned();
        Ok(())
    }

    /// The lines so far, taken out; says how many were dropped since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut pages = self.pages();
        for stream in [Stream::Out, Stream::Err] {
            let open = std::mem::take(&mut pages.open[stream as usize]);
            if !open.is_empty() {
                pages.keep(stream.word(), &open);
            }
        }
        let mut lines = std::mem::take(&mut pages.lines);
        let dropped = std::mem::take(&mut pages.dropped);
        if dropped > 0 {
            lines.push(format!("{dropped} more lines were dropped: a log may have {} bytes", pages.limit_bytes));
        }
        lines
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn count(&mut self, bytes: usize) -> Result<(), Halt> {
        self.seen_bytes = self.seen_bytes.saturating_add(bytes as u64);
        self.seen_messages += 1;
        if self.seen_bytes > self.flood_bytes || self.seen_messages > self.flood_messages {
            return Err(Halt::new(
                FailureCode::Log,
                format!(
                    "the plugin logged {} messages of {} bytes and may log {} messages of {} bytes: log less, and never for each row",
                    self.seen_messages, self.seen_bytes, self.flood_messages, self.flood_bytes
                ),
            ));
        }
        Ok(())
    }

    fn keep(&mut self, label: &str, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']);
        let room = self.limit_bytes.saturating_sub(self.kept_bytes);
        let size = label.len() + 2 + text.len();
        if room == 0 || (size > room && room < label.len() + 16) {
            self.dropped += 1;
            self.kept_bytes = self.limit_bytes;
            return;
        }
        let kept = head(text, room.saturating_sub(label.len() + 2));
        let cut = if kept.len() < text.len() { "…" } else { "" };
        self.lines.push(format!("{label}: {kept}{cut}"));
        self.kept_bytes = self.kept_bytes.saturating_add(size).min(self.limit_bytes);
    }
}

/// The longest start of `text` that has at most `bytes` bytes and ends between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let word = match level {
            log::Level::Debug => "debug",
            log::Level::Info => "info",
            log::Level::Warn => "warn",
        };
        Ok(self.log.message(word, &message)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(log_bytes: usize) -> Log {
        Log::new(&Limits { log_bytes, log_flood_bytes: 1000, log_flood_messages: 10, ..Limits::default() })
    }

    #[test]
    fn keeps_messages_and_console_lines_in_order() {
        let log = log(1000);
        log.console(Stream::Err, b"Trace").expect("kept");
        log.message("info", "hello\n").expect("kept");
        log.console(Stream::Err, b"back\nlast").expect("kept");
        assert_eq!(log.take(), ["info: hello", "stderr: Traceback", "stderr: last"]);
        assert!(log.take().is_empty());
    }

    #[test]
    fn drops_and_counts_what_is_too_much() {
        let log = log(40);
        log.message("info", &"é".repeat(30)).expect("cut");
        log.message("info", "more").expect("dropped");
        let lines = log.take();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with('…') && lines[0].len() <= 44, "{lines:?}");
        assert!(lines[1].starts_with("1 more line"), "{lines:?}");
    }

    #[test]
    fn a_flood_ends_the_run() {
        let log = log(40);
        assert!(log.message("info", &"x".repeat(1001)).is_err());
        let log = self::log(40);
        for _ in 0..10 {
            log.message("info", "x").expect("within the limit");
        }
        assert_eq!(log.message("info", "x").expect_err("a flood").code, FailureCode::Log);
    }
}
