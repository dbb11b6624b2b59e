//! Why the sandbox did not do what it was asked to.

use std::{fmt, io};

/// Why a plugin could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plugin is at fault; its author can act on this.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many plugins wait to be compiled.
    #[error("other plugins are being compiled: try again in {retry_after_ms} ms")]
    Busy {
        /// When it is worth trying again.
        retry_after_ms: u64,
    },
    /// The sandbox was told to stop.
    #[error("no plugin is compiled any more, since the server stops: try again when it is back")]
    Stopped,
    /// The bytes of the plugin could not be fetched.
    #[error("the plugin's bytes could not be read: {0}")]
    Fetch(Box<dyn std::error::Error + Send + Sync>),
    /// The bytes fetched for a digest are others.
    #[error("the stored bytes of plugin {wanted} have the digest {found}: restore them or upload the plugin again")]
    Digest {
        /// The digest asked for.
        wanted: driftline_core::Digest,
        /// The digest of the bytes.
        found: driftline_core::Digest,
    },
    /// The cache directory or the compiler process failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime could not be set up.
    #[error("the Wasm runtime could not be set up: {0}")]
    Setup(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }

    /// The refusal, when the plugin is at fault.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Why a plugin cannot be installed: what is wrong, and what its author can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable code.
    pub code: RefusalCode,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The stable code of a [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// The bytes are no Wasm.
    NotWasm,
    /// The bytes end too early.
    Truncated,
    /// There are too many bytes.
    TooLarge,
    /// It is Wasm that does not validate, or uses a feature that is off.
    InvalidWasm,
    /// It was built against a version of the contract that is not offered.
    ContractVersion,
    /// Its imports or exports differ from the contract's world.
    WorldMismatch,
    /// The compiler failed.
    CompileFailed,
    /// The compiler took too long.
    CompileTimeout,
    /// The compiler needed too much memory.
    CompileMemory,
    /// It could not be instantiated, or `describe` trapped.
    DescribeTrapped,
    /// `describe` took too long.
    DescribeDeadline,
    /// `describe` used more than its limits or called what it may not.
    DescribeFailed,
    /// What `describe` returned is no description.
    DescribeInvalid,
    /// It breaks a law that it claims to keep.
    LawBroken,
}

impl RefusalCode {
    const ALL: [Self; 14] = [
        Self::NotWasm,
        Self::Truncated,
        Self::TooLarge,
        Self::InvalidWasm,
        Self::ContractVersion,
        Self::WorldMismatch,
        Self::CompileFailed,
        Self::CompileTimeout,
        Self::CompileMemory,
        Self::DescribeTrapped,
        Self::DescribeDeadline,
        Self::DescribeFailed,
        Self::DescribeInvalid,
        Self::LawBroken,
    ];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotWasm => "not_wasm",
            Self::Truncated => "truncated",
            Self::TooLarge => "too_large",
            Self::InvalidWasm => "invalid_wasm",
            Self::ContractVersion => "contract_version",
            Self::WorldMismatch => "world_mismatch",
            Self::CompileFailed => "compile_failed",
            Self::CompileTimeout => "compile_timeout",
            Self::CompileMemory => "compile_memory",
            Self::DescribeTrapped => "describe_trapped",
            Self::DescribeDeadline => "describe_deadline",
            Self::DescribeFailed => "describe_failed",
            Self::DescribeInvalid => "describe_invalid",
            Self::LawBroken => "law_broken",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
