//! What an operator can choose of plugins.

use std::{path::PathBuf, time::Duration};

use driftline_sandbox::Limits;

/// What plugins may do, and whose may run.
#[derive(Debug, Clone)]
pub struct PluginRules {
    /// What any plugin may use.
    pub limits: Limits,
    /// A file of public keys: only plugins signed by one of them may be uploaded and run.
    pub keys: Option<PathBuf>,
    /// When a plugin is left alone.
    pub breaker: BreakerRules,
}

/// When a plugin that keeps failing is left alone.
#[derive(Debug, Clone, Copy)]
pub struct BreakerRules {
    /// After so many faults in a row; 0 for never.
    pub faults: u32,
    /// For so long.
    pub cool_down: Duration,
}

impl Default for PluginRules {
    fn default() -> Self {
        let breaker = BreakerRules { faults: 5, cool_down: Duration::from_secs(60) };
        Self { limits: Limits::default(), keys: None, breaker }
    }
}
