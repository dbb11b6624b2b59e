//! Flags about plugins.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use driftline_sandbox::Limits;

use crate::config::{BreakerRules, PluginRules};

/// What plugins may do, and whose may run.
#[derive(Debug, Args)]
pub struct PluginArgs {
    /// Longest time in milliseconds that one call of a plugin may take; a plugin's description can lower it
    #[arg(long, env = "DRIFTLINE_PLUGIN_CALL_MS", value_name = "MS", default_value_t = Limits::default().call_ms)]
    plugin_call_ms: u64,
    /// Memory in MiB that one instance of a plugin may use; a plugin's description can lower it
    #[arg(long, env = "DRIFTLINE_PLUGIN_MEMORY_MIB", value_name = "MIB", default_value_t = Limits::default().memory_bytes >> 20)]
    plugin_memory_mib: usize,
    /// File of public keys, one a line: only plugins signed by one of them may be uploaded and run, besides the standard ones
    #[arg(long, env = "DRIFTLINE_PLUGIN_KEYS", value_name = "FILE")]
    plugin_keys: Option<PathBuf>,
    /// Faults in a row (traps, exceeded limits) after which a plugin is left alone for a while; 0 for never
    #[arg(long, env = "DRIFTLINE_PLUGIN_FAULTS", value_name = "N", default_value_t = PluginRules::default().breaker.faults)]
    plugin_faults: u32,
    /// Seconds for which a plugin that keeps failing is left alone
    #[arg(long, env = "DRIFTLINE_PLUGIN_COOL_DOWN", value_name = "SECONDS", default_value_t = PluginRules::default().breaker.cool_down.as_secs())]
    plugin_cool_down: u64,
}

impl From<PluginArgs> for PluginRules {
    fn from(args: PluginArgs) -> Self {
        let limits = Limits {
            call_ms: args.plugin_call_ms.max(1),
            memory_bytes: args.plugin_memory_mib.max(1) << 20,
            ..Limits::default()
        };
        let cool_down = Duration::from_secs(args.plugin_cool_down.max(1));
        Self { limits, keys: args.plugin_keys, breaker: BreakerRules { faults: args.plugin_faults, cool_down } }
    }
}
