//! The documents of files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde_json::Value;

use super::variables::filled;

/// What a file is called for: its ending.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    /// The file and the document's number in it, from 1.
    pub place: String,
    /// What it says.
    pub value: Value,
}

/// The documents of files, and of the files in folders and below, in the order of their names.
///
/// # Errors
/// What can't be read, and where it is wrong.
pub fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Document>> {
    let mut files = Vec::new();
    for path in paths {
        find(path, true, &mut files)?;
    }
    let mut documents = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
        documents.extend(parse(&text, &file.display().to_string())?);
    }
    if documents.is_empty() {
        bail!("the files hold no documents: write at least one monitor, or name other files");
    }
    Ok(documents)
}

/// Files that were named are taken whatever they are called.
fn find(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = || format!("{} can't be read", path.display());
    if fs::metadata(path).with_context(unreadable)?.is_dir() {
        let entries: Result<Vec<_>, _> = fs::read_dir(path).with_context(unreadable)?.collect();
        let mut inside: Vec<_> = entries.with_context(unreadable)?.iter().map(fs::DirEntry::path).collect();
        inside.sort();
        return inside.iter().try_for_each(|path| find(path, false, files));
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if named || ENDINGS.contains(&ending) {
        files.push(path.to_owned());
    }
    Ok(())
}

/// The documents of a text: YAML, of which JSON is a part; a list at the top is as many documents.
fn parse(text: &str, place: &str) -> anyhow::Result<Vec<Document>> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let values: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| anyhow::anyhow!("{place} can't be read: {error}"))?;
    let each = values.into_iter().flat_map(|value| match value {
        Value::Array(values) => values,
        value => vec![value],
    });
    let mut documents = Vec::new();
    for (number, value) in (1..).zip(each.filter(|value| !value.is_null())) {
        let place = format!("{place}#{number}");
        if !value.is_object() {
            bail!("{place} is no monitor and no channel: write fields such as `name: flights-auc`");
        }
        let value = if value["kind"] == "channel" { filled(value, &place)? } else { value };
        documents.push(Document { place, value });
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_are_read_alike() {
        let monitor = json!({"name": "a", "schedule": {"on": "data", "rows": 1000}, "window": {"last": "7d"},
            "reference": {"start": "2001-01-01T00:00:00Z"}, "where": "late = 1", "paused": false});
        let yaml = "# a comment\nname: a\nschedule: {on: data, rows: 1000}\nwindow: {last: 7d}\nreference:\n  start: 2001-01-01T00:00:00Z\nwhere: late = 1\npaused: false\n";
        for (text, expected) in [
            (yaml.to_owned(), vec![monitor.clone()]),
            (monitor.to_string(), vec![monitor.clone()]),
            (format!("{yaml}---\n{monitor}\n---\n"), vec![monitor.clone(), monitor.clone()]),
            (json!([monitor, {"name": "b"}]).to_string(), vec![monitor.clone(), json!({"name": "b"})]),
            ("tags: [no, on, 1e3, '2']".into(), vec![json!({"tags": ["no", "on", 1000.0, "2"]})]),
        ] {
            let documents = parse(&text, "f").unwrap_or_else(|error| panic!("{text}: {error:#}"));
            assert_eq!(documents.into_iter().map(|document| document.value).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_refused_with_its_place() {
        for (text, words) in
            [("a: [", "f"), ("just text", "f#1"), ("name: a\nname: b", "name"), ("name: a\n---\n7", "f#2")]
        {
            let error = parse(text, "f").expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
