//! Pictures for people.

/// One or more series over shared axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub name: String,
    /// The meaning of `x`.
    pub x_label: String,
    /// The meaning of `y`.
    pub y_label: String,
    /// `line`, `bars` or `heatmap`.
    pub kind: String,
    /// When not empty, the names of x = 0, 1, 2, …
    pub categories: Vec<String>,
    /// The data.
    pub series: Vec<Series>,
}

/// One line, set of bars or row of a heatmap; `x` and `y` have the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Positions.
    pub x: Vec<f64>,
    /// Heights.
    pub y: Vec<f64>,
}

impl Chart {
    /// A chart drawn as lines.
    pub fn line(name: &str, x_label: &str, y_label: &str) -> Self {
        Self::of("line", name, x_label, y_label)
    }

    /// A chart drawn as bars; bar `i` stands for `categories[i]`.
    pub fn bars(name: &str, x_label: &str, y_label: &str, categories: Vec<String>) -> Self {
        Self { categories, ..Self::of("bars", name, x_label, y_label) }
    }

    /// A chart drawn as cells, one series for each row; cell `i` of a row stands for `categories[i]`.
    pub fn heatmap(name: &str, x_label: &str, y_label: &str, categories: Vec<String>) -> Self {
        Self { categories, ..Self::of("heatmap", name, x_label, y_label) }
    }

    fn of(kind: &str, name: &str, x_label: &str, y_label: &str) -> Self {
        Self {
            name: name.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            kind: kind.into(),
            categories: Vec::new(),
            series: Vec::new(),
        }
    }

    /// Adds points.
    pub fn series(mut self, name: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (x, y) = points.into_iter().unzip();
        self.series.push(Series { name: name.into(), x, y });
        self
    }

    /// Adds heights at x = 0, 1, 2, …
    pub fn heights(self, name: &str, heights: impl IntoIterator<Item = f64>) -> Self {
        self.series(name, heights.into_iter().enumerate().map(|(i, y)| (i as f64, y)))
    }
}
