//! What became of the laws that a plugin claims to keep.

use std::fmt;

use driftline_sandbox as sandbox;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the laws that a plugin claims to keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Laws {
    /// Who has checked them.
    pub checked: LawsChecked,
    /// On how many generated rows.
    #[serde(default)]
    pub rows: usize,
    /// How long that took, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<f64>,
    /// One entry for each law; none unless they were checked at the upload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<LawFinding>,
}

/// Who has checked the laws of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LawsChecked {
    /// This server, when the plugin was uploaded.
    Upload,
    /// The tests of this release: it came with the server.
    Release,
    /// Nobody: it was installed by a release that did not check them. Upload it again.
    Never,
}

/// What became of one law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LawFinding {
    /// The law.
    pub law: String,
    /// What it says.
    pub says: String,
    /// Whether it holds.
    pub verdict: LawVerdict,
    /// Why it was not checked, how it is broken, or a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Whether a law holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LawVerdict {
    /// On all that was tried.
    Holds,
    /// It could not be checked.
    NotChecked,
    /// The plugin says that its states do not merge.
    NotClaimed,
    /// It does not; such a plugin is not installed.
    Broken,
}

impl Laws {
    /// Those of a plugin that comes with the server.
    pub fn of_release() -> Self {
        Self { checked: LawsChecked::Release, ..Self::never() }
    }

    /// Those of a plugin that nobody has checked.
    pub fn never() -> Self {
        Self { checked: LawsChecked::Never, rows: 0, took_ms: None, findings: Vec::new() }
    }

    /// From the text that the catalog keeps; none when there is none.
    pub fn read(kept: Option<&str>) -> Option<Self> {
        serde_json::from_str(kept?).ok()
    }
}

/// The text that the catalog keeps.
impl fmt::Display for Laws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl LawVerdict {
    /// The verdict in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotChecked => "not checked",
            Self::NotClaimed => "not claimed",
            Self::Broken => "BROKEN",
        }
    }
}

impl From<sandbox::Laws> for Laws {
    fn from(laws: sandbox::Laws) -> Self {
        let took_ms = Some((laws.took.as_secs_f64() * 1e4).round() / 10.0);
        let findings = laws.findings.into_iter().map(LawFinding::from).collect();
        Self { checked: LawsChecked::Upload, rows: laws.rows, took_ms, findings }
    }
}

impl From<sandbox::Finding> for LawFinding {
    fn from(finding: sandbox::Finding) -> Self {
        let (verdict, note) = match finding.verdict {
            sandbox::Verdict::Holds(remark) => (LawVerdict::Holds, remark),
            sandbox::Verdict::NotChecked(reason) => (LawVerdict::NotChecked, Some(reason)),
            sandbox::Verdict::NotClaimed => (LawVerdict::NotClaimed, None),
            sandbox::Verdict::Broken(breach) => (LawVerdict::Broken, Some(breach.to_string())),
        };
        Self { law: finding.law.to_string(), says: finding.law.says().to_owned(), verdict, note }
    }
}
