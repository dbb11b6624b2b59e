//! The smallest and largest of some ids.

/// A closed range of ids.
pub(crate) type IdRange = ([u8; 16], [u8; 16]);

/// The range that holds both.
pub(crate) fn both(a: IdRange, b: IdRange) -> IdRange {
    (a.0.min(b.0), a.1.max(b.1))
}

/// Whether an id can be in both.
pub(crate) fn overlap(a: IdRange, b: IdRange) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}
