//! `driftline plugin new`: a project that builds, tests and runs from the first minute.

mod name;
mod template;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;

use self::{name::ProjectName, template::Language};
use crate::cli::output::say;

/// What every project's `build` makes.
const MODULE: &str = "metric.wasm";

/// Makes the project of a new plugin
///
/// It is a small metric that works: what wrong predictions cost, by segment,
/// with a category, parameters, a reference and a chart. Its README says how it
/// is built; `cases` holds a test for `driftline plugin test`. Change it bit by
/// bit into yours.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline plugin new late-arrivals --language rust")]
pub struct New {
    /// Its name: small letters, digits and hyphens
    name: ProjectName,
    /// What it is written in
    #[arg(long, value_enum)]
    language: Language,
    /// Where the project goes [default: a folder of its name]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// When the folder is not empty or can't be written.
pub fn run(new: &New) -> anyhow::Result<()> {
    let folder = new.dir.clone().unwrap_or_else(|| PathBuf::from(new.name.as_str()));
    refuse_what_is_there(&folder)?;
    let template = new.language.template();
    for file in template.files(&new.name) {
        write(&folder.join(file.path), &file.text, file.is_program)?;
    }
    let shown = folder.display();
    say(format_args!(
        "{shown} is a metric in {}. Its README says what it needs; then:\n\n  cd {shown}\n  ./build\n  \
         driftline plugin check {MODULE}\n  driftline plugin test .\n  driftline plugin push {MODULE}",
        template.language,
    ))
}

fn refuse_what_is_there(folder: &Path) -> anyhow::Result<()> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{} can't be read", folder.display())),
    };
    match entries.next() {
        Some(_) => bail!("{} is not empty: choose another folder with --dir", folder.display()),
        None => Ok(()),
    }
}

fn write(path: &Path, text: &str, is_program: bool) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let written = (|| {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
        if is_program { fs::set_permissions(path, fs::Permissions::from_mode(0o755)) } else { Ok(()) }
    })();
    written.with_context(|| format!("{} can't be written", path.display()))
}
