//! Deliveries as they are listed, and tried once more.

use driftline_core::Name;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{DeliveryRecord, DeliveryStatus, SELECT, delivery};
use crate::{Error, Storage, channel};

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Those that are so far.
    pub status: Option<DeliveryStatus>,
    /// Those to this channel.
    pub channel: Option<Name>,
    /// Those that tell of this alert.
    pub alert: Option<Uuid>,
}

impl Storage {
    /// The delivery with this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn delivery(&self, id: Uuid) -> Result<Option<DeliveryRecord>, Error> {
        self.inner.catalog.read(|view| find(view, id))
    }

    /// Deliveries, newest first, at most `limit`, those older than the one with the key `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no delivery with the key `after`.
    pub fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<DeliveryRecord>, Error> {
        self.inner.catalog.read(|view| {
            let (created, id) = match after {
                Some(id) => {
                    let found = find(view, id)?.ok_or_else(|| Error::not_found("delivery", id))?;
                    (found.created.micros(), id.into_bytes())
                }
                None => (i64::MAX, [u8::MAX; 16]),
            };
            let query = format!(
                "{SELECT} AND (d.created, d.id) < (?1, ?2) AND (?3 IS NULL OR d.status = ?3)
                 AND (?4 IS NULL OR d.channel = ?4) AND (?5 IS NULL OR d.id IN (SELECT delivery FROM told WHERE alert = ?5))
                 ORDER BY d.created DESC, d.id DESC LIMIT ?6"
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(
                params![
                    created,
                    id,
                    filter.status.map(DeliveryStatus::as_str),
                    filter.channel.as_ref().map(Name::as_str),
                    filter.alert.map(Uuid::into_bytes),
                    limit as i64
                ],
                delivery,
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Tries a delivery again that was given up; it counts its attempts anew.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the delivery, [`Error::Conflict`] when it was not given up, or its channel is no more.
    pub fn retry_delivery(&self, id: Uuid) -> Result<DeliveryRecord, Error> {
        self.inner.writer.call(move |group| {
            let held = find(group.connection, id)?.ok_or_else(|| Error::not_found("delivery", id))?;
            if held.status != DeliveryStatus::Dead {
                let reason = format!("delivery {id} is {}: only a dead one can be tried again", held.status.as_str());
                return Err(Error::conflict("delivery_not_dead", reason));
            }
            if channel::find(group.connection, &held.channel)?.is_none() {
                let reason = format!("there is no channel `{}` any more: put it first", held.channel);
                return Err(Error::conflict("channel_gone", reason));
            }
            group
                .connection
                .prepare_cached(
                    "UPDATE deliveries SET status = 'pending', attempts = 0, created = ?2, next_attempt = ?2,
                         settled = NULL WHERE id = ?1",
                )?
                .execute(params![id.as_bytes(), group.now.micros()])?;
            find(group.connection, id)?.ok_or_else(|| Error::not_found("delivery", id))
        })
    }
}

fn find(connection: &Connection, id: Uuid) -> Result<Option<DeliveryRecord>, Error> {
    let query = format!("{SELECT} AND d.id = ?1");
    Ok(connection.prepare_cached(&query)?.query_row([id.as_bytes()], delivery).optional()?)
}
