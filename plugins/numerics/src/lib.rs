//! The arithmetic behind the standard metrics, and the summaries that several of them keep.
//!
//! | for | use |
//! |---|---|
//! | a sum without drift | [`Sum`] |
//! | numbers compared on a logarithmic scale | [`log_ratios`] |
//! | mean, variance and covariance that merge | [`Moments`], [`CoMoments`], [`Spread`] |
//! | axes along which columns vary | [`eigen`] |
//! | quantiles in bounded memory | [`Sketch`] |
//! | distinct and frequent values in bounded memory | [`Distinct`], [`Frequent`] |
//! | some of many labels, all known of each | [`Sample`] |
//! | numbers kept in order, in bounded passes | [`Multiset`], [`key`], [`radix`] |
//! | two multisets read side by side | [`walk`] |
//! | quantiles as NumPy rounds them | [`quantile`] |
//! | the distance of two distribution functions | [`ecdf`] |
//! | how two columns go together in bounded memory | [`Joint`], [`Thinned`] |
//! | bin edges as NumPy chooses them | [`bins`] |
//! | a column in order, its finite cells, two columns in bins | [`Column`], [`FiniteColumn`], [`binning`] |
//! | a column of few values, and two of them value by value | [`Values`] |
//! | a side that holds nothing | [`sides`] |
//! | tests of how often categories occur | [`contingency`], [`proportions`] |
//! | distances of distributions | [`divergence`], [`transport`] |
//! | tails of the normal, χ² and t distributions | [`special`] |
//! | tails of the Kolmogorov-Smirnov statistic | [`kolmogorov`] |
//! | area under the ROC curve with its error | [`roc`] |
//! | scores against binary truth, exact or in bins | [`Scores`], [`Classes`], [`ScoreBins`], [`EqualBins`] |
//! | cells that stand for classes | [`coded`](coded()) |
//! | standard errors of numbers made of counts | [`Counted`] |

pub mod binning;
pub mod bins;
pub mod classes;
pub mod coded;
pub mod column;
pub mod comoments;
pub mod contingency;
pub mod counted;
pub mod distinct;
pub mod divergence;
mod dot;
pub mod ecdf;
pub mod eigen;
pub mod equal_bins;
pub mod finite_column;
pub mod frequent;
pub mod joint;
pub mod key;
pub mod kolmogorov;
pub mod log_ratio;
pub mod moments;
pub mod multiset;
mod neighbours;
pub mod proportions;
pub mod quantile;
pub mod radix;
pub mod roc;
pub mod run;
pub mod sample;
pub mod score_bins;
pub mod score_parameters;
pub mod scores;
pub mod sides;
pub mod sketch;
pub mod special;
pub mod spread;
pub mod sum;
pub mod thinned;
pub mod transport;
pub mod values;
pub mod walk;

pub use classes::Classes;
pub use coded::coded;
pub use column::Column;
pub use comoments::CoMoments;
pub use counted::Counted;
pub use distinct::Distinct;
pub use equal_bins::EqualBins;
pub use finite_column::FiniteColumn;
pub use frequent::Frequent;
pub use joint::Joint;
pub use log_ratio::log_ratios;
pub use moments::Moments;
pub use multiset::Multiset;
pub use sample::Sample;
pub use score_bins::ScoreBins;
pub use scores::Scores;
pub use sketch::Sketch;
pub use spread::Spread;
pub use sum::Sum;
pub use thinned::Thinned;
pub use values::Values;
