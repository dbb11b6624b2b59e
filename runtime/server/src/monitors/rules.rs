//! The rules of monitors as plain functions: times, windows, verdicts, what becomes of alerts.

pub mod alerting;
pub mod cron;
pub mod pattern;
pub mod verdict;
pub mod windows;
pub mod zone;

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod periods;
#[cfg(test)]
mod schedules;
