//! When a monitor runs, as the scheduler takes it.

use driftline_core::{Digest, Name, Span, Time, Window};
use driftline_storage::MonitorRecord;

use super::{
    monitor,
    rules::{cron::Cron, windows, zone},
};
use crate::{
    problem::Problem,
    scheduler::{Agenda, CatchUp, Instants, LabelRule},
    wire::{self, MonitorDefinition, On, Schedule},
};

/// The longest jitter unless told.
const JITTER_MICROS: i64 = 300_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Instants by the clock, or none.
struct Clocked {
    cron: Option<Cron>,
    definition: MonitorDefinition,
    zone: jiff::tz::TimeZone,
}

/// When the monitor runs.
///
/// # Errors
/// When its schedule makes no sense.
pub fn agenda(record: &MonitorRecord) -> Result<Agenda, Problem> {
    let definition = monitor::read(record)?.definition;
    let on = definition.schedule.as_ref().and_then(|schedule| schedule.on);
    let rows = definition.schedule.as_ref().and_then(|schedule| schedule.rows).unwrap_or(1);
    let clocked = || clocked(definition.clone());
    Ok(match on {
        None => Agenda::At(Box::new(clocked()?)),
        Some(On::Data) => Agenda::Rows(rows),
        Some(On::Labels) => Agenda::Labels(Box::new(clocked()?)),
    })
}

fn clocked(definition: MonitorDefinition) -> Result<Clocked, Problem> {
    let zone = zone::zone(definition.schedule.as_ref())
        .map_err(|why| Problem::invalid("invalid_time_zone", why).at("schedule.time_zone"))?;
    let cron = cron(definition.schedule.as_ref(), &definition)?;
    Ok(Clocked { cron, definition, zone })
}

/// The instants of a schedule. One that waits for labels looks at each period when it has ended, or each hour.
///
/// # Errors
/// 422 when the text is no schedule.
pub fn cron(schedule: Option<&Schedule>, definition: &MonitorDefinition) -> Result<Option<Cron>, Problem> {
    let Some(schedule) = schedule else { return Ok(None) };
    let zone = zone::zone(Some(schedule))
        .map_err(|why| Problem::invalid("invalid_time_zone", why).at("schedule.time_zone"))?;
    let text = match (schedule.cron.as_deref(), schedule.on) {
        (Some(text), _) => text,
        (None, Some(On::Labels)) => match definition.window.period {
            Some(wire::PeriodUnit::Day) => "@daily",
            Some(wire::PeriodUnit::Week) => "0 0 * * 1",
            Some(wire::PeriodUnit::Month) => "@monthly",
            _ => "@hourly",
        },
        (None, _) => return Ok(None),
    };
    let cron = Cron::parse(text, zone).map_err(|why| Problem::invalid("invalid_schedule", why).at("schedule.cron"))?;
    Ok(Some(cron))
}

impl Instants for Clocked {
    fn next_after(&self, time: Time) -> Option<Time> {
        self.cron.as_ref()?.next_after(time)
    }

    fn catch_up(&self) -> CatchUp {
        match self.definition.catch_up {
            wire::CatchUp::Latest => CatchUp::Latest,
            wire::CatchUp::All => CatchUp::All,
            wire::CatchUp::None => CatchUp::None,
        }
    }

    fn jitter(&self, monitor: &Name, model: &Name) -> Option<Span> {
        let longest = match self.definition.jitter {
            Some(jitter) => jitter.0?.0.micros(),
            None => {
                let first = self.next_after(Time::EPOCH)?;
                let interval = self.next_after(first)?.micros() - first.micros();
                (interval / 10).min(JITTER_MICROS)
            }
        };
        let digest = Digest::of_parts([monitor.as_str().as_bytes(), model.as_str().as_bytes()]);
        let drawn = digest.as_bytes().iter().take(8).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
        Span::from_micros(((u128::from(drawn) * u128::from(longest.unsigned_abs())) >> 64) as i64)
    }
}

impl LabelRule for Clocked {
    fn window(&self, due: Time) -> Option<Window> {
        let at = self.definition.delay.map_or(due, |delay| due.before(delay.0));
        windows::window(&self.definition.window, at, &self.zone, at.before(Span::from_micros(HOUR_MICROS)?).into())
    }

    fn coverage(&self) -> f64 {
        self.definition.schedule.as_ref().and_then(|schedule| schedule.coverage).unwrap_or(1.0)
    }
}
