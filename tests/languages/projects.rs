//! New projects: each builds by its own command, passes the case that it comes with, and is the metric that it says.

use std::{io::Write, path::Path, process::Command, time::Instant};

use tempfile::TempDir;

use super::{
    Built,
    built::{self, LANGUAGES},
    differences, install, served,
};
use crate::harness::succeed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_new_project_builds_passes_its_case_and_gives_the_bits_of_rust() {
    if built::folder().is_none() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let server = served().await;
    let rust = install(&server, &Built::rust()).await;
    for language in ["rust"].iter().chain(&LANGUAGES) {
        let begun = Instant::now();
        let name = format!("made-in-{language}");
        let project = folder.path().join(&name);
        let made = build(&name, language, &project);
        let tested = succeed(&["plugin", "test", project.to_str().expect("UTF-8")], &[]);
        assert!(tested.contains("ok   errors"), "{language}: {tested}");
        let installed = install(&server, &made).await;
        assert_eq!(installed.name, name);
        let found = differences((&server, &rust.name), (&server, &name)).await;
        assert_eq!(found, Vec::<String>::new(), "{language}");
        // Seen also when the test passes.
        let _ = writeln!(std::io::stderr(), "a new project in {language}: {:.1} s", begun.elapsed().as_secs_f64());
    }
}

/// Makes a project and runs its build command; the module that it makes.
fn build(name: &str, language: &str, project: &Path) -> Built {
    let folder = project.to_str().expect("UTF-8");
    succeed(&["plugin", "new", name, "--language", language, "--dir", folder], &[]);
    let output = Command::new(project.join("build")).output().expect("the build command runs");
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{language}: {printed}");
    Built::read(name, &project.join("metric.wasm"))
}
