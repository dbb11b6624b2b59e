//! What a monitor's definition says of when it runs.

use std::sync::Arc;

use driftline_core::{Name, Span, Time, Window};
use driftline_storage::{Awaiting, MonitorRecord};

use super::Scheduler;
use crate::{app::App, monitors, problem::Problem};

/// When a monitor runs.
pub enum Agenda {
    /// At instants.
    At(Box<dyn Instants>),
    /// When so many predictions have come since it last did.
    Rows(u64),
    /// When enough labels of a window have come.
    Labels(Box<dyn LabelRule>),
}

/// The instants at which a schedule is due.
pub trait Instants: Send + Sync {
    /// The first one after `time`; none when there is none any more.
    fn next_after(&self, time: Time) -> Option<Time>;

    /// Which are caught up that nobody saw come.
    fn catch_up(&self) -> CatchUp;

    /// How much later than due a monitor's run over a model starts, so that not all start at once.
    fn jitter(&self, monitor: &Name, model: &Name) -> Option<Span>;
}

/// The windows that wait for their labels.
pub trait LabelRule: Instants {
    /// The window of the run that is due at `due`.
    fn window(&self, due: Time) -> Option<Window>;

    /// The share of predictions that must have labels, from 0 to 1.
    fn coverage(&self) -> f64;
}

/// Which instants are caught up that nobody saw come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// The last one.
    Latest,
    /// All of them.
    All,
    /// None.
    None,
}

impl Scheduler {
    /// The agenda of the monitor that is awaited; `None` when it is another meanwhile.
    ///
    /// # Errors
    /// When the definition can't be read.
    pub(super) fn agenda(&self, app: &App, watch: &Awaiting) -> Result<Option<Arc<Agenda>>, Problem> {
        if let Some((revision, agenda)) = self.agendas().get(&watch.monitor)
            && *revision == watch.revision
        {
            return Ok(Some(agenda.clone()));
        }
        let Some(monitor): Option<MonitorRecord> = app.storage.monitor(&watch.monitor)? else { return Ok(None) };
        let agenda = Arc::new(monitors::agenda(&monitor)?);
        self.agendas().insert(monitor.name, (monitor.revision, agenda.clone()));
        Ok((monitor.revision == watch.revision).then_some(agenda))
    }

    fn agendas(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<Name, (u64, Arc<Agenda>)>> {
        self.agendas.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
