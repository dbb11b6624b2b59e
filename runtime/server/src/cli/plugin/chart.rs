//! Charts as text: a line is a row of blocks, bars lie on their sides, a heatmap is a table.

use std::fmt::Write;

use crate::{
    cli::table::{significant, table},
    wire::{Chart, Series},
};

/// Characters of a line or of the longest bar.
const WIDTH: usize = 48;
/// More categories, or rows and columns of a heatmap, are not drawn.
const MOST: usize = 40;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The chart, ending in a newline; it says what it leaves out.
pub fn draw(chart: &Chart) -> String {
    let mut text = format!("{} ({} over {})\n", chart.name, chart.y_label, chart.x_label);
    match chart.kind.as_str() {
        "bars" => bars(&mut text, chart),
        "heatmap" => heatmap(&mut text, chart),
        _ => lines(&mut text, chart),
    }
    text
}

/// Each series as a row of blocks of equal width in x, all on one scale; where several points meet, their mean.
fn lines(text: &mut String, chart: &Chart) {
    let all = || chart.series.iter().flat_map(points);
    let Some((x, y)) = range(all().map(|point| point.0)).zip(range(all().map(|point| point.1))) else {
        return put(text, format_args!("  no points\n"));
    };
    let name = width(chart.series.iter().map(|series| series.name.as_str()));
    for series in &chart.series {
        let mut cells = vec![(0.0, 0_u32); WIDTH];
        for (at, height) in points(series) {
            let cell = &mut cells[place(at, x, WIDTH)];
            *cell = (cell.0 + height, cell.1 + 1);
        }
        let block = |(sum, count): &(f64, u32)| match count {
            0 => ' ',
            _ => BLOCKS[place(sum / f64::from(*count), y, BLOCKS.len())],
        };
        let drawn: String = cells.iter().map(block).collect();
        put(text, format_args!("  {:name$} {drawn}\n", series.name));
    }
    let (left, right) = (significant(x.0), significant(x.1));
    let room = WIDTH.saturating_sub(left.chars().count());
    put(text, format_args!("  {:name$} {left}{right:>room$}\n", ""));
    put(text, format_args!("  from {} to {} in height\n", significant(y.0), significant(y.1)));
}

/// A bar for each position of each series, from zero to the right.
fn bars(text: &mut String, chart: &Chart) {
    let heights = || chart.series.iter().flat_map(points).map(|point| point.1);
    let Some(highest) = heights().map(f64::abs).max_by(f64::total_cmp) else {
        return put(text, format_args!("  no bars\n"));
    };
    let label = |x: f64| {
        let named = (x >= 0.0 && x.fract() == 0.0).then(|| chart.categories.get(x as usize)).flatten();
        named.cloned().unwrap_or_else(|| significant(x))
    };
    let positions: Vec<f64> =
        chart.series.first().map(|series| points(series).map(|point| point.0).collect()).unwrap_or_default();
    let labels: Vec<String> = positions.iter().map(|x| label(*x)).collect();
    let (category, name) =
        (width(labels.iter().map(String::as_str)), width(chart.series.iter().map(|series| series.name.as_str())));
    for (x, label) in positions.iter().zip(&labels).take(MOST) {
        for (at, series) in chart.series.iter().enumerate() {
            let Some((_, height)) = points(series).find(|point| point.0 == *x) else { continue };
            let length = if highest > 0.0 { (height.abs() / highest * WIDTH as f64).round() as usize } else { 0 };
            let bar = if height < 0.0 { "░" } else { "█" }.repeat(length);
            let label = if at == 0 { label.as_str() } else { "" };
            put(text, format_args!("  {label:category$} {:name$} {bar} {}\n", series.name, significant(height)));
        }
    }
    left_out(text, positions.len(), "positions");
}

/// One row a series.
fn heatmap(text: &mut String, chart: &Chart) {
    let columns = chart.series.iter().map(|series| series.y.len()).max().unwrap_or(0);
    let heading = |at: usize| chart.categories.get(at).cloned().unwrap_or_else(|| at.to_string());
    let header: Vec<String> = std::iter::once(String::new()).chain((0..columns.min(MOST)).map(heading)).collect();
    let mut cells = table(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for series in chart.series.iter().take(MOST) {
        let heights = series.y.iter().take(MOST).map(|height| height.map_or_else(|| "–".to_owned(), significant));
        cells.add_row(std::iter::once(series.name.clone()).chain(heights).collect::<Vec<_>>());
    }
    put(text, format_args!("{cells}\n"));
    left_out(text, columns, "columns");
    left_out(text, chart.series.len(), "rows");
}

fn left_out(text: &mut String, count: usize, what: &str) {
    if count > MOST {
        put(text, format_args!("  {} more {what} are not drawn\n", count - MOST));
    }
}

/// The points that have both coordinates.
fn points(series: &Series) -> impl Iterator<Item = (f64, f64)> {
    series.x.iter().zip(&series.y).filter_map(|(x, y)| x.zip(*y))
}

fn range(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    numbers.fold(None, |range, number| {
        let (low, high) = range.unwrap_or((number, number));
        Some((low.min(number), high.max(number)))
    })
}

/// Which of so many equal parts of the range a number lies in.
fn place(number: f64, (low, high): (f64, f64), parts: usize) -> usize {
    let share = if high > low { (number - low) / (high - low) } else { 0.5 };
    ((share * parts as f64) as usize).min(parts - 1)
}

fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = text.write_fmt(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(kind: &str, categories: &[&str], series: &[(&str, &[f64], &[f64])]) -> Chart {
        let some = |numbers: &[f64]| numbers.iter().map(|number| number.is_finite().then_some(*number)).collect();
        Chart {
            name: "Chart".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            kind: kind.into(),
            categories: categories.iter().map(|&name| name.into()).collect(),
            series: series.iter().map(|(name, x, y)| Series { name: (*name).into(), x: some(x), y: some(y) }).collect(),
        }
    }

    #[test]
    fn each_kind_is_drawn_to_scale_and_missing_points_are_left_out() {
        let line = draw(&chart("line", &[], &[("roc", &[0.0, 0.5, 1.0], &[0.0, f64::NAN, 1.0])]));
        let drawn = line.lines().nth(1).expect("a line");
        assert_eq!(drawn.chars().filter(|c| BLOCKS.contains(c)).collect::<String>(), "▁█", "{line}");
        assert!(line.contains("from 0.00000 to 1.00000"), "{line}");
        let bars = draw(&chart("bars", &["eu", "us"], &[("now", &[0.0, 1.0], &[2.0, -1.0])]));
        let lengths: Vec<usize> =
            bars.lines().skip(1).map(|line| line.chars().filter(|c| matches!(c, '█' | '░')).count()).collect();
        assert_eq!(lengths, [WIDTH, WIDTH / 2], "{bars}");
        assert!(bars.contains("eu now") && bars.contains("-1.00000"), "{bars}");
        let heatmap = draw(&chart("heatmap", &["p", "n"], &[("P", &[0.0, 1.0], &[7.0, f64::NAN])]));
        assert!(heatmap.contains("7.00000") && heatmap.contains('–'), "{heatmap}");
        for kind in ["line", "bars", "heatmap", "other"] {
            assert!(draw(&chart(kind, &[], &[])).starts_with("Chart (y over x)\n"), "{kind}");
            let wide: Vec<f64> = (0..100).map(f64::from).collect();
            let text = draw(&chart(kind, &[], &[("s", &wide, &wide)]));
            assert_eq!(text.contains("more"), matches!(kind, "bars" | "heatmap"), "{text}");
        }
    }
}
