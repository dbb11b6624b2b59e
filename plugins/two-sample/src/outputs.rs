//! What the plugin takes and gives.

use driftline_sdk::prelude::*;

use crate::parameters::Test;

/// The tests in the order of their outputs: each with its name and what it says.
pub(crate) const TESTS: [(Test, &str, &str); 7] = [
    (Test::MannWhitney, "mann_whitney", "Mann-Whitney U: is one side larger? The statistic is U of the window."),
    (Test::CramerVonMises, "cramer_von_mises", "Cramér-von Mises: the squared distance of the distribution functions."),
    (
        Test::AndersonDarling,
        "anderson_darling",
        "Anderson-Darling for k samples (midranks), normalized: the same with more weight on the tails.",
    ),
    (Test::EppsSingleton, "epps_singleton", "Epps-Singleton: the distance of the characteristic functions."),
    (Test::WelchT, "welch_t", "Welch's t: is one mean larger?"),
    (Test::ZProportions, "z_proportions", "The pooled z of the share of one of two values."),
    (Test::LikelihoodRatio, "g_test", "The likelihood ratio of how often values occur."),
];
/// The output that is no test.
pub(crate) const ENERGY: &str = "energy_distance";

/// The description without the parameters.
pub(crate) fn description() -> Description {
    let description = Description::new(
        "two-sample",
        "1.1.0",
        "Tests of whether the values of the window could be of the reference's distribution, as SciPy has them; each \
         looks for another difference. Exact, the state grows by 8 bytes a row; see `sketch`.",
    )
    .input(
        Input::new("value", &[Kind::Number, Kind::Category]).doc("The column; of categories only the last two tests."),
    )
    .reference(ReferenceUse::Required);
    let description = TESTS.iter().fold(description, |description, (_, name, doc)| {
        let p_value = Output::new(&format!("{name}_p_value")).higher_is_better().range(0.0, 1.0).thresholds(0.05, 0.01);
        description
            .output(Output::new(&format!("{name}_statistic")).doc(doc))
            .output(p_value.doc("The chance of as large a statistic without any drift."))
    });
    let energy = Output::new(ENERGY).lower_is_better().range(0.0, None);
    description.output(energy.doc("The root of twice the squared area between the distribution functions."))
}
