//! Calls into crates that panic on some input: a plugin's author gets an answer all the same.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What `work` gives.
///
/// # Errors
/// What it said when it panicked. Whatever it was changing is lost with it, so let it own that.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| said(panic.as_ref()))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| -> u8 { panic!("a word") }), Err("a word".to_owned()));
        let offset = 3;
        assert_eq!(contained(|| -> u8 { panic!("not {offset}") }), Err("not 3".to_owned()));
    }
}
