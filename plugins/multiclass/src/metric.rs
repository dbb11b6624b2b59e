//! The metric: what it takes, keeps and reports.

use driftline_numerics::coded;
use driftline_sdk::{prelude::*, weights};

use crate::confusion::{Class, Confusion};

/// Of more classes than this, those with the most rows are reported and drawn one by one.
const SHOWN: usize = 50;
/// More distinct labels than this are no classes.
const MOST: usize = 2_000;

type Score = (&'static str, fn(&Class) -> f64);
const SCORES: [Score; 3] = [("precision", Class::precision), ("recall", Class::recall), ("f1", Class::f1)];

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// What a class with nothing to divide by adds to averages, as scikit-learn's option of this name.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    zero_division: f64,
}

/// How often each class was taken for each.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Multiclass {
    confusion: Confusion,
    weighted: bool,
}

impl Metric for Multiclass {
    type Parameters = Parameters;

    fn describe() -> Description {
        let averages = [
            ("macro", "the plain mean over classes"),
            ("micro", "over all decisions at once; the accuracy"),
            ("weighted", "the mean over classes by their true rows"),
        ];
        let averages = averages.into_iter().flat_map(|(average, doc)| {
            SCORES
                .iter()
                .map(move |(score, _)| Output::share(&format!("{average}_{score}"), &format!("{score}, {doc}.")))
        });
        Description::new(
            "multiclass",
            "1.0.0",
            "Decisions among several classes against the truth: accuracy, precision, recall and F1 of each class and as \
             macro, micro and weighted averages over all classes that occur, with the confusion matrix. The state grows \
             with pairs of classes, not with rows.",
        )
        .input(Input::new("prediction", &[Kind::Category, Kind::Number]).doc("The class that the model decided for."))
        .input(Input::new("label", &[Kind::Category, Kind::Number]).doc("The true class."))
        .input(Input::weight())
        .output(Output::share("accuracy", "The share of right decisions."))
        .with_outputs(averages)
        .with_outputs(
            SCORES.map(|(score, _)| Output::share(&format!("{score}/*"), &format!("The {score} of a class."))),
        )
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let weights = weights(rows, "weight")?;
        self.weighted |= weights.is_some();
        let before = self.confusion.pairs();
        self.confusion.extend(&coded(rows, "label")?, &coded(rows, "prediction")?, weights.as_deref());
        self.check(before)
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let before = self.confusion.pairs();
        self.confusion.merge(other.confusion);
        self.weighted |= other.weighted;
        self.check(before)
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let classes = self.confusion.classes();
        let total: f64 = classes.iter().map(|class| class.support).sum();
        let mut report = Report::new();
        report.values.extend(self.averages(&classes, total, run.parameters.zero_division));
        let mut shown: Vec<&Class> = classes.iter().collect();
        shown.sort_by(|a, b| b.support.total_cmp(&a.support));
        shown.truncate(SHOWN);
        shown.sort_by(|a, b| a.name.cmp(&b.name));
        for class in &shown {
            report.values.extend(SCORES.iter().map(|(name, score)| of_class(name, score(class), &class.name)));
        }
        if shown.is_empty() { Ok(report) } else { Ok(report.chart(self.matrix(&shown))) }
    }
}

impl Multiclass {
    /// Refuses too many classes, where there are more pairs than before.
    fn check(&self, before: usize) -> Result<()> {
        match self.confusion.pairs() > before && self.confusion.classes().len() > MOST {
            true => Err(Error::data(format!("there are more than {MOST} classes: group them"))),
            false => Ok(()),
        }
    }

    fn averages(&self, classes: &[Class], total: f64, zero_division: f64) -> Vec<Value> {
        let or = |score: f64| if score.is_nan() { zero_division } else { score };
        let value = |name: String, number: f64| match total > 0.0 {
            true => Value::new(&name, number),
            false => Value::undefined(&name, "no labelled rows in the window"),
        };
        let accuracy = classes.iter().map(|class| class.hits).sum::<f64>() / total;
        let error = (!self.weighted).then(|| (accuracy * (1.0 - accuracy) / total).sqrt());
        let mut values = vec![value("accuracy".to_owned(), accuracy).standard_error(error)];
        for (name, score) in SCORES {
            let count = classes.len() as f64;
            let plain = classes.iter().map(|class| or(score(class))).sum::<f64>() / count;
            let weighted = classes.iter().map(|class| class.support * or(score(class))).sum::<f64>() / total;
            values.push(value(format!("macro_{name}"), plain));
            values.push(value(format!("micro_{name}"), accuracy).standard_error(error));
            values.push(value(format!("weighted_{name}"), weighted));
        }
        values
    }

    fn matrix(&self, shown: &[&Class]) -> Chart {
        let names = shown.iter().map(|class| class.name.clone()).collect();
        shown.iter().fold(Chart::heatmap("Confusion matrix", "decided", "truth", names), |chart, truth| {
            let row = shown.iter().map(|decided| self.confusion.weight(&truth.name, &decided.name));
            chart.heights(&truth.name, row)
        })
    }
}

fn of_class(score: &str, number: f64, class: &str) -> Value {
    let name = format!("{score}/{}", if class.is_empty() { "(empty)" } else { class });
    match (number.is_nan(), score) {
        (false, _) => Value::new(&name, number),
        (true, "precision") => Value::undefined(&name, "no row was decided as this class"),
        (true, _) => Value::undefined(&name, "no row is of this class"),
    }
}
