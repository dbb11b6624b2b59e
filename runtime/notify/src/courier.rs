//! One notice to one channel: one outgoing call, bounded in time.

mod email;
mod http;
mod pagerduty;
mod slack;
mod smtp;
mod webhook;
mod wire;

use std::{sync::Arc, time::Duration};

use self::{http::Http, smtp::Smtp};
use crate::{Channel, Failure, Guard, Invalid, Lookup, Notice, Receipt, SystemLookup, dialler::Dialler, tls::Trust};

/// What a [`Courier`] may do.
#[derive(Clone)]
pub struct Options {
    /// Which addresses may be dialled; by default public ones.
    pub guard: Guard,
    /// How long a call may take, from resolving the name to the end of the answer; by default 30 seconds.
    pub timeout: Duration,
    /// How long connecting may take of that; by default 10 seconds.
    pub connect_timeout: Duration,
    /// What HTTP receivers see as `User-Agent`.
    pub user_agent: String,
    /// Certificate authorities to trust besides the system's, as PEM; by default none.
    pub roots_pem: Vec<u8>,
    /// Who resolves names; by default the system.
    pub lookup: Arc<dyn Lookup>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            guard: Guard::default(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("driftline/", env!("CARGO_PKG_VERSION")).to_owned(),
            roots_pem: Vec::new(),
            lookup: Arc::new(SystemLookup),
        }
    }
}

/// Makes the calls. Cheap to clone; a process needs one. Nothing is kept between calls, connections neither.
#[derive(Clone)]
pub struct Courier {
    http: Http,
    smtp: Smtp,
}

impl Courier {
    /// A courier. Reads the system's root certificates.
    ///
    /// # Errors
    /// When `roots_pem` or `user_agent` can't be used.
    pub fn new(options: Options) -> Result<Self, Invalid> {
        let trust = Trust::new(&options.roots_pem)?;
        let dialler = Dialler::new(options.guard.clone(), Arc::clone(&options.lookup));
        let http = Http::new(&options, dialler.clone(), &trust)?;
        Ok(Self { http, smtp: Smtp::new(&options, dialler, trust) })
    }

    /// Tells `notice` to `channel`. `now` is the time in Unix seconds: of the signature and the mail's date, and what
    /// dates in answers are compared with.
    ///
    /// PagerDuty is called once for each alert; when one call fails, repeating all of them does no harm.
    ///
    /// # Errors
    /// Why the receiver has not, or maybe not, taken it; [`next`](crate::next) says what to do then.
    pub async fn deliver(&self, channel: &Channel, notice: &Notice, now: i64) -> Result<Receipt, Failure> {
        let secrets = channel.secrets();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let outcome = match channel.check() {
            Ok(()) => self.call(channel, notice, now).await,
            Err(invalid) => Err(invalid.into()),
        };
        outcome.map(|receipt| receipt.without(&secrets)).map_err(|failure| failure.without(&secrets))
    }

    async fn call(&self, channel: &Channel, notice: &Notice, now: i64) -> Result<Receipt, Failure> {
        match channel {
            Channel::Webhook(webhook) => webhook::deliver(&self.http, webhook, notice, now).await,
            Channel::Slack(slack) => slack::deliver(&self.http, slack, notice, now).await,
            Channel::Pagerduty(pagerduty) => pagerduty::deliver(&self.http, pagerduty, notice, now).await,
            Channel::Email(email) => self.smtp.deliver(email, &email::mail(email, notice, now)?).await,
        }
    }
}
