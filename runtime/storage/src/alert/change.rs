//! How alerts change: in one transaction with why they do and what is told of it.

use driftline_core::Time;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{AlertKind, AlertRecord, AlertStatus, SELECT, alert};
use crate::{
    DeliveryRecord, Error, NewDelivery, SilenceRecord, Storage, delivery,
    monitor::{self, MonitorId},
    run::{Pair, pair},
    silence, watch,
};

/// Decides what becomes of a pair's alerts, inside the transaction and on the writer's thread: it only computes, and is quick.
pub type Judge = Box<dyn FnOnce(&Docket) -> Vec<AlertChange> + Send>;

/// What there is to decide on.
#[derive(Debug, Clone)]
pub struct Docket {
    /// The present.
    pub now: Time,
    /// The alerts of a monitor and a model that are not resolved.
    pub alerts: Vec<AlertRecord>,
    /// What is to be told of the model later and was not tried yet: it can still be added to, under its key.
    pub waiting: Vec<DeliveryRecord>,
    /// The silences that hold now.
    pub silences: Vec<SilenceRecord>,
    /// Whether the monitor still watches the model.
    pub watched: bool,
}

/// What becomes of an alert.
#[derive(Debug, Clone)]
pub struct AlertChange {
    /// The alert as it is now to be.
    pub alert: NewAlert,
    /// What happened.
    pub events: Vec<NewEvent>,
    /// What is told, and where.
    pub deliveries: Vec<NewDelivery>,
}

/// An alert as it is to be; of one with its key these replace what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Its key.
    pub id: Uuid,
    /// As in [`AlertRecord`]; there is one alert that is not resolved for each pair, kind, slice and inputs.
    pub kind: AlertKind,
    /// As in [`AlertRecord`].
    pub slice: String,
    /// As in [`AlertRecord`].
    pub inputs: String,
    /// As in [`AlertRecord`].
    pub status: AlertStatus,
    /// As in [`AlertRecord`].
    pub level: String,
    /// As in [`AlertRecord`].
    pub opened: Time,
    /// As in [`AlertRecord`].
    pub resolved: Option<Time>,
    /// As in [`AlertRecord`].
    pub look_at: Option<Time>,
    /// As in [`AlertRecord`].
    pub state: String,
}

/// Something that happened to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What, such as `opened`.
    pub kind: String,
    /// Anything else, as a JSON text that storage does not look into.
    pub detail: String,
}

impl From<AlertRecord> for NewAlert {
    fn from(alert: AlertRecord) -> Self {
        let AlertRecord { id, kind, slice, inputs, status, level, opened, resolved, look_at, state, .. } = alert;
        Self { id, kind, slice, inputs, status, level, opened, resolved, look_at, state }
    }
}

impl Storage {
    /// Changes an alert as `decide` says of it, which only computes, and is quick; what it says of other alerts of the
    /// pair is done too. An error of its own changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the alert; those of `decide`.
    pub fn change_alert(
        &self,
        id: Uuid,
        decide: impl FnOnce(&AlertRecord, &Docket) -> Result<Vec<AlertChange>, Error> + Send + 'static,
    ) -> Result<AlertRecord, Error> {
        self.inner.writer.call(move |group| {
            let (held, pair) = find(group.connection, id)?.ok_or_else(|| Error::not_found("alert", id))?;
            let changes = decide(&held, &docket(group.connection, pair, group.now)?)?;
            for change in &changes {
                apply(group.connection, pair, change, group.now)?;
            }
            let changed = find(group.connection, id)?.ok_or_else(|| Error::not_found("alert", id))?;
            Ok(changed.0)
        })
    }
}

/// Lets `judge` decide on the alerts of a pair; gives the number of deliveries.
pub(crate) fn judge(connection: &Connection, pair: Pair, judge: Judge, now: Time) -> Result<usize, Error> {
    let docket = docket(connection, pair, now)?;
    let mut deliveries = 0;
    for change in judge(&docket) {
        apply(connection, pair, &change, now)?;
        deliveries += change.deliveries.len();
    }
    Ok(deliveries)
}

/// Lets `judge` decide on all alerts of a monitor that is about to go.
pub(crate) fn judge_all(connection: &Connection, monitor: MonitorId, judge: Judge, now: Time) -> Result<(), Error> {
    let query = format!("{SELECT} AND a.monitor = ?1 AND a.status <> 'resolved' ORDER BY a.opened, a.id");
    let found: Vec<(AlertRecord, Pair)> = connection
        .prepare_cached(&query)?
        .query_map([monitor.0], |row| Ok((alert(row)?, pair(row, 13)?)))?
        .collect::<Result<_, _>>()?;
    let (alerts, pairs): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let silences = silence::holding(connection, now)?;
    let docket = Docket { now, silences, waiting: Vec::new(), watched: false, alerts };
    for change in judge(&docket) {
        let at = docket.alerts.iter().position(|alert| alert.id == change.alert.id);
        let pair = at.and_then(|at| pairs.get(at)).ok_or_else(|| Error::not_found("alert", change.alert.id))?;
        apply(connection, *pair, &change, now)?;
    }
    Ok(())
}

fn docket(connection: &Connection, (monitor, model): Pair, now: Time) -> Result<Docket, Error> {
    let query =
        format!("{SELECT} AND a.monitor = ?1 AND a.model = ?2 AND a.status <> 'resolved' ORDER BY a.opened, a.id");
    let alerts =
        connection.prepare_cached(&query)?.query_map([monitor.0, model.0], alert)?.collect::<Result<_, _>>()?;
    let silences = silence::holding(connection, now)?;
    let waiting = delivery::waiting(connection, model, now)?;
    Ok(Docket { now, alerts, waiting, silences, watched: watch::exists(connection, monitor, model)? })
}

fn find(connection: &Connection, id: Uuid) -> Result<Option<(AlertRecord, Pair)>, Error> {
    let query = format!("{SELECT} AND a.id = ?1");
    Ok(connection
        .prepare_cached(&query)?
        .query_row([id.as_bytes()], |row| Ok((alert(row)?, pair(row, 13)?)))
        .optional()?)
}

fn apply(connection: &Connection, (monitor, model): Pair, change: &AlertChange, now: Time) -> Result<(), Error> {
    let new = &change.alert;
    let written = connection
        .prepare_cached(
            "INSERT INTO alerts (id, monitor, model, kind, slice, inputs, status, level, opened, updated, resolved,
                 look_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE SET status = ?7, level = ?8, opened = ?9, updated = ?10, resolved = ?11,
                 look_at = ?12, state = ?13",
        )?
        .execute(params![
            new.id.as_bytes(),
            monitor.0,
            model.0,
            new.kind.as_str(),
            new.slice,
            new.inputs,
            new.status.as_str(),
            new.level,
            new.opened.micros(),
            now.micros(),
            new.resolved.map(Time::micros),
            new.look_at.map(Time::micros),
            new.state
        ]);
    written.map_err(|error| second(error, new))?;
    let mut event =
        connection.prepare_cached("INSERT INTO alert_events (alert, at, kind, detail) VALUES (?1, ?2, ?3, ?4)")?;
    for NewEvent { kind, detail } in &change.events {
        event.execute(params![new.id.as_bytes(), now.micros(), kind, detail])?;
    }
    let monitor = monitor::by_id(connection, monitor)?.name;
    for delivery in &change.deliveries {
        delivery::insert(connection, delivery, (&monitor, model, new.id), now)?;
    }
    Ok(())
}

/// A second alert about the same thing is a mistake of whoever judges.
fn second(error: rusqlite::Error, new: &NewAlert) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) {
        let reason = format!("there is an alert already about {} of slice {}", new.kind.as_str(), new.slice);
        return Error::conflict("alert_exists", reason);
    }
    error.into()
}
