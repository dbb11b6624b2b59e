//! The arithmetic behind the standard metrics: no columns, no reports, only numbers.
//!
//! | for | use |
//! |---|---|
//! | a sum without drift | [`Sum`] |
//! | mean and variance that merge | [`Moments`] |
//! | quantiles in bounded memory | [`Sketch`] |
//! | distinct and frequent values in bounded memory | [`Distinct`], [`Frequent`] |
//! | numbers kept in order, in bounded passes | [`Multiset`], [`key`], [`radix`] |
//! | two multisets read side by side | [`walk`] |
//! | quantiles as NumPy rounds them | [`quantile`] |
//! | the distance of two distribution functions | [`ecdf`] |
//! | bin edges as NumPy chooses them | [`bins`] |
//! | tails of the Kolmogorov-Smirnov statistic | [`kolmogorov`] |
//! | area under the ROC curve with its error | [`roc`] |

pub mod bins;
pub mod distinct;
pub mod ecdf;
pub mod frequent;
pub mod key;
pub mod kolmogorov;
pub mod moments;
pub mod multiset;
pub mod quantile;
pub mod radix;
pub mod roc;
pub mod run;
pub mod sketch;
pub mod sum;
pub mod walk;

pub use distinct::Distinct;
pub use frequent::Frequent;
pub use moments::Moments;
pub use multiset::Multiset;
pub use sketch::Sketch;
pub use sum::Sum;
