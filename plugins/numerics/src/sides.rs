//! Whether there is anything to compare.

/// A side of a comparison that holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The window that is judged.
    Window,
    /// What it is compared with.
    Reference,
}

/// The side that is without, given how much the window and the reference hold: the window when both are.
pub fn without(window: f64, reference: f64) -> Option<Side> {
    match (window == 0.0, reference == 0.0) {
        (true, _) => Some(Side::Window),
        (_, true) => Some(Side::Reference),
        _ => None,
    }
}

/// Why there is no result, when a side is without `what`: "no values in the window".
pub fn reason(window: f64, reference: f64, what: &str) -> Option<String> {
    without(window, reference).map(|side| format!("no {what} in the {}", side.pick("window", "reference")))
}

impl Side {
    /// What is said of the one side or of the other.
    pub fn pick<T>(self, window: T, reference: T) -> T {
        match self {
            Self::Window => window,
            Self::Reference => reference,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_side_without_is_named() {
        for (window, reference, expected) in [
            (0.0, 0.0, Some("no values in the window")),
            (0.0, 1.0, Some("no values in the window")),
            (2.0, 0.0, Some("no values in the reference")),
            (2.0, 1.0, None),
        ] {
            assert_eq!(reason(window, reference, "values").as_deref(), expected, "{window} {reference}");
        }
    }
}
