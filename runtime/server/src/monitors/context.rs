//! A monitor and one of its models, ready to be looked at.

use driftline_core::{Description, MetricFactory, Name, ReferenceUse, Time, Window};
use driftline_eval::{DriftRequest, Reference, Request, WindowSpec};
use driftline_storage::PluginRef;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    deployment::latest_deployment,
    rules::{windows, zone},
    trouble::Trouble,
};
use crate::{
    app::Shared,
    plugins::{self, parse_ref},
    problem::Problem,
    wire::{ChangeFrom, Instant, MonitorDefinition, Threshold, WindowBounds},
};

/// The most periods that a window is cut into.
const PERIODS: u64 = 10_000;

/// A monitor's definition and one of its models, ready to be looked at.
#[derive(Clone)]
pub struct Context {
    /// The monitor; the name of a preview is its own.
    pub monitor: String,
    /// Whose rows.
    pub model: Name,
    /// What it watches.
    pub definition: MonitorDefinition,
    /// Which plugin.
    pub plugin: PluginRef,
    /// What the plugin says of itself.
    pub description: Description,
    /// Whose days and hours.
    pub zone: TimeZone,
}

/// A window to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The window.
    pub window: Window,
    /// Its periods.
    pub periods: Vec<Window>,
    /// What it is compared with.
    pub reference: Option<Reference>,
}

impl Context {
    /// Finds what a definition names.
    ///
    /// # Errors
    /// 404 and 422 with the field.
    pub async fn new(app: &Shared, monitor: &str, model: Name, definition: MonitorDefinition) -> Result<Self, Problem> {
        let plugin = parse_ref(&definition.plugin)?;
        let zone = zone::zone(definition.schedule.as_ref())
            .map_err(|why| Problem::invalid("invalid_time_zone", why).at("schedule.time_zone"))?;
        let wanted = plugin.clone();
        let description = app.blocking(move |app| {
            let record = app.storage.plugin(&wanted)?.ok_or_else(|| plugins::not_found(&wanted))?;
            let loaded = app.sandbox.load(&record.digest, || app.storage.plugin_wasm(&record.digest))?;
            Ok::<_, Problem>(MetricFactory::description(&*loaded).clone())
        });
        Ok(Self { monitor: monitor.to_owned(), model, plugin, description: description.await?, zone, definition })
    }

    /// The window of a run that is due at `due`.
    ///
    /// # Errors
    /// When there is none, since the model has no deployment.
    pub async fn window(&self, app: &Shared, due: Time) -> Result<Window, Trouble> {
        let began = match self.definition.window.since {
            Some(_) => latest_deployment(app, &self.model).await?,
            None => None,
        };
        self.window_at(due, began)
            .ok_or_else(|| Trouble::cannot("no_data", "no prediction names a deployment yet: the window has no start"))
    }

    /// The window of a run that is due at `due`, given when the latest deployment began.
    pub fn window_at(&self, due: Time, began: Option<Time>) -> Option<Window> {
        let at = self.definition.delay.map_or(due, |delay| due.before(delay.0));
        windows::window(&self.definition.window, at, &self.zone, began)
    }

    /// A window with its periods and what it is compared with.
    ///
    /// # Errors
    /// When it has too many periods.
    pub fn slot(&self, window: Window) -> Result<Slot, Trouble> {
        let periods = match self.definition.every {
            Some(every) => {
                window.split(every.0, PERIODS).map_err(|e| Trouble::cannot("too_many_periods", e.to_string()))?
            }
            None => vec![window],
        };
        Ok(Slot { window, periods, reference: self.reference(window) })
    }

    /// One period as a window of its own.
    pub fn single(&self, period: Window) -> Slot {
        Slot { window: period, periods: vec![period], reference: self.reference(period) }
    }

    /// Whether a threshold is a change from the reference, which is measured itself then.
    pub fn measures_reference(&self) -> bool {
        let from = |threshold: &Threshold| threshold.change.map(|change| change.from);
        self.definition.thresholds.iter().any(|threshold| from(threshold) == Some(ChangeFrom::Reference))
    }

    /// Whether a threshold is a change from the window before.
    pub fn compares_with_previous(&self) -> bool {
        let from = |threshold: &Threshold| threshold.change.map(|change| change.from);
        self.definition.thresholds.iter().any(|threshold| from(threshold) == Some(ChangeFrom::Previous))
    }

    /// What a window is compared with.
    pub fn reference(&self, window: Window) -> Option<Reference> {
        let spec = self.definition.reference.as_ref()?;
        if let Some(dataset) = &spec.dataset {
            return Some(Reference::Dataset(dataset.0.clone()));
        }
        let found = match (spec.start, spec.end, spec.ago) {
            (Some(start), Some(end), _) => Window::new(start.0, end.0).ok(),
            (_, _, Some(ago)) => windows::ago(window, ago.0, &self.zone),
            _ => windows::previous(&self.definition.window, window, &self.zone),
        };
        found.map(Reference::Window)
    }

    /// The request for some rows; a reference that only thresholds want is left out.
    pub fn request(&self, rows: WindowSpec, reference: Option<Reference>) -> Request {
        let definition = &self.definition;
        let takes = self.description.reference != ReferenceUse::None;
        Request {
            model: self.model.clone(),
            plugin: self.plugin.clone(),
            inputs: definition
                .inputs
                .0
                .iter()
                .map(|(name, columns)| (name.clone(), columns.clone().into_vec()))
                .collect(),
            parameters: definition.parameters.clone(),
            window: rows,
            every: None,
            reference: reference.filter(|_| takes),
            filter: definition.filter.clone(),
            group_by: definition.group_by.clone(),
            drift: definition.drift.clone().map(DriftRequest::from),
        }
    }

    /// The request as the record shows it.
    pub fn asked(&self, request: &Request) -> Value {
        let definition = &self.definition;
        let bounds = |window: Window| json!(WindowBounds::from(window));
        let mut asked = json!({
            "monitor": self.monitor, "model": self.model.as_str(), "plugin": definition.plugin,
            "inputs": definition.inputs, "parameters": definition.parameters, "group_by": definition.group_by,
        });
        match &request.window {
            WindowSpec::Periods(periods) => {
                if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
                    asked["window"] = json!({"start": Instant(first.start()), "end": Instant(last.end())});
                    asked["periods"] = periods.len().into();
                }
            }
            WindowSpec::Dataset { dataset, .. } => asked["window"] = json!({"dataset": dataset.as_str()}),
            WindowSpec::Range(_) | WindowSpec::Last(_) => {}
        }
        match &request.reference {
            Some(Reference::Window(window)) => asked["reference"] = bounds(*window),
            Some(Reference::Dataset(dataset)) => asked["reference"] = json!({"dataset": dataset.as_str()}),
            None => {}
        }
        if let Some(filter) = &definition.filter {
            asked["where"] = filter.clone().into();
        }
        asked
    }
}
