//! How people and machines outside are told: one [`Notice`] to one [`Channel`] becomes one outgoing call.
//!
//! The server keeps channels and an outbox of deliveries in its catalog; this crate knows no catalog and keeps nothing
//! between calls. It says what a channel may be, what goes over the wire, which addresses may be dialled, and when a
//! delivery that failed is tried again.
//!
//! | question | files |
//! |---|---|
//! | where to, and is that well-formed? what of it may be shown? | `channel`, `secret`, `url`, `mailbox` |
//! | what is told, and in which words? | `notice`, `wording` |
//! | how a receiver checks that it was us | [`signature`] |
//! | which addresses may be dialled | `guard`, `lookup`, `dialler` |
//! | the calls themselves | `courier`, `tls` |
//! | what became of a call, when it is made again | `failure`, `schedule` |
//!
//! # What receivers can rely on
//!
//! *At least once.* A call whose answer got lost is made again, with the same [`Notice::delivery`]. It is the
//! `Idempotency-Key` of a webhook and the `Message-ID` of an e-mail; PagerDuty merges by the alert's id (`dedup_key`).
//! Slack-compatible receivers have no such key and may show a notice twice.
//!
//! *Signed.* A webhook with a secret carries `Driftline-Signature: t=<unix seconds>,v1=<hex>`, see [`signature`].
//!
//! # What operators can rely on
//!
//! Whoever may write a channel makes this process call an address of their choice. So private addresses are refused
//! unless the allow-list of the [`Guard`] names them, and it is the address about to be dialled that is judged, after
//! names are resolved: a name that changes its mind in between gains nothing. Redirects are not followed, proxies from
//! the environment not used, answers read up to 64 KiB, and nothing takes longer than its timeout.
//! Secrets appear in no error, answer or `Debug` output.

mod channel;
mod courier;
mod dialler;
mod failure;
mod guard;
mod id;
mod invalid;
mod lookup;
mod mailbox;
mod notice;
mod schedule;
mod secret;
pub mod signature;
mod tls;
mod url;
mod wording;

pub use channel::{Channel, Email, Pagerduty, Slack, Tls, Webhook};
pub use courier::{Courier, Options};
pub use failure::{Failure, FailureKind, Receipt, Retry};
pub use guard::{Guard, Refused};
pub use invalid::Invalid;
pub use lookup::{Lookup, SystemLookup};
pub use notice::{AlertKind, AlertNotice, Event, Level, Notice, NoticeWindow};
pub use schedule::{MAX_AGE, MAX_ATTEMPTS, Next, backoff, next};
pub use secret::Secret;
