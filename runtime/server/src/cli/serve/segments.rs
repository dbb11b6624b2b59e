//! The options of `driftline serve` about segments.

use std::time::Duration;

use clap::Args;
use driftline_core::Span;

use crate::config::Segments;

/// How logs become segments, and how these are kept few.
#[derive(Debug, Args)]
#[command(next_help_heading = "Segments")]
pub struct SegmentArgs {
    /// Rows of a model that are sealed into a segment; fewer are sealed when they get old. 0 seals, folds and merges nothing
    #[arg(long, env = "DRIFTLINE_SEAL_ROWS", value_name = "ROWS", default_value_t = 500_000)]
    seal_rows: u64,
    /// Age at which rows are sealed, however few they are
    #[arg(long, env = "DRIFTLINE_SEAL_AGE", value_name = "AGE", default_value = "6h")]
    seal_age: Span,
    /// The most rows in one segment; smaller ones are merged
    #[arg(long, env = "DRIFTLINE_SEGMENT_ROWS", value_name = "ROWS", default_value_t = 1_048_576)]
    segment_rows: usize,
    /// Sealed delayed metrics of a model that are folded into the segments of their predictions
    #[arg(long, env = "DRIFTLINE_FOLD_ROWS", value_name = "ROWS", default_value_t = 100_000)]
    fold_rows: u64,
    /// Age at which fewer are folded; 24 times this where over 20 predictions would be rewritten for each of them
    #[arg(long, env = "DRIFTLINE_FOLD_AGE", value_name = "AGE", default_value = "1h")]
    fold_age: Span,
    /// How long delayed metrics are kept that belong to no prediction
    #[arg(long, env = "DRIFTLINE_KEEP_UNMATCHED", value_name = "AGE", default_value = "90d")]
    keep_unmatched: Span,
    /// How often it is looked whether there is something to fold, to merge or to delete
    #[arg(long, env = "DRIFTLINE_MAINTENANCE_INTERVAL", value_name = "INTERVAL", default_value = "5s")]
    maintenance_interval: Span,
}

impl From<SegmentArgs> for Segments {
    fn from(args: SegmentArgs) -> Self {
        let duration = |span: Span| Duration::from_micros(span.micros().unsigned_abs());
        Self {
            seal_rows: args.seal_rows,
            seal_age: duration(args.seal_age),
            segment_rows: args.segment_rows,
            fold_rows: args.fold_rows,
            fold_age: duration(args.fold_age),
            unmatched_age: duration(args.keep_unmatched),
            interval: duration(args.maintenance_interval),
        }
    }
}
