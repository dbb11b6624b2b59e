//! How often two columns' numbers come together, in bounded memory, and Spearman's correlation with a bound on its error.

use serde::{Deserialize, Serialize};

use crate::{Sum, Thinned};

/// Pairs buffered before they are counted.
const BUFFER: usize = 1 << 16;

/// Counts of pairs of groups of numbers; each column has at most so many groups, and so there are at most so many
/// pairs squared, 24 bytes each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Joint {
    x: Thinned,
    y: Thinned,
    /// In ascending order of both groups.
    cells: Vec<Cell>,
    #[serde(skip)]
    buffer: Vec<Cell>,
}

/// How often a group of the first column came with one of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cell {
    x: u64,
    y: u64,
    rows: u64,
}

/// A correlation, and how far from the exact one it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded {
    /// The correlation; NaN where a column does not vary.
    pub correlation: f64,
    /// The most by which it can be off; 0 when it is exact.
    pub bound: f64,
}

impl Joint {
    /// No pairs yet, of at most `limit` groups a column.
    pub fn new(limit: u32) -> Self {
        Self { x: Thinned::new(limit), y: Thinned::new(limit), ..Self::default() }
    }

    /// Adds pairs of keys of numbers.
    pub fn extend(&mut self, pairs: impl Iterator<Item = (u64, u64)>) {
        self.buffer.extend(pairs.map(|(x, y)| Cell { x, y, rows: 1 }));
        if self.buffer.len() >= BUFFER {
            self.settle();
        }
    }

    /// Counts what is buffered; needed before reading.
    pub fn settle(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        self.cells.append(&mut self.buffer);
        let column = |of: fn(&Cell) -> u64| {
            let mut keys: Vec<u64> = self.cells.iter().map(of).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        let (xs, ys) = (column(|cell| cell.x), column(|cell| cell.y));
        self.x.fit(&xs);
        self.y.fit(&ys);
        for cell in &mut self.cells {
            (cell.x, cell.y) = (self.x.group(cell.x), self.y.group(cell.y));
        }
        // Ascending for the most part, which this sort makes use of.
        self.cells.sort_by_key(|cell| (cell.x, cell.y));
        self.cells.dedup_by(|next, cell| {
            let same = (next.x, next.y) == (cell.x, cell.y);
            cell.rows += if same { next.rows } else { 0 };
            same
        });
    }

    /// Adds the pairs behind another summary; `false` when it has other limits.
    pub fn merge(&mut self, other: Self) -> bool {
        let fit = self.x.merge(other.x) && self.y.merge(other.y);
        self.buffer.extend(other.cells);
        self.settle();
        fit
    }

    /// Spearman's correlation of the settled pairs, all of a group taken as tied.
    ///
    /// With the rank r = g + e of a row in the first column, g the mean of its group, and s = h + f in the second, e and f
    /// have the mean zero in every group of their own. So the covariance is cov(g, h) + cov(g, f) + cov(e, h) + cov(e, f).
    /// In a group of n rows the deviation of e is at most that of n different ranks, √((n² - 1) / 12), and by
    /// Cauchy-Schwarz cov(e, h) is at most the mean over groups of that times the deviation of h within the group;
    /// cov(g, f) likewise, and cov(e, f) at most the product of both deviations. The variance of r lies between those of g
    /// and of g plus the largest of e.
    pub fn spearman(&self) -> Bounded {
        let mut turned: Vec<Cell> = self.cells.iter().map(|cell| Cell { x: cell.y, y: cell.x, ..*cell }).collect();
        turned.sort_unstable_by_key(|cell| (cell.x, cell.y));
        let rows: u64 = self.cells.iter().map(|cell| cell.rows).sum();
        let (xs, ys) = (Ranks::of(&self.cells, self.x, rows), Ranks::of(&turned, self.y, rows));
        let (vx, vy) = (xs.variance(), ys.variance());
        if !(vx > 0.0 && vy > 0.0) {
            return Bounded { correlation: f64::NAN, bound: 0.0 };
        }
        let covariance = self.cells.iter().map(|cell| cell.rows as f64 * (xs.rank(cell.x) * ys.rank(cell.y)));
        let covariance = covariance.collect::<Sum>().value() / rows as f64;
        let correlation = (covariance / (vx.sqrt() * vy.sqrt())).clamp(-1.0, 1.0);
        let (ex, ey) = (xs.unknown(), ys.unknown());
        let moved = xs.moved(&self.cells, &ys) + ys.moved(&turned, &xs) + (ex * ey).sqrt();
        let spreads = [(vx * vy).sqrt(), ((vx + ex) * (vy + ey)).sqrt()];
        let extremes =
            spreads.into_iter().flat_map(|spread| [covariance - moved, covariance + moved].map(|c| c / spread));
        let off = extremes.map(|extreme| (extreme.clamp(-1.0, 1.0) - correlation).abs());
        Bounded { correlation, bound: off.fold(0.0, f64::max) }
    }
}

/// The groups of one column in ascending order.
struct Ranks(Vec<Group>);

struct Group {
    key: u64,
    rows: f64,
    /// The mean rank of its rows, less that of all rows.
    rank: f64,
    /// The largest variance that ranks within it can have.
    unknown: f64,
}

impl Ranks {
    /// Of cells in ascending order of `x`.
    fn of(cells: &[Cell], thinned: Thinned, rows: u64) -> Self {
        let mut before = 0;
        let group = |cells: &[Cell]| {
            let own: u64 = cells.iter().map(|cell| cell.rows).sum();
            // Twice the distance of the means, in whole numbers.
            let rank = (2 * before + own) as f64 - rows as f64;
            before += own;
            let (key, own) = (cells[0].x, own as f64);
            let unknown = if thinned.is_mixed(key) { (own * own - 1.0) / 12.0 } else { 0.0 };
            Group { key, rows: own, rank: rank / 2.0, unknown }
        };
        Self(cells.chunk_by(|a, b| a.x == b.x).map(group).collect())
    }

    fn rank(&self, key: u64) -> f64 {
        self.0.binary_search_by_key(&key, |group| group.key).map_or(f64::NAN, |place| self.0[place].rank)
    }

    fn rows(&self) -> f64 {
        self.0.iter().map(|group| group.rows).sum()
    }

    fn variance(&self) -> f64 {
        self.0.iter().map(|group| group.rows * (group.rank * group.rank)).collect::<Sum>().value() / self.rows()
    }

    /// The largest mean variance within groups.
    fn unknown(&self) -> f64 {
        self.0.iter().map(|group| group.rows * group.unknown).collect::<Sum>().value() / self.rows()
    }

    /// The largest covariance of ranks within groups with the other column's ranks.
    fn moved(&self, cells: &[Cell], others: &Self) -> f64 {
        let in_group = |(cells, group): (&[Cell], &Group)| {
            let ranks = || cells.iter().map(|cell| (others.rank(cell.y), cell.rows as f64));
            let mean = ranks().map(|(rank, rows)| rank * rows).sum::<f64>() / group.rows;
            let spread = ranks().map(|(rank, rows)| rows * (rank - mean).powi(2)).sum::<f64>() / group.rows;
            group.rows * (group.unknown * spread).sqrt()
        };
        let groups = cells.chunk_by(|a, b| a.x == b.x).zip(&self.0).filter(|(_, group)| group.unknown > 0.0);
        groups.map(in_group).sum::<f64>() / self.rows()
    }
}
