//! Long evaluations: waiting, progress, cancelling, and what happens when too many are asked for.
