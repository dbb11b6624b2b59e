//! The laws that a plugin claims to keep, checked on generated rows before it is installed.
//!
//! The runtime cuts windows as it likes: it gives rows in batches, parts to
//! instances of their own, and merges what these save. The numbers are right
//! only as long as the laws of `driftline_core`'s algebra hold, so a plugin is
//! asked to show that they do (`law`, `check`): on rows that are made for its
//! inputs (`rows`), through the boundary that evaluations use, in a limited
//! time (`trial`). A [`Breach`] tells rows and both values.

mod breach;
mod check;
mod compare;
mod fuel;
mod law;
mod parameters;
mod rows;
mod trial;

use std::time::{Duration, Instant};

use driftline_core::{Failure, MetricFactory};

pub(crate) use self::fuel::fuel;
pub use self::{breach::Breach, fuel::Fuel, law::Law};
use self::{
    rows::{Bound, Choice, Flavour},
    trial::{Stop, Trial},
};
use crate::{Plugin, Refusal, RefusalCode};

/// How many rows the laws are checked on; of a guest that is slow to start, the smaller number.
const ROWS: usize = 240;
const FEW_ROWS: usize = 60;
/// A first run that takes longer is one of a slow guest.
const SLOW: Duration = Duration::from_millis(25);
/// How many rows are tried to show a breach with as few as possible.
const SMALLER: [usize; 12] = [0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 48];

/// What became of every law.
#[derive(Debug, Clone, PartialEq)]
pub struct Laws {
    /// One entry for each law, in the order of [`Law::ALL`].
    pub findings: Vec<Finding>,
    /// How many rows they were checked on; 0 when none was.
    pub rows: usize,
    /// How long that took.
    pub took: Duration,
}

/// What became of one law.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The law.
    pub law: Law,
    /// Whether it holds.
    pub verdict: Verdict,
}

/// Whether a law holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It holds on all that was tried; with a remark where there is one.
    Holds(Option<String>),
    /// It could not be checked, and why.
    NotChecked(String),
    /// The plugin does not claim it: it says that its states do not merge.
    NotClaimed,
    /// It does not hold.
    Broken(Box<Breach>),
}

impl Laws {
    /// The first law that is broken, and how that shows.
    pub fn broken(&self) -> Option<(Law, &Breach)> {
        self.findings.iter().find_map(|finding| match &finding.verdict {
            Verdict::Broken(breach) => Some((finding.law, breach.as_ref())),
            _ => None,
        })
    }

    /// Why the plugin can't be installed, if it breaks a law.
    pub fn refusal(&self) -> Option<Refusal> {
        let (law, breach) = self.broken()?;
        let way_out = match law.is_of_merging() {
            true => "Mend it, or declare \"merges\": false: then windows are never split",
            false => "Mend it",
        };
        let message = format!("the plugin breaks the law `{}` ({}): {breach}. {way_out}", law.as_str(), law.says());
        Some(Refusal::new(RefusalCode::LawBroken, message))
    }

    fn unchecked(reason: &str, begun: Instant) -> Self {
        let finding = |law| Finding { law, verdict: Verdict::NotChecked(reason.to_owned()) };
        Self { findings: Law::ALL.map(finding).into(), rows: 0, took: begun.elapsed() }
    }

    /// Every row ends in a defect: shown on as few as are enough.
    fn trapped(trial: &Trial<'_>, failure: &Failure, begun: Instant) -> Self {
        let shows = |rows: &usize| matches!(trial.whole(*rows), Err(Stop::Failed(failure)) if failure.code.is_fatal());
        let rows = SMALLER.into_iter().find(shows).unwrap_or(trial.rows());
        let breach = Breach::failure(trial, rows, Law::Rows.deed(), failure);
        let broken = Finding { law: Law::Rows, verdict: Verdict::Broken(Box::new(breach)) };
        let mut laws = Self::unchecked("no generated row is taken", begun);
        laws.findings[0] = broken;
        Self { rows: trial.rows(), ..laws }
    }
}

/// Why there are no rows to check laws on.
enum Unfit<'a> {
    /// The plugin takes none that were tried, or there was no time.
    Refused(String),
    /// All that were tried, which fit its description, end in a defect of the plugin; the first of them.
    Trapped(Box<Trial<'a>>, Failure),
}

/// Checks every law with the parameters that the schema gives.
pub(crate) fn examine(plugin: &Plugin, limit: Duration) -> Laws {
    match parameters::given(&plugin.description().parameters) {
        Ok(parameters) => examine_with(plugin, &parameters, limit),
        Err(reason) => Laws::unchecked(&reason, Instant::now()),
    }
}

/// Checks every law for at most `limit`; what is not reached by then is not checked.
pub(crate) fn examine_with(plugin: &Plugin, parameters: &str, limit: Duration) -> Laws {
    let begun = Instant::now();
    let trials = match trials(plugin, parameters, begun + limit) {
        Ok(trials) => trials,
        Err(Unfit::Refused(reason)) => return Laws::unchecked(&reason, begun),
        Err(Unfit::Trapped(trial, failure)) => return Laws::trapped(&trial, &failure, begun),
    };
    let findings = Law::ALL.map(|law| Finding { law, verdict: verdict(law, &trials, plugin.description().merges) });
    let rows = trials.iter().map(Trial::rows).max().unwrap_or(0);
    Laws { findings: findings.into(), rows, took: begun.elapsed() }
}

/// The ways of binding inputs that the plugin takes rows with: all inputs, then only the required ones, with their
/// other kinds.
fn trials<'a>(plugin: &'a Plugin, parameters: &'a str, end: Instant) -> Result<Vec<Trial<'a>>, Unfit<'a>> {
    let inputs = &plugin.description().inputs;
    let mut found: Vec<Trial<'a>> = Vec::new();
    let mut unfit = Vec::new();
    let mut attempt = |bound: Bound, last_kinds: bool, found: &mut Vec<Trial<'a>>| {
        let choices = Flavour::ALL.map(|flavour| Choice { bound, last_kinds, flavour, nulls: false });
        match fitting(plugin, parameters, end, &choices) {
            Ok(trial) if found.iter().all(|other| other.layout() != trial.layout()) => found.push(trial),
            Ok(_) => {}
            Err(why) => unfit.push(why),
        }
    };
    attempt(Bound::All, false, &mut found);
    attempt(Bound::Required, true, &mut found);
    // Some take one of two optional inputs, and need it.
    let optional = (0..inputs.len()).filter(|at| inputs[*at].optional);
    for at in optional {
        if found.is_empty() {
            attempt(Bound::With(at), false, &mut found);
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    // Whoever refuses some rows in words may well refuse all that are generated.
    let at = unfit.iter().position(|why| matches!(why, Unfit::Refused(_))).unwrap_or(0);
    Err(unfit.swap_remove(at))
}

/// The first rows that give a number, or else that are taken at all.
fn fitting<'a>(
    plugin: &'a Plugin,
    parameters: &'a str,
    end: Instant,
    choices: &[Choice],
) -> Result<Trial<'a>, Unfit<'a>> {
    let mut taken = None;
    let mut refused = None;
    let mut trapped = None;
    for choice in choices {
        let begun = Instant::now();
        let few = Trial::new(plugin, parameters, end, *choice, FEW_ROWS);
        let answer = few.whole(FEW_ROWS).map(|report| report.values.iter().any(|value| value.number.is_some()));
        let trial = if begun.elapsed() < SLOW { Trial::new(plugin, parameters, end, *choice, ROWS) } else { few };
        match answer.and_then(|numbers| trial.whole(trial.rows()).map(|_| numbers)) {
            Ok(true) => return Ok(trial.doubted(doubt(trapped.as_ref()))),
            Ok(false) => taken = taken.or(Some(trial)),
            Err(Stop::Failed(failure)) if failure.code.is_fatal() => {
                trapped = trapped.or(Some((Box::new(trial), failure)));
            }
            Err(Stop::Failed(failure)) => {
                let why = format!("the plugin does not take generated rows: {} ({})", failure.message, failure.code);
                refused = refused.or(Some(why));
            }
            Err(Stop::TimeIsUp) => {
                refused = Some(Stop::TIME_IS_UP.to_owned());
                break;
            }
        }
    }
    match (taken, refused, trapped) {
        (Some(trial), _, trapped) => Ok(trial.doubted(doubt(trapped.as_ref()))),
        (None, None, Some((trial, failure))) => Err(Unfit::Trapped(trial, failure)),
        (None, refused, _) => Err(Unfit::Refused(refused.unwrap_or_default())),
    }
}

/// What is to be said of a plugin that takes some rows, of others that end in a defect.
fn doubt(trapped: Option<&(Box<Trial<'_>>, Failure)>) -> Option<String> {
    let (trial, failure) = trapped?;
    let row = trial.shown(1).join("");
    Some(format!(
        "with rows such as {row} it ends in {} ({}); a failure in words helps more",
        failure.message, failure.code
    ))
}

/// The worst that any trial has found.
fn verdict(law: Law, trials: &[Trial<'_>], merges: bool) -> Verdict {
    if law.is_of_merging() && !merges {
        return Verdict::NotClaimed;
    }
    let mut verdicts: Vec<Verdict> = trials.iter().map(|trial| checked(law, trial)).collect();
    if let Some(at) = verdicts.iter().position(|verdict| matches!(verdict, Verdict::Broken(_))) {
        return verdicts.swap_remove(at);
    }
    let at = verdicts.iter().position(|verdict| matches!(verdict, Verdict::Holds(_))).unwrap_or(0);
    verdicts.swap_remove(at)
}

fn checked(law: Law, trial: &Trial<'_>) -> Verdict {
    match check::check(law, trial, trial.rows()) {
        Ok(check::Outcome::Holds) => Verdict::Holds(trial.remark()),
        Ok(check::Outcome::Remarked(remark)) => Verdict::Holds(Some(remark)),
        Ok(check::Outcome::Idle(reason)) => Verdict::NotChecked(reason),
        Ok(check::Outcome::Broken(breach)) => Verdict::Broken(Box::new(smaller(law, trial).unwrap_or(breach))),
        Err(Stop::Failed(failure)) => {
            Verdict::Broken(Box::new(Breach::failure(trial, trial.rows(), law.deed(), &failure)))
        }
        Err(Stop::TimeIsUp) => Verdict::NotChecked(Stop::TIME_IS_UP.to_owned()),
    }
}

/// The same breach with as few rows as are enough to show it.
fn smaller(law: Law, trial: &Trial<'_>) -> Option<Breach> {
    let sizes = SMALLER.into_iter().filter(|rows| *rows < trial.rows());
    sizes.filter_map(|rows| check::check(law, trial, rows).ok()).find_map(|outcome| match outcome {
        check::Outcome::Broken(breach) => Some(breach),
        _ => None,
    })
}
