//! How many sets of columns one scan of the rows feeds.

use std::ops::Range;

/// The sets of columns of each scan. One scan feeds all of them as long as
/// columns times rows are at most `cells`; otherwise there are as few and as
/// even scans as that allows, each of other columns.
pub(crate) fn passes(columns: usize, rows: u64, cells: u64) -> Vec<Range<usize>> {
    let most = usize::try_from((cells / rows.max(1)).max(1)).unwrap_or(usize::MAX);
    let count = columns.div_ceil(most).max(1);
    (0..count).map(|pass| columns * pass / count..columns * (pass + 1) / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scan_feeds_all_columns_until_their_cells_are_too_many() {
        for (columns, rows, expected) in [
            (0, 10, &[(0, 0)][..]),
            (1, u64::MAX, &[(0, 1)]),
            (100, 1_000, &[(0, 100)]),
            (100, 2_000, &[(0, 50), (50, 100)]),
            (4096, 0, &[(0, 4096)]),
            (10, 30_000, &[(0, 2), (2, 5), (5, 7), (7, 10)]),
            (3, 1 << 40, &[(0, 1), (1, 2), (2, 3)]),
        ] {
            let scans: Vec<_> = passes(columns, rows, 100_000).iter().map(|scan| (scan.start, scan.end)).collect();
            assert_eq!(scans, expected, "{columns} columns of {rows} rows");
        }
    }
}
