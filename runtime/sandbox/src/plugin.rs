//! A plugin that has been checked and can be started.

use std::{fmt, sync::Arc, time::Duration};

use driftline_core::{Description, Digest, Failure, FailureCode, InputLayout, Metric, MetricFactory, Time, Window};
use semver::Version;
use wasmtime::{Engine, component::Component};

use crate::{
    Fuel, Laws, Limits, Refusal, RefusalCode, bindings::MetricPluginPre, clock::Frozen, description::parse_description,
    guest::Guest, laws, log::head, meter::Meter, running::Running, session::Session, world::Fitting,
};

/// How much of a log a refusal quotes.
const LOG_BYTES: usize = 2_000;

/// An installed plugin; starting it costs some microseconds.
#[derive(Clone)]
pub struct Plugin {
    digest: Digest,
    description: Arc<Description>,
    description_json: String,
    world_version: Version,
    pre: MetricPluginPre<Guest>,
    limits: Limits,
    meter: Option<Meter>,
    code_bytes: usize,
}

impl Plugin {
    /// Asks a fitting component for its description.
    pub(crate) fn new(
        digest: Digest,
        component: &Component,
        fitting: Fitting,
        limits: Limits,
        meter: Option<Meter>,
    ) -> Result<Self, Refusal> {
        let Fitting { pre, version } = fitting;
        let (description, description_json) = describe(&pre, &limits, meter.as_ref())?;
        let server = limits;
        let limits = server.lowered_by(&description_json);
        if limits != server {
            // It must at least start within what it allows itself.
            describe(&pre, &limits, meter.as_ref())?;
        }
        let range = component.image_range();
        let code_bytes = (range.end as usize).saturating_sub(range.start as usize);
        Ok(Self {
            digest,
            description: Arc::new(description),
            description_json,
            world_version: version,
            pre,
            limits,
            meter,
            code_bytes,
        })
    }

    /// The digest of the bytes that were uploaded.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The description as JSON, every known key present.
    pub fn description_json(&self) -> &str {
        &self.description_json
    }

    /// The version of the contract that it was built against.
    pub fn world_version(&self) -> String {
        self.world_version.to_string()
    }

    /// The same plugin within limits that its upload set, an object such as a description has under `limits`: each can
    /// only lower what it may use.
    #[must_use]
    pub fn lowered_to(&self, limits: &serde_json::Value) -> Self {
        Self { limits: self.limits.lowered_to(limits), ..self.clone() }
    }

    /// Checks that the plugin starts within its limits. Blocks.
    ///
    /// # Errors
    /// What it lacks.
    pub fn check_start(&self) -> Result<(), Refusal> {
        describe(&self.pre, &self.limits, None).map(drop)
    }

    /// Checks on generated rows whether the plugin keeps the laws that it claims, for at most `Limits::laws_ms`. Blocks.
    pub fn laws(&self) -> Laws {
        laws::examine(self, Duration::from_millis(self.limits.laws_ms))
    }

    /// The same with parameters of the caller's, a JSON object that fits the schema.
    pub fn laws_with(&self, parameters: &str) -> Laws {
        laws::examine_with(self, parameters, Duration::from_millis(self.limits.laws_ms))
    }

    /// What the plugin uses up on generated rows. Blocks.
    ///
    /// # Errors
    /// Why that is not known.
    pub(crate) fn fuel(&self) -> Result<Fuel, String> {
        let meter = self.meter.as_ref().ok_or("nothing is counted on this engine")?;
        laws::fuel(self, meter)
    }

    pub(crate) fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A fresh instance with limits of its own.
    pub(crate) fn start_within(
        &self,
        layout: &InputLayout,
        window: Window,
        limits: Limits,
    ) -> Result<Box<dyn Metric>, Failure> {
        let session =
            Session::start(&self.pre, layout.clone(), Frozen::at(window.end()), &limits, self.meter.as_ref())?;
        Ok(Box::new(Running::new(session, Arc::clone(&self.description), limits)))
    }
}

impl MetricFactory for Plugin {
    fn description(&self) -> &Description {
        &self.description
    }

    fn start(&self, layout: &InputLayout, window: Window) -> Result<Box<dyn Metric>, Failure> {
        self.start_within(layout, window, self.limits.clone())
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("digest", &self.digest)
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}

fn describe(
    pre: &MetricPluginPre<Guest>,
    limits: &Limits,
    meter: Option<&Meter>,
) -> Result<(Description, String), Refusal> {
    let layout = InputLayout { columns: Vec::new(), bound: Vec::new() };
    let epoch = Time::from_micros(0).map_err(|error| Refusal::new(RefusalCode::DescribeFailed, error.to_string()))?;
    let mut session = Session::start(pre, layout, Frozen::at(epoch), limits, meter).map_err(refusal)?;
    let text = session.describe().map_err(refusal)?;
    let described = parse_description(&text)?;
    if session.describe().map_err(refusal)? != text {
        return Err(Refusal::new(
            RefusalCode::DescribeInvalid,
            "`describe` returned something else when called again: return the same description on every call",
        ));
    }
    Ok(described)
}

fn refusal(failure: Failure) -> Refusal {
    let code = match failure.code {
        FailureCode::Deadline => RefusalCode::DescribeDeadline,
        FailureCode::Trap | FailureCode::Stack | FailureCode::Start => RefusalCode::DescribeTrapped,
        _ => RefusalCode::DescribeFailed,
    };
    let log = if failure.log.is_empty() {
        String::new()
    } else {
        format!(". Its log: {}", head(&failure.log.join(" | "), LOG_BYTES))
    };
    Refusal::new(code, format!("the plugin could not be asked for its description: {}{log}", failure.message))
}

/// Machine code from our own cache or compiler, ready to be linked.
#[allow(unsafe_code)]
pub(crate) fn component(engine: &Engine, artifact: &[u8]) -> Result<Component, String> {
    // SAFETY: an artifact is trusted code. It comes straight from the compiler, in this process or
    // in a child that runs this same program, or from a cache file whose checksum over plugin,
    // compiler settings and content was right; nothing that a user sends gets here. The runtime
    // itself checks version and settings before it maps anything.
    unsafe { Component::deserialize(engine, artifact) }.map_err(|error| format!("{error:#}"))
}
