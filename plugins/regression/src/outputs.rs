//! What the plugin takes and gives.

use driftline_sdk::prelude::*;

/// The outputs in their order.
pub(crate) const OUTPUTS: [&str; 14] = [
    "mean_error",
    "mae",
    "mse",
    "rmse",
    "mape",
    "smape",
    "wape",
    "r2",
    "explained_variance",
    "median_absolute_error",
    "max_error",
    "msle",
    "rmsle",
    "pinball",
];

/// The description without the parameters.
pub(crate) fn description() -> Description {
    let loss = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
    let skill = |name: &str, doc: &str| Output::new(name).higher_is_better().range(None, 1.0).doc(doc);
    Description::new(
        "regression",
        "1.0.0",
        "Errors of numeric predictions against their targets: means with standard errors, relative and logarithmic \
         losses, explained variance, and the quantiles of the error as a chart.",
    )
    .input(Input::number("prediction").doc("What the model said."))
    .input(Input::number("target").doc("What came true."))
    .input(Input::number("weight").optional().doc("How much a row counts; finite and not negative."))
    .output(Output::new("mean_error").doc("The mean of prediction minus target."))
    .output(loss("mae", "The mean size of an error."))
    .output(loss("mse", "The mean of squared errors."))
    .output(loss("rmse", "The root of the mean of squared errors."))
    .output(loss("mape", "The mean size of an error relative to its target, as a share."))
    .output(loss("smape", "The mean of 2 |p - t| / (|p| + |t|), from 0 to 2; 0 where both are 0.").range(0.0, 2.0))
    .output(loss("wape", "The sum of the sizes of errors relative to that of targets."))
    .output(skill(
        "r2",
        "The share of the targets' variance that the predictions explain; undefined for constant ones.",
    ))
    .output(skill("explained_variance", "The same after taking off the mean error."))
    .output(loss("median_absolute_error", "The median size of an error."))
    .output(loss("max_error", "The largest size of an error."))
    .output(loss("msle", "The mean of squared differences of ln(1 + x)."))
    .output(loss("rmsle", "Its root."))
    .output(loss("pinball", "The quantile loss at the parameter `quantile`."))
}
