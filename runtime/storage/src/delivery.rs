//! Deliveries: the outbox of what is told, made with the change it tells of.

mod list;
mod outbox;

pub use list::DeliveryFilter;
pub use outbox::{ClaimedDelivery, DeliveryReading, Settled};

use driftline_core::{Name, Time};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::{Error, catalog, model::ModelId, word::words};

/// A delivery as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its key, by which a receiver knows it however often it is sent.
    pub id: Uuid,
    /// The channel it goes to.
    pub channel: Name,
    /// The monitor that tells; none of a test.
    pub monitor: Option<Name>,
    /// The model it is about; none of a test.
    pub model: Option<Name>,
    /// The alert it is about; none of a test.
    pub alert: Option<Uuid>,
    /// What is told, as a JSON text that storage does not look into.
    pub notice: String,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was made.
    pub created: Time,
    /// When it is tried next, or was tried last.
    pub next_attempt: Time,
    /// When it was sent or given up.
    pub settled: Option<Time>,
    /// What the receiver said last, or why it could not be reached.
    pub said: String,
}

words! {
    /// How far a delivery is.
    DeliveryStatus {
        /// It is to be sent.
        Pending = "pending",
        /// It was sent.
        Sent = "sent",
        /// It was given up.
        Dead = "dead",
    }
}

/// Something to be told; of one with its key that nobody has tried to send yet it replaces what is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its key.
    pub id: Uuid,
    /// As in [`DeliveryRecord`].
    pub channel: Name,
    /// All alerts that it tells of. What else is told of one of them to the channel later waits until this has been sent or
    /// given up.
    pub alerts: Vec<Uuid>,
    /// As in [`DeliveryRecord`].
    pub notice: String,
    /// When it is tried first.
    pub not_before: Time,
}

/// Puts a delivery about an alert of a monitor and model into the outbox.
pub(crate) fn insert(
    connection: &Connection,
    new: &NewDelivery,
    (monitor, model, alert): (&Name, ModelId, Uuid),
    now: Time,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO deliveries (id, channel, monitor, model, alert, notice, status, attempts, created, next_attempt,
                 said)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', 0, ?7, ?8, '')
             ON CONFLICT (id) DO UPDATE SET notice = ?6
                 WHERE status = 'pending' AND attempts = 0 AND lease IS NULL",
        )?
        .execute(params![
            new.id.as_bytes(),
            new.channel.as_str(),
            monitor.as_str(),
            model.0,
            alert.as_bytes(),
            new.notice,
            now.micros(),
            new.not_before.micros()
        ])?;
    let mut told = connection.prepare_cached("INSERT OR IGNORE INTO told (delivery, alert) VALUES (?1, ?2)")?;
    for alert in new.alerts.iter().chain([&alert]) {
        told.execute(params![new.id.as_bytes(), alert.as_bytes()])?;
    }
    Ok(())
}

/// That an earlier delivery `e` is to be sent to the same channel which tells of an alert that `p` tells of too. The
/// order is that of their insertion: clocks may be set. From `p` by its alerts: a channel may have many to send.
const COMES_LATER: &str = "EXISTS (SELECT 1 FROM told t CROSS JOIN told o CROSS JOIN deliveries e
    WHERE t.delivery = p.id AND o.alert = t.alert AND e.id = o.delivery AND e.rowid < p.rowid AND e.channel = p.channel
        AND e.status = 'pending')";

/// That the model of `p` is being erased, and with it what was to be told of it.
const IS_GONE: &str = "EXISTS (SELECT 1 FROM models m WHERE m.id = p.model AND m.deleted IS NOT NULL)";

/// Gives up what was to go to a channel that is no more.
pub(crate) fn give_up(connection: &Connection, channel: &Name, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE deliveries SET status = 'dead', settled = ?2, said = 'the channel was removed', owner = NULL,
                 lease = NULL WHERE channel = ?1 AND status = 'pending'",
        )?
        .execute(params![channel.as_str(), now.micros()])?;
    Ok(())
}

/// What is to be told of a model later and was not tried yet, the oldest first; but not what would be told before something
/// newer of the model that is on its way to the same channel. Few deliveries have their time yet to come, many are about a
/// model: so the first is looked for.
pub(crate) fn waiting(connection: &Connection, model: ModelId, now: Time) -> Result<Vec<DeliveryRecord>, Error> {
    let query = format!(
        "{SELECT} AND d.status = 'pending' AND d.next_attempt > ?2 AND +d.model = ?1 AND d.attempts = 0
             AND d.lease IS NULL
             AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.status = 'pending' AND n.channel = d.channel
                 AND n.model = d.model AND n.rowid > d.rowid
                 AND NOT (n.next_attempt > ?2 AND n.attempts = 0 AND n.lease IS NULL))
         ORDER BY +d.rowid"
    );
    Ok(connection.prepare_cached(&query)?.query_map([model.0, now.micros()], delivery)?.collect::<Result<_, _>>()?)
}

const SELECT: &str = "SELECT d.id, d.channel, d.monitor, o.name, d.alert, d.notice, d.status, d.attempts, d.created,
        d.next_attempt, d.settled, d.said
    FROM deliveries d LEFT JOIN models o ON o.id = d.model WHERE o.deleted IS NULL";

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRecord> {
    Ok(DeliveryRecord {
        id: catalog::uuid(row, 0)?,
        channel: catalog::name(row, 1)?,
        monitor: catalog::name_or_null(row, 2)?,
        model: catalog::name_or_null(row, 3)?,
        alert: catalog::uuid_or_null(row, 4)?,
        notice: row.get(5)?,
        status: catalog::word(row, 6, DeliveryStatus::parse)?,
        attempts: row.get(7)?,
        created: catalog::time(row, 8)?,
        next_attempt: catalog::time(row, 9)?,
        settled: catalog::time_or_null(row, 10)?,
        said: row.get(11)?,
    })
}
