//! The laws of a plugin as a table for people.

use crate::{
    cli::{output::say, table::table},
    wire::{LawVerdict, Laws, LawsChecked},
};

/// Prints what became of each law, with what it says.
///
/// # Errors
/// When nobody reads any more.
pub fn print(laws: &Laws) -> anyhow::Result<()> {
    say(format_args!("Laws: {}", summary(laws)))?;
    let mut notes = laws.findings.iter().map(|finding| (finding.verdict, finding.note.as_deref()));
    match notes.next() {
        None => return Ok(()),
        // One reason for all need be read only once.
        Some(first @ (LawVerdict::NotChecked, Some(reason))) if notes.all(|other| other == first) => {
            return say(reason);
        }
        Some(_) => {}
    }
    let mut lines = table(&["law", "", "what it says", "note"]);
    for finding in &laws.findings {
        let note = finding.note.as_deref().unwrap_or_default();
        lines.add_row([finding.law.as_str(), finding.verdict.in_words(), finding.says.as_str(), note]);
    }
    say(lines)
}

/// How many hold, and which do not or were not checked.
pub fn summary(laws: &Laws) -> String {
    match laws.checked {
        LawsChecked::Release => return "kept, by the tests of the release that this plugin came with".to_owned(),
        LawsChecked::Never => return "not checked: upload the plugin again".to_owned(),
        LawsChecked::Upload => {}
    }
    let counted = |verdict: LawVerdict| {
        let named: Vec<&str> =
            laws.findings.iter().filter(|law| law.verdict == verdict).map(|law| law.law.as_str()).collect();
        match (verdict, named.len()) {
            (_, 0) => None,
            (LawVerdict::Holds, held) => Some(format!("{held} hold")),
            (_, others) => Some(format!("{others} {} ({})", verdict.in_words(), named.join(", "))),
        }
    };
    let verdicts = [LawVerdict::Holds, LawVerdict::Broken, LawVerdict::NotChecked, LawVerdict::NotClaimed];
    let counts: Vec<String> = verdicts.into_iter().filter_map(counted).collect();
    let took = laws.took_ms.map(|took| format!(" in {took} ms")).unwrap_or_default();
    format!("{}; on {} generated rows{took}", counts.join(", "), laws.rows)
}
