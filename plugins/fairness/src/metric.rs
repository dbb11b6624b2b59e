//! The metric: what it takes, keeps and reports.

use driftline_numerics::coded;
use driftline_sdk::{labels, prelude::*, weights};

use crate::{
    groups::{Groups, MOST},
    outputs::{DIFFERENCES, chart, differences, outputs, rates},
    parameters::Parameters,
    sides::Sides,
};

/// Decisions by group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Fairness {
    groups: Groups,
    weighted: bool,
    labelled: bool,
}

impl Metric for Fairness {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "fairness",
            "1.0.0",
            "How differently groups are treated: rates of favourable decisions, of those deserved and of those not, by \
             group, and how far they lie apart. The state grows with groups, at most 1,000.",
        )
        .input(Input::new("group", &[Kind::Category, Kind::Number]).doc("Who a row is about: the protected attribute."))
        .input(Input::number("score").optional().doc("The model's score; at or above the threshold it decides for."))
        .input(
            Input::new("prediction", &[Kind::Number, Kind::Category])
                .optional()
                .doc("The decision itself, in place of a score: 0 or 1, a boolean, or a category with `positive`."),
        )
        .input(
            Input::label()
                .optional()
                .doc("The truth; needed for equal opportunity and equalized odds. Rows without it are left out."),
        )
        .input(Input::weight())
        .with_outputs(outputs())
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        match run.inputs.has("score")? == run.inputs.has("prediction")? {
            true => {
                Err(Error::parameters("bind either `score` or `prediction`: what was decided is told by one of them"))
            }
            false => Ok(Self::default()),
        }
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let (decided, weights) = (decided(rows, run.parameters)?, weights(rows, "weight")?);
        self.labelled = rows.has("label")?;
        let truth = if self.labelled { labels(rows, "label", run.parameters.positive.as_deref())? } else { Vec::new() };
        self.weighted |= weights.is_some();
        self.groups.extend(&coded(rows, "group")?, &decided, &truth, weights.as_deref());
        self.check()
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.groups.merge(other.groups);
        self.weighted |= other.weighted;
        self.labelled |= other.labelled;
        self.check()
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let groups = self.groups.all();
        let mut report = match Sides::new(&groups, run.parameters.privileged.as_deref()) {
            Ok(sides) => Report { values: differences(&sides, !self.weighted, self.labelled).into(), ..Report::new() },
            Err(reason) => Report::undefined(&DIFFERENCES, &reason),
        };
        report.values.extend(rates(&groups, self.labelled));
        if groups.is_empty() { Ok(report) } else { Ok(report.chart(chart(&groups, self.labelled))) }
    }
}

impl Fairness {
    fn check(&self) -> Result<()> {
        match self.groups.len() > MOST {
            true => Err(Error::data(format!("`group` has more than {MOST} values: join some"))),
            false => Ok(()),
        }
    }
}

/// Which rows were decided for.
fn decided(rows: &Rows, by: &Parameters) -> Result<Vec<bool>> {
    if rows.has("prediction")? {
        return Ok(labels(rows, "prediction", by.positive.as_deref())?.iter().map(|decision| *decision == 1).collect());
    }
    let scores = rows.numbers("score")?;
    if scores.iter().any(|score| score.is_nan()) {
        let message = "`score` holds cells that are not a number: bind a condition that leaves them out";
        return Err(Error::data(message));
    }
    Ok(scores.iter().map(|score| *score >= by.threshold).collect())
}
