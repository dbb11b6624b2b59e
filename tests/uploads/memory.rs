//! How much memory a process takes at its peak.

use std::fs;

/// The peak from now on.
pub struct Peak {
    pid: u32,
    before_kib: u64,
}

impl Peak {
    /// Of a process; the peak so far is forgotten.
    pub fn of(pid: u32) -> Self {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak is reset");
        Self { pid, before_kib: kib(pid, "VmRSS:") }
    }

    /// By how much the process has grown at most.
    pub fn grown_mib(&self) -> u64 {
        kib(self.pid, "VmHWM:").saturating_sub(self.before_kib) >> 10
    }
}

fn kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
