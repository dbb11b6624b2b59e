//! How two charts of the same name differ.

use crate::wire::{Chart, ChartDifference, Series};

/// How they differ, and what of it can be said in words; `None` when they do not.
pub(super) fn difference(
    base: &Chart,
    other: &Chart,
    is_equal: impl Fn(Option<f64>, Option<f64>) -> bool,
) -> Option<(ChartDifference, Option<String>)> {
    let labels = |chart: &Chart| {
        let names = chart.series.iter().map(|series| series.name.clone()).collect::<Vec<_>>();
        (chart.x_label.clone(), chart.y_label.clone(), chart.kind.clone(), chart.categories.clone(), names)
    };
    let detail =
        (labels(base) != labels(other)).then(|| "its labels, kind, categories or series are others".to_owned());
    let mut chart = ChartDifference { points: 0, of: 0, largest: None };
    for at in 0..base.series.len().max(other.series.len()) {
        points(base.series.get(at), other.series.get(at), &is_equal, &mut chart);
    }
    (chart.points > 0 || detail.is_some()).then_some((chart, detail))
}

fn points(
    base: Option<&Series>,
    other: Option<&Series>,
    is_equal: &impl Fn(Option<f64>, Option<f64>) -> bool,
    chart: &mut ChartDifference,
) {
    let length = |series: Option<&Series>| series.map_or(0, |series| series.y.len());
    for at in 0..length(base).max(length(other)) {
        chart.of += 1;
        let point = |series: Option<&Series>| series.and_then(|s| Some((*s.x.get(at)?, *s.y.get(at)?)));
        let (one, another) = (point(base), point(other));
        let ((x, y), (other_x, other_y)) = match (one, another) {
            (Some(one), Some(another)) => (one, another),
            _ => {
                chart.points += 1;
                continue;
            }
        };
        if !is_equal(x, other_x) || !is_equal(y, other_y) {
            chart.points += 1;
        }
        if let (true, Some(distance)) = (is_equal(x, other_x), y.zip(other_y).map(|(y, other)| (other - y).abs())) {
            let largest = chart.largest.unwrap_or_default().max(distance);
            chart.largest = Some(largest);
        }
    }
}
