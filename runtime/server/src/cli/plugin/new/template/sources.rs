//! The files of each project, by where they lie in it.

/// A project: the files of an example, and those of an SDK in the folder `sdk`.
macro_rules! project {
    ($example:literal [$($file:literal),* $(,)?], $sdk:literal [$($part:literal),* $(,)?] $(, $path:literal = $text:literal)*) => {
        &[
            $(($file, include_str!(concat!("../../../../../../../examples/custom-metric/", $example, "/", $file))),)*
            $((concat!("sdk/", $part), include_str!(concat!("../../../../../../../plugins/", $sdk, "/", $part))),)*
            $(($path, include_str!($text)),)*
        ]
    };
}

type Sources = &'static [(&'static str, &'static str)];

pub const RUST: Sources = project![
    "rust" [".gitignore", "Cargo.toml", "README.md", "build", "src/costs.rs", "src/lib.rs", "tests/metric.rs"],
    "sdk" [
        "src/accumulator.rs", "src/bulk.rs", "src/chart.rs", "src/description.rs", "src/error.rs", "src/guest.rs",
        "src/input.rs", "src/labels.rs", "src/lib.rs", "src/limit.rs", "src/log.rs", "src/metric.rs", "src/output.rs",
        "src/report.rs", "src/rows.rs", "src/source.rs", "src/state.rs", "src/testing.rs", "src/testing/check.rs",
        "src/testing/expected.rs", "src/testing/table.rs", "src/weights.rs"
    ],
    "sdk/Cargo.toml" = "../sdk.toml"
];

pub const C: Sources = project![
    "c" [
        ".gitignore", "README.md", "build", "costs.c", "costs.h", "description.json", "metric.c", "requirements.txt"
    ],
    "sdk-c" ["driftline.c", "driftline.h"]
];

pub const CPP: Sources = project![
    "cpp" [".gitignore", "README.md", "build", "costs.hpp", "description.json", "metric.cpp", "requirements.txt"],
    "sdk-c" ["driftline.c", "driftline.h", "driftline.hpp"]
];

pub const ZIG: Sources = project![
    "zig" [".gitignore", "README.md", "build", "costs.zig", "description.json", "metric.zig", "requirements.txt"],
    "sdk-zig" ["driftline.zig"]
];

pub const GO: Sources = project![
    "go" [
        ".gitignore", "README.md", "build", "costs.go", "description.json", "go.mod", "metric.go", "requirements.txt"
    ],
    "sdk-go" ["contract_wasip1.go", "driftline.go", "go.mod", "report.go", "rows.go"]
];

pub const PYTHON: Sources = project![
    "python" [
        ".gitignore", "README.md", "build", "requirements.txt", "src/cost_by_segment.py", "src/costs.py",
        "tests/test_cost_by_segment.py"
    ],
    "sdk-python" [
        "driftline_sdk/__init__.py", "driftline_sdk/accumulator.py", "driftline_sdk/componentize.py",
        "driftline_sdk/description.py", "driftline_sdk/failure.py", "driftline_sdk/metric.py",
        "driftline_sdk/report.py", "driftline_sdk/rows.py", "driftline_sdk/testing.py", "pyproject.toml"
    ]
];

pub const JAVASCRIPT: Sources = project![
    "javascript" [
        ".gitignore", ".npmrc", "README.md", "build", "costs.js", "metric.js", "package-lock.json", "package.json"
    ],
    "sdk-typescript" [
        "package.json", "src/contract.d.ts", "src/description.ts", "src/failure.ts", "src/index.ts", "src/metric.ts",
        "src/report.ts", "src/rows.ts", "tsconfig.json"
    ]
];

pub const TYPESCRIPT: Sources = project![
    "typescript" [
        ".gitignore", ".npmrc", "README.md", "build", "costs.ts", "metric.ts", "package-lock.json", "package.json",
        "tsconfig.json"
    ],
    "sdk-typescript" [
        "package.json", "src/contract.d.ts", "src/description.ts", "src/failure.ts", "src/index.ts", "src/metric.ts",
        "src/report.ts", "src/rows.ts", "tsconfig.json"
    ]
];

pub const ASSEMBLYSCRIPT: Sources = project![
    "assemblyscript" [
        ".gitignore", ".npmrc", "README.md", "build", "costs.ts", "description.ts", "metric.ts", "package-lock.json",
        "package.json"
    ],
    "sdk-assemblyscript" [
        "contract.ts", "exports.ts", "failure.ts", "index.ts", "metric.ts", "names.mjs", "package.json",
        "parameters.ts", "report.ts", "rows.ts", "state.ts"
    ]
];
