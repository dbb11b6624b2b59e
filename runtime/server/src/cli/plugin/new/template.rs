//! The projects of new plugins: the examples of this repository and their SDKs, as they are tested here.

mod sources;

use clap::ValueEnum;

use super::name::ProjectName;

/// What a plugin can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Language {
    /// As a core module, with cargo
    Rust,
    /// As a core module; Zig's C compiler comes from PyPI
    C,
    /// As a core module; Zig's C++ compiler comes from PyPI
    #[value(alias = "c++")]
    Cpp,
    /// As a core module; Zig comes from PyPI
    Zig,
    /// As a core module; Go comes from PyPI
    Go,
    /// As a component with CPython in it
    Python,
    /// As a component with QuickJS in it, by Node.js
    JavaScript,
    /// As a component with QuickJS in it, by Node.js
    TypeScript,
    /// As a core module, by Node.js
    AssemblyScript,
}

/// The project of one language.
#[derive(Debug)]
pub struct Template {
    /// The language's name.
    pub language: &'static str,
    /// Its files and their texts, those of the SDK among them.
    sources: &'static [(&'static str, &'static str)],
    /// What is written otherwise in a project of its own.
    changes: &'static [(&'static str, &'static str)],
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

/// Changes that all examples want but that in Rust.
macro_rules! moved {
    ($language:literal, $sdk:literal => $to:literal) => {
        &[
            (concat!("cost-by-segment-", $language), "cost-by-segment"),
            ("[the page above](../README.md) tells", "`driftline plugin check` tells"),
            (concat!("../../../plugins/", $sdk), $to),
            ("../../../wit", "wit"),
        ]
    };
}

/// A project; its `build` writes `metric.wasm`.
const fn project(
    language: &'static str,
    sources: &'static [(&'static str, &'static str)],
    changes: &'static [(&'static str, &'static str)],
) -> Template {
    Template { language, sources, changes }
}

const RUST: Template = project(
    "Rust",
    sources::RUST,
    &[
        ("path = \"../../../plugins/sdk\"", "path = \"sdk\""),
        (
            "# A project of its own: copy the folder, and point `driftline-sdk` at the\n# Driftline repository, for example\n# driftline-sdk = { git = \"https://…/driftline\", tag = \"v0.1.0\" }\n",
            "# The SDK came with the project: it is on no registry.\n",
        ),
        ("path: \"../../wit\"", "path: \"../wit\""),
        ("--release --locked", "--release"),
        (" (`plugins/build`, in the root of the repository, makes the committed `cost-by-segment.wasm`.)", ""),
    ],
);
const C: Template = project("C", sources::C, moved!("c", "sdk-c" => "sdk"));
const CPP: Template = project("C++", sources::CPP, moved!("cpp", "sdk-c" => "sdk"));
const ZIG: Template = project("Zig", sources::ZIG, moved!("zig", "sdk-zig" => "sdk"));
const GO: Template = project("Go", sources::GO, moved!("go", "sdk-go" => "./sdk"));
const PYTHON: Template = project("Python", sources::PYTHON, moved!("python", "sdk-python" => "sdk"));
const JAVASCRIPT: Template =
    project("JavaScript", sources::JAVASCRIPT, moved!("javascript", "sdk-typescript" => "sdk"));
const TYPESCRIPT: Template =
    project("TypeScript", sources::TYPESCRIPT, moved!("typescript", "sdk-typescript" => "sdk"));
const ASSEMBLYSCRIPT: Template =
    project("AssemblyScript", sources::ASSEMBLYSCRIPT, moved!("assemblyscript", "sdk-assemblyscript" => "sdk"));

impl Language {
    /// Its project.
    pub fn template(self) -> &'static Template {
        match self {
            Self::Rust => &RUST,
            Self::C => &C,
            Self::Cpp => &CPP,
            Self::Zig => &ZIG,
            Self::Go => &GO,
            Self::Python => &PYTHON,
            Self::JavaScript => &JAVASCRIPT,
            Self::TypeScript => &TYPESCRIPT,
            Self::AssemblyScript => &ASSEMBLYSCRIPT,
        }
    }
}

impl Template {
    /// The files of a project of this name.
    pub fn files(&self, name: &ProjectName) -> Vec<ProjectFile> {
        let file = |(path, text): &(&'static str, &'static str)| {
            let text = self.changes.iter().fold((*text).to_owned(), |text, (from, to)| text.replace(from, to));
            ProjectFile { path: name.fill(path), is_program: text.starts_with("#!"), text: name.fill(&text) }
        };
        self.sources.iter().chain(COMMON).map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_project_has_its_name_everywhere_and_points_nowhere_else() {
        let name: ProjectName = "late-arrivals".parse().expect("a name");
        for language in Language::value_variants() {
            let template = language.template();
            for (from, _) in template.changes {
                let is_there = template.sources.iter().any(|(_, text)| text.contains(from));
                let is_needed = *from != "../../../wit";
                assert!(is_there || !is_needed, "{language:?}: nothing has {from}");
            }
            let files = template.files(&name);
            for ProjectFile { path, text, .. } in &files {
                for word in ["cost-by-segment", "cost_by_segment", "CostBySegment", "../../..", "](../README"] {
                    assert!(!text.contains(word) && !path.contains(word), "{language:?}: {path} has {word}");
                }
            }
            assert!(files.iter().any(|file| file.text.contains("late-arrivals")), "{language:?}");
            assert!(files.iter().any(|file| file.path == "README.md"), "{language:?}");
            assert!(files.iter().any(|file| file.path == "build" && file.is_program), "{language:?}");
        }
    }

    /// What tools put beside the sources, and what names a version of the example alone.
    const MADE: [&str; 8] = [
        "target",
        "node_modules",
        ".venv",
        "__pycache__",
        "Cargo.lock",
        "Cargo.toml",
        "metric.wasm",
        "cost-by-segment.wasm",
    ];

    fn sources_in(folder: &Path, into: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("listed")) {
            let name = entry.file_name().into_string().expect("UTF-8");
            if MADE.contains(&name.as_str()) {
                continue;
            }
            match entry.path().is_dir() {
                true => sources_in(&entry.path(), &format!("{into}{name}/"), found),
                false => found.push(format!("{into}{name}")),
            }
        }
    }

    #[test]
    fn no_file_of_an_example_or_its_sdk_is_forgotten() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (language, example, sdk) in [
            (Language::Rust, "rust", "sdk"),
            (Language::C, "c", "sdk-c"),
            (Language::Cpp, "cpp", "sdk-c"),
            (Language::Zig, "zig", "sdk-zig"),
            (Language::Go, "go", "sdk-go"),
            (Language::Python, "python", "sdk-python"),
            (Language::JavaScript, "javascript", "sdk-typescript"),
            (Language::TypeScript, "typescript", "sdk-typescript"),
            (Language::AssemblyScript, "assemblyscript", "sdk-assemblyscript"),
        ] {
            let mut wanted = Vec::new();
            sources_in(&root.join("examples/custom-metric").join(example), "", &mut wanted);
            sources_in(&root.join("plugins").join(sdk), "sdk/", &mut wanted);
            // C does without what is there for C++.
            wanted.retain(|path| language != Language::C || path != "sdk/driftline.hpp");
            let has = |path: &String| language.template().sources.iter().any(|(file, _)| file == path);
            let missing: Vec<&String> = wanted.iter().filter(|path| !has(path)).collect();
            assert!(missing.is_empty(), "{language:?}: {missing:?}");
        }
    }

    #[test]
    fn the_rust_sdk_of_a_project_depends_on_what_that_of_this_repository_does() {
        let manifest = include_str!("../../../../../../plugins/sdk/Cargo.toml");
        let copied = include_str!("sdk.toml");
        for line in manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true")) {
            assert!(copied.contains(&format!("\n{line} = ")), "sdk.toml lacks {line}");
        }
    }
}
