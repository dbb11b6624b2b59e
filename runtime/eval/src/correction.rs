//! P-values of many tests, adjusted for their number.

/// How p-values of many columns are adjusted, so that chance alone makes few of them look drifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correction {
    /// Not at all: each column by itself.
    #[default]
    None,
    /// By the number of tests: the chance that any column is called drifted wrongly stays below the threshold.
    Bonferroni,
    /// Benjamini and Hochberg 1995: the expected share of wrong ones among the columns called drifted stays below
    /// the threshold.
    BenjaminiHochberg,
}

impl Correction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Bonferroni, Self::BenjaminiHochberg];

    /// The word of the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bonferroni => "bonferroni",
            Self::BenjaminiHochberg => "benjamini-hochberg",
        }
    }

    /// The p-values adjusted, in their order: a test is rejected at a level
    /// when its adjusted p-value is at most that level.
    pub fn adjust(self, p_values: &[f64]) -> Vec<f64> {
        match self {
            Self::None => p_values.to_vec(),
            Self::Bonferroni => p_values.iter().map(|p| (p * p_values.len() as f64).min(1.0)).collect(),
            Self::BenjaminiHochberg => benjamini_hochberg(p_values),
        }
    }
}

/// The smallest of `p(j) * m / j` over all ranks `j` from a p-value's own on, as
/// `scipy.stats.false_discovery_control(p, method="bh")` computes it.
fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let tests = p_values.len() as f64;
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut adjusted = p_values.to_vec();
    let mut smallest = 1.0_f64;
    for (rank, (place, p)) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(p * (tests / (rank as f64 + 1.0)));
        if let Some(adjusted) = adjusted.get_mut(place) {
            *adjusted = smallest;
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Written by `tests/corrections/make_expected.py`.
    const EXPECTED: &str = include_str!("../tests/corrections/expected.json");

    #[test]
    fn equals_scipy_and_statsmodels() {
        let expected: Value = serde_json::from_str(EXPECTED).expect("JSON");
        let numbers = |case: &Value, key: &str| -> Vec<f64> {
            let list = case[key].as_array().expect("a list").iter();
            list.map(|number| number.as_f64().expect("a number")).collect()
        };
        let cases = expected["cases"].as_array().expect("cases");
        assert!(cases.len() >= 20, "{}", cases.len());
        for case in cases {
            let p_values = numbers(case, "p");
            for (correction, key) in
                [(Correction::Bonferroni, "bonferroni"), (Correction::BenjaminiHochberg, "benjamini_hochberg")]
            {
                let (adjusted, wanted) = (correction.adjust(&p_values), numbers(case, key));
                assert_eq!(adjusted.len(), wanted.len());
                for (got, want) in adjusted.iter().zip(&wanted) {
                    assert!((got - want).abs() <= 1e-15 * want.abs(), "{key} of {p_values:?}: {got} is not {want}");
                }
            }
            assert_eq!(Correction::None.adjust(&p_values), p_values);
        }
    }
}
