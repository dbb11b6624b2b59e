//! Looks at windows: one evaluation for as many of them as it can.

use std::{sync::Arc, time::Duration};

use driftline_eval::{Reference, WindowSpec};
use uuid::Uuid;

use super::{
    context::{Context, Slot},
    trouble::Trouble,
};
use crate::{
    app::Shared,
    evaluations::{Measured, Order},
    wire::{Evaluation, EvaluationStatus},
};

/// Windows that one evaluation can measure: they do not overlap, and are compared with the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// In order of time.
    pub slots: Vec<Slot>,
}

/// The most periods of a lane: each slice of each is a result.
const LANE_PERIODS: usize = 500;

/// As few lanes as there are windows that overlap each other at any time, or that are compared with different things.
pub fn lanes(mut slots: Vec<Slot>) -> Vec<Lane> {
    slots.sort_by_key(|slot| (slot.window.start(), slot.window.end()));
    slots.dedup_by(|a, b| a.window == b.window);
    let mut lanes: Vec<Lane> = Vec::new();
    for slot in slots {
        let fits = |lane: &&mut Lane| {
            let last = lane.slots.last();
            last.is_some_and(|last| last.window.end() <= slot.window.start() && last.reference == slot.reference)
                && lane.slots.iter().map(|slot| slot.periods.len()).sum::<usize>() + slot.periods.len() <= LANE_PERIODS
        };
        match lanes.iter_mut().find(fits) {
            Some(lane) => lane.slots.push(slot),
            None => lanes.push(Lane { slots: vec![slot] }),
        }
    }
    lanes
}

/// Lanes, each with the id of its evaluation: the first one's is given where it is known.
pub fn named(lanes: Vec<Lane>, first: Option<Uuid>) -> Vec<(Uuid, Lane)> {
    let mut first = first;
    lanes.into_iter().map(|lane| (first.take().unwrap_or_else(Uuid::now_v7), lane)).collect()
}

/// What was measured.
pub struct Rows {
    /// The evaluation.
    pub measured: Measured,
    /// The model's columns that it read.
    pub columns: Vec<String>,
}

/// Measures the windows of a lane in one evaluation.
///
/// # Errors
/// When the request makes no sense for the model now, or too many evaluations are under way.
pub async fn measure(app: &Shared, context: &Context, id: Uuid, lane: &Lane) -> Result<Rows, Trouble> {
    let periods = lane.slots.iter().flat_map(|slot| slot.periods.iter().copied()).collect();
    let reference = lane.slots.first().and_then(|slot| slot.reference.clone());
    measure_rows(app, context, id, WindowSpec::Periods(periods), reference).await
}

/// Measures some rows in one evaluation.
///
/// # Errors
/// As [`measure`].
pub async fn measure_rows(
    app: &Shared,
    context: &Context,
    id: Uuid,
    rows: WindowSpec,
    reference: Option<Reference>,
) -> Result<Rows, Trouble> {
    let request = context.request(rows, reference);
    let plan = app.evaluator.plan(request.clone()).await?;
    let columns = plan.columns().into_iter().map(str::to_owned).collect();
    let asked = context.asked(&request);
    let order = Order { request, asked, record: false, wait: Duration::ZERO };
    let measured = app.evaluations.measure(id, plan, &order).await?;
    if measured.evaluation.results.is_none() {
        return Err(without_results(&measured.evaluation));
    }
    Ok(Rows { measured, columns })
}

fn without_results(evaluation: &Arc<Evaluation>) -> Trouble {
    match (&evaluation.failure, evaluation.status) {
        (Some(failure), _) => Trouble::cannot(failure.code.clone(), failure.message.clone()),
        (None, EvaluationStatus::Cancelled) => {
            Trouble::cannot("cancelled", "somebody cancelled the evaluation: run the monitor again")
        }
        (None, status) => Trouble::cannot("evaluation_failed", format!("the evaluation ended as {}", status.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use driftline_core::{Time, Window};

    use super::*;

    #[test]
    fn windows_that_do_not_overlap_share_a_lane() {
        let slot = |start: i64, end: i64, compared: Option<i64>| {
            let of = |start, end| {
                let time = |micros| Time::from_micros(micros).expect("a time");
                Window::new(time(start), time(end)).expect("a window")
            };
            let window = of(start, end);
            Slot { window, periods: vec![window], reference: compared.map(|at| Reference::Window(of(at, at + 1))) }
        };
        let shape = |slots: Vec<Slot>| lanes(slots).iter().map(|lane| lane.slots.len()).collect::<Vec<_>>();
        assert_eq!(shape((0..26).map(|week| slot(week, week + 1, None)).collect()), [26]);
        assert_eq!(shape((0..6).map(|day| slot(day, day + 3, None)).collect()), [2, 2, 2]);
        assert_eq!(shape((0..3).map(|week| slot(week, week + 1, Some(week - 1))).collect()), [1, 1, 1]);
        assert_eq!(shape(vec![slot(1, 2, None), slot(0, 1, None), slot(1, 2, None)]), [2]);
    }
}
