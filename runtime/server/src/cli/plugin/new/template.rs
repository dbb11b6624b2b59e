//! The files of projects: the examples of this repository, as they are tested here.

use clap::ValueEnum;

use super::name::ProjectName;

/// What a plugin can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// With the SDK, as a core module.
    Rust,
}

/// The project of one language.
#[derive(Debug)]
pub struct Template {
    /// The language's name.
    pub language: &'static str,
    /// What builds it.
    pub build: &'static str,
    /// The plugin that this makes.
    pub built: &'static str,
    /// Where its files are in the example, and their texts.
    sources: &'static [(&'static str, &'static str)],
    /// Files from elsewhere in this repository.
    extra: &'static [(&'static str, &'static str)],
    /// What is written otherwise in a project of its own: file, text, what is there instead.
    changes: &'static [(&'static str, &'static str, &'static str)],
}

/// A file of a new project.
#[derive(Debug)]
pub struct ProjectFile {
    /// Where in the project.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// Whether it can be run.
    pub is_program: bool,
}

/// What every project has: the contract, and a case for `driftline plugin test`.
const COMMON: &[(&str, &str)] = &[
    ("wit/metric.wit", include_str!("../../../../../../wit/metric.wit")),
    ("cases/errors/data.csv", include_str!("case/data.csv")),
    ("cases/errors/reference.csv", include_str!("case/reference.csv")),
    ("cases/errors/request.json", include_str!("case/request.json")),
    ("cases/errors/expected.json", include_str!("case/expected.json")),
];

macro_rules! example {
    ($folder:literal, $($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../../../../examples/custom-metric/", $folder, "/", $file)))),*]
    };
}

macro_rules! sdk {
    ($($file:literal),* $(,)?) => {
        &[
            ("sdk/Cargo.toml", include_str!("sdk.toml")),
            $((concat!("sdk/src/", $file), include_str!(concat!("../../../../../../plugins/sdk/src/", $file)))),*
        ]
    };
}

const RUST: Template = Template {
    language: "Rust",
    build: "cargo build --release --target wasm32-unknown-unknown",
    built: "target/wasm32-unknown-unknown/release/cost_by_segment.wasm",
    sources: example!["rust", ".gitignore", "Cargo.toml", "README.md", "src/costs.rs", "src/lib.rs", "tests/metric.rs"],
    extra: sdk![
        "accumulator.rs",
        "bulk.rs",
        "chart.rs",
        "description.rs",
        "error.rs",
        "guest.rs",
        "labels.rs",
        "lib.rs",
        "log.rs",
        "metric.rs",
        "report.rs",
        "rows.rs",
        "source.rs",
        "testing.rs",
        "testing/check.rs",
        "testing/expected.rs",
        "testing/table.rs",
        "weights.rs",
    ],
    changes: &[
        ("Cargo.toml", "path = \"../../../plugins/sdk\"", "path = \"sdk\""),
        (
            "Cargo.toml",
            "# A project of its own: copy the folder, and point `driftline-sdk` at the\n# Driftline repository, for example\n# driftline-sdk = { git = \"https://…/driftline\", tag = \"v0.1.0\" }\n[workspace]",
            "# The SDK came with the project: it is on no registry.\n[workspace]",
        ),
        ("sdk/src/guest.rs", "path: \"../../wit\"", "path: \"../wit\""),
        ("README.md", "--release --locked", "--release"),
        (
            "README.md",
            " (`plugins/build`, in the root of the repository, makes the committed `cost-by-segment.wasm`.)",
            "",
        ),
    ],
};

impl Language {
    /// Its project.
    pub fn template(self) -> &'static Template {
        match self {
            Self::Rust => &RUST,
        }
    }
}

impl Template {
    /// The files of a project of this name.
    pub fn files(&self, name: &ProjectName) -> Vec<ProjectFile> {
        let all = self.sources.iter().chain(self.extra).chain(COMMON);
        let file = |(path, text): &(&'static str, &'static str)| {
            let changes = self.changes.iter().filter(|(changed, ..)| changed == path);
            let text = changes.fold((*text).to_owned(), |text, (_, from, to)| text.replace(from, to));
            ProjectFile { path: name.fill(path), is_program: text.starts_with("#!"), text: name.fill(&text) }
        };
        all.map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_project_has_its_name_everywhere_and_points_nowhere_else() {
        let name: ProjectName = "late-arrivals".parse().expect("a name");
        for language in Language::value_variants() {
            let template = language.template();
            let files = template.files(&name);
            for (path, from, _) in template.changes {
                let source = template.sources.iter().chain(template.extra).find(|(file, _)| file == path);
                assert!(source.is_some_and(|(_, text)| text.contains(from)), "{language:?}: {path} has no {from}");
            }
            for ProjectFile { path, text, .. } in &files {
                for word in ["cost-by-segment", "cost_by_segment", "CostBySegment", "../../.."] {
                    assert!(!text.contains(word) && !path.contains(word), "{language:?}: {path} has {word}");
                }
            }
            assert!(files.iter().any(|file| file.text.contains("late-arrivals")), "{language:?}");
            assert!(files.iter().any(|file| file.path == "README.md"), "{language:?}");
        }
    }

    #[test]
    fn the_sdk_of_a_project_is_that_of_this_repository() {
        let manifest = include_str!("../../../../../../plugins/sdk/Cargo.toml");
        let copied = include_str!("sdk.toml");
        for line in manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true")) {
            assert!(line == "version" || copied.contains(&format!("\n{line} = ")), "sdk.toml lacks {line}");
        }
    }
}
