//! Who sends what: deliveries are claimed by lease, sent, and settled.

use driftline_core::{Name, Span, Time};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{COMES_LATER, DeliveryRecord, IS_GONE, SELECT, delivery};
use crate::{ChannelRecord, Error, Step, Storage, catalog, channel};

/// A delivery that the caller is to send, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// The delivery.
    pub delivery: DeliveryRecord,
    /// Its channel, unless that is no more.
    pub channel: Option<ChannelRecord>,
}

/// How an attempt to send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has it.
    Sent,
    /// It is to be tried again at this time.
    Again(Time),
    /// It is given up.
    Dead,
}

/// How many deliveries there are that are not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryReading {
    /// How many are to be sent, now or later.
    pub pending: u64,
    /// How many were given up.
    pub dead: u64,
    /// When the oldest was made that is to be sent.
    pub oldest: Option<Time>,
}

impl Storage {
    /// Takes deliveries whose time has come, at most `each` of every channel, less what that already sends, and at most
    /// `limit`: they are `owner`'s for as long as `lease`. What is told of one alert to one channel is told in order: a later notice waits while an
    /// earlier one of any of its alerts is neither sent nor given up.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn claim_deliveries(
        &self,
        owner: Uuid,
        lease: Span,
        each: usize,
        limit: usize,
    ) -> Result<Vec<ClaimedDelivery>, Error> {
        if limit == 0 || self.next_delivery()?.is_none_or(|next| next > self.now()) {
            return Ok(Vec::new());
        }
        let faults = self.inner.options.faults.clone();
        self.inner.writer.call(move |group| {
            let (now, until) = (group.now, group.now.after(lease));
            let query = format!(
                "{SELECT} AND d.id IN (
                     SELECT id FROM (
                         SELECT p.id, p.next_attempt, row_number() OVER (PARTITION BY p.channel ORDER BY p.next_attempt, p.id)
                             + (SELECT count(*) FROM deliveries s WHERE s.status = 'pending' AND s.channel = p.channel
                                AND s.lease BETWEEN ?1 AND ?2) AS place
                         FROM deliveries p
                         WHERE p.status = 'pending' AND p.next_attempt <= ?1 AND NOT {IS_GONE}
                             AND (p.lease IS NULL OR p.lease NOT BETWEEN ?1 AND ?2)
                             AND NOT {COMES_LATER}
                     ) WHERE place <= ?3 ORDER BY next_attempt, id LIMIT ?4)
                 ORDER BY d.next_attempt, d.id"
            );
            let taken: Vec<DeliveryRecord> = group
                .connection
                .prepare_cached(&query)?
                .query_map(params![now.micros(), until.micros(), each as i64, limit as i64], delivery)?
                .collect::<Result<_, _>>()?;
            let mut update =
                group.connection.prepare_cached("UPDATE deliveries SET owner = ?2, lease = ?3 WHERE id = ?1")?;
            let mut claimed = Vec::with_capacity(taken.len());
            for delivery in taken {
                update.execute(params![delivery.id.as_bytes(), owner.as_bytes(), until.micros()])?;
                let channel = channel::find(group.connection, &delivery.channel)?;
                claimed.push(ClaimedDelivery { delivery, channel });
            }
            faults.pass(Step::DeliveryClaim)?;
            Ok(claimed)
        })
    }

    /// Writes down how an attempt ended, and what was said. `false` when the delivery is another's meanwhile, or settled.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; it is sent again then, with the same key.
    pub fn settle_delivery(&self, owner: Uuid, id: Uuid, settled: Settled, said: String) -> Result<bool, Error> {
        let faults = self.inner.options.faults.clone();
        self.inner.writer.call(move |group| {
            faults.pass(Step::DeliverySettle)?;
            let (status, next) = match settled {
                Settled::Sent => ("sent", None),
                Settled::Again(at) => ("pending", Some(at.micros())),
                Settled::Dead => ("dead", None),
            };
            let changed = group
                .connection
                .prepare_cached(
                    "UPDATE deliveries SET status = ?3, attempts = attempts + 1, next_attempt = coalesce(?4, next_attempt),
                         settled = CASE WHEN ?4 IS NULL THEN ?5 END, said = ?6, owner = NULL, lease = NULL
                     WHERE id = ?1 AND owner = ?2 AND status = 'pending'",
                )?
                .execute(params![id.as_bytes(), owner.as_bytes(), status, next, group.now.micros(), said])?;
            Ok(changed == 1)
        })
    }

    /// Puts a notice into the outbox that is about no alert, such as a test of a channel.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the channel.
    pub fn put_delivery(&self, id: Uuid, channel: &Name, notice: String) -> Result<(), Error> {
        let name = channel.clone();
        self.inner.writer.call(move |group| {
            channel::find(group.connection, &name)?.ok_or_else(|| Error::not_found("channel", &name))?;
            group
                .connection
                .prepare_cached(
                    "INSERT INTO deliveries (id, channel, notice, status, attempts, created, next_attempt, said)
                     VALUES (?1, ?2, ?3, 'pending', 0, ?4, ?4, '')",
                )?
                .execute(params![id.as_bytes(), name.as_str(), notice, group.now.micros()])?;
            Ok(())
        })
    }

    /// When the next delivery is to be sent that nobody is sending and that waits for no other.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn next_delivery(&self) -> Result<Option<Time>, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| {
            let query = format!(
                "SELECT p.next_attempt FROM deliveries p WHERE p.status = 'pending' AND (p.lease IS NULL OR p.lease < ?1)
                     AND NOT {IS_GONE} AND NOT {COMES_LATER}
                 ORDER BY p.next_attempt LIMIT 1"
            );
            Ok(view
                .prepare_cached(&query)?
                .query_row([now.micros()], |row| catalog::time(row, 0))
                .optional()?)
        })
    }

    /// How many deliveries there are that are not sent.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn delivery_reading(&self) -> Result<DeliveryReading, Error> {
        self.inner.catalog.read(|view| {
            let (pending, oldest) = view
                .prepare_cached("SELECT count(*), min(created) FROM deliveries WHERE status = 'pending'")?
                .query_row([], |row| Ok((row.get(0)?, catalog::time_or_null(row, 1)?)))?;
            let dead = view
                .prepare_cached("SELECT count(*) FROM deliveries WHERE status = 'dead'")?
                .query_row([], |row| row.get(0))?;
            Ok(DeliveryReading { pending, dead, oldest })
        })
    }
}
