//! The options of `driftline serve` about what monitors did.

use clap::Args;

use crate::config::History;

/// For how long what monitors did is kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "History of monitors")]
pub struct HistoryArgs {
    /// Days for which runs, deliveries and silences are kept after their end; 0 for ever
    #[arg(long, env = "DRIFTLINE_MONITOR_RUN_DAYS", value_name = "DAYS", default_value_t = History::default().run_days)]
    monitor_run_days: u32,
    /// Days for which the evaluations of runs are kept, with charts and aggregates; the last of each monitor and model
    /// stays, and so do those from the time of an open alert. 0 for ever
    #[arg(long, env = "DRIFTLINE_MONITOR_EVALUATION_DAYS", value_name = "DAYS",
        default_value_t = History::default().evaluation_days)]
    monitor_evaluation_days: u32,
    /// Days for which results are kept after they were replaced or last found to hold, and alerts after they were
    /// resolved; 0 for ever
    #[arg(long, env = "DRIFTLINE_MONITOR_RESULT_DAYS", value_name = "DAYS", default_value_t = History::default().result_days)]
    monitor_result_days: u32,
}

impl From<HistoryArgs> for History {
    fn from(args: HistoryArgs) -> Self {
        let HistoryArgs { monitor_run_days, monitor_evaluation_days, monitor_result_days } = args;
        Self { run_days: monitor_run_days, evaluation_days: monitor_evaluation_days, result_days: monitor_result_days }
    }
}
