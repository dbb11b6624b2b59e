//! Putting monitors, one or many at once.

use driftline_core::Name;
use driftline_notify as notify;
use driftline_storage::{NewMonitor, Trigger, Written};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    alerts::farewell,
    check::checked,
    difference::differences,
    monitor::{self, Monitor, every},
};
use crate::{
    app::{App, Shared},
    channels, extract,
    problem::Problem,
    wire::{self, Applied, AppliedItem, ApplyRequest, ItemKind, ItemName, MonitorDefinition, On, Outcome},
};

/// A document that was checked.
enum Document {
    Monitor(Name, Box<MonitorDefinition>),
    Channel(Name, notify::Channel),
}

/// Makes a monitor what the definition says; it was checked.
///
/// # Errors
/// Those of the catalog.
pub fn put(app: &App, name: &Name, definition: &MonitorDefinition) -> Result<wire::Monitor, Problem> {
    let before = app.storage.monitor(name)?.map(|record| monitor::read(&record)).transpose()?;
    let kept = MonitorDefinition { paused: false, ..definition.clone() };
    let new = NewMonitor {
        name: name.clone(),
        model: definition.model.clone(),
        trigger: match definition.schedule.as_ref().and_then(|schedule| schedule.on) {
            None => Trigger::Time,
            Some(On::Data) => Trigger::Data,
            Some(On::Labels) => Trigger::Labels,
        },
        definition: serde_json::to_string(&kept).map_err(Problem::internal)?,
        paused: definition.paused,
    };
    let (record, written) = app.storage.put_monitor(new)?;
    let changes = match (written, before) {
        (Written::Changed, Some(before)) => changes(&before, definition)?,
        _ => Vec::new(),
    };
    Ok(wire::Monitor { outcome: Some(written.into()), changes, ..monitor::read(&record)?.into() })
}

fn changes(before: &Monitor, after: &MonitorDefinition) -> Result<Vec<wire::FieldChange>, Problem> {
    let value = |definition: &MonitorDefinition| serde_json::to_value(definition).map_err(Problem::internal);
    Ok(differences(&value(&before.definition)?, &value(after)?))
}

/// Checks all documents, then makes them true, unless it is a dry run.
///
/// # Errors
/// What is wrong with the first document that is refused, with `documents[n]` before its field; nothing is changed then.
pub async fn apply(app: &Shared, asked: ApplyRequest) -> Result<Applied, Problem> {
    let ApplyRequest { documents, dry_run, prune } = asked;
    let mut read = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        let document = parse(app, document).await.map_err(|problem| inside(problem, number))?;
        if read.iter().any(|other: &Document| other.place() == document.place()) {
            let detail = format!("`{}` comes twice: write it once", document.place().1);
            return Err(inside(Problem::invalid("duplicate_document", detail).at("name"), number));
        }
        read.push(document);
    }
    let named = |kind: ItemKind| {
        let names = read.iter().map(Document::place).filter(move |place| place.0 == kind);
        names.map(|place| place.1).collect::<Vec<Name>>()
    };
    let (monitors, channels) = (named(ItemKind::Monitor), named(ItemKind::Channel));
    for (number, document) in read.iter().enumerate() {
        if let Document::Monitor(name, definition) = document {
            checked(app, name, definition, &channels).await.map_err(|problem| inside(problem, number))?;
        }
    }
    let applied = app
        .blocking(move |app| {
            let surplus = if prune { surplus(app, &monitors, &channels)? } else { Vec::new() };
            let mut items = Vec::new();
            // Channels first: monitors name them.
            for document in read.iter().filter(|document| document.place().0 == ItemKind::Channel) {
                items.push(document.applied(app, dry_run)?);
            }
            for document in read.iter().filter(|document| document.place().0 == ItemKind::Monitor) {
                items.push(document.applied(app, dry_run)?);
            }
            for (kind, name) in surplus {
                if !dry_run {
                    remove(app, kind, &name)?;
                }
                items.push(AppliedItem { kind, name: ItemName(name), outcome: Outcome::Removed, changes: Vec::new() });
            }
            Ok::<_, Problem>(Applied { dry_run, items })
        })
        .await?;
    app.scheduler.wake();
    Ok(applied)
}

fn inside(problem: Problem, number: usize) -> Problem {
    let place = format!("documents[{number}]");
    let field = match &problem.field {
        Some(field) => format!("{place}.{field}"),
        None => place.clone(),
    };
    let detail = match &problem.field {
        Some(named) if problem.detail.contains(&format!("`{named}`")) => {
            problem.detail.replacen(&format!("`{named}`"), &format!("`{field}`"), 1)
        }
        _ => format!("`{field}`: {}", problem.detail),
    };
    Problem { detail, ..problem }.at(field)
}

async fn parse(app: &Shared, mut document: Map<String, Value>) -> Result<Document, Problem> {
    let kind = match document.shift_remove("kind") {
        None => ItemKind::Monitor,
        Some(kind) => serde_json::from_value(kind)
            .map_err(|_| Problem::invalid("invalid_field", "`kind`: write `monitor` or `channel`").at("kind"))?,
    };
    let name = document.shift_remove("name").ok_or_else(|| {
        Problem::invalid("missing_field", "`name` is missing: a document says what it is called").at("name")
    })?;
    let name: ItemName = member("name", name)?;
    match kind {
        ItemKind::Monitor => Ok(Document::Monitor(name.0, Box::new(extract::value(document.into())?))),
        ItemKind::Channel => {
            let config: notify::Channel = extract::value(document.into())?;
            let channel = name.0.clone();
            let config = app.blocking(move |app| channels::checked(app, &channel, config)).await?;
            Ok(Document::Channel(name.0, config))
        }
    }
}

fn member<T: DeserializeOwned>(name: &'static str, value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::invalid("invalid_field", format!("`{name}`: {error}")).at(name))
}

impl Document {
    fn place(&self) -> (ItemKind, Name) {
        match self {
            Self::Monitor(name, _) => (ItemKind::Monitor, name.clone()),
            Self::Channel(name, _) => (ItemKind::Channel, name.clone()),
        }
    }

    fn applied(&self, app: &App, dry_run: bool) -> Result<AppliedItem, Problem> {
        let (kind, name) = self.place();
        let (existed, changes) = match self {
            Self::Monitor(name, definition) => match app.storage.monitor(name)? {
                Some(record) => (true, changes(&monitor::read(&record)?, definition)?),
                None => (false, Vec::new()),
            },
            Self::Channel(name, config) => match app.storage.channel(name)? {
                Some(record) => (true, channel_changes(&wire::channel_config(&record)?, config)?),
                None => (false, Vec::new()),
            },
        };
        if !dry_run {
            match self {
                Self::Monitor(name, definition) => drop(put(app, name, definition)?),
                Self::Channel(name, config) => drop(channels::put(app, name, config)?),
            }
        }
        let outcome = match (existed, changes.is_empty()) {
            (false, _) => Outcome::Created,
            (true, true) => Outcome::Unchanged,
            (true, false) => Outcome::Changed,
        };
        Ok(AppliedItem { kind, name: ItemName(name), outcome, changes })
    }
}

/// What differs between two channels; secrets that differ are told as such and not shown.
fn channel_changes(before: &notify::Channel, after: &notify::Channel) -> Result<Vec<wire::FieldChange>, Problem> {
    let value = |channel: &notify::Channel| serde_json::to_value(channel).map_err(Problem::internal);
    let hidden = differences(&value(&before.redacted())?, &value(&after.redacted())?);
    let changes = differences(&value(before)?, &value(after)?).into_iter().map(|change| {
        let shown = hidden.iter().find(|shown| shown.field == change.field).cloned();
        let secret = |value: Option<Value>| value.map(|_| Value::from("***"));
        shown.unwrap_or(wire::FieldChange {
            before: secret(change.before),
            after: secret(change.after),
            field: change.field,
        })
    });
    Ok(changes.collect())
}

/// What there is and no document names.
fn surplus(app: &App, monitors: &[Name], channels: &[Name]) -> Result<Vec<(ItemKind, Name)>, Problem> {
    let there = every(app)?.into_iter().map(|monitor| monitor.name).filter(|name| !monitors.contains(name));
    let mut surplus: Vec<_> = there.map(|name| (ItemKind::Monitor, name)).collect();
    if !channels.is_empty() {
        let all = app.storage.channels(None, usize::try_from(u32::MAX).unwrap_or(usize::MAX))?;
        let there = all.into_iter().map(|channel| channel.name).filter(|name| !channels.contains(name));
        surplus.extend(there.map(|name| (ItemKind::Channel, name)));
    }
    Ok(surplus)
}

fn remove(app: &App, kind: ItemKind, name: &Name) -> Result<(), Problem> {
    match kind {
        ItemKind::Monitor => remove_monitor(app, name),
        ItemKind::Channel => {
            channels::refuse_in_use(app, name, &[])?;
            Ok(app.storage.remove_channel(name)?)
        }
    }
}

/// Removes a monitor; its open alerts are resolved, and that is told.
///
/// # Errors
/// 404 without the monitor.
pub fn remove_monitor(app: &App, name: &Name) -> Result<(), Problem> {
    let rules = monitor::find(app, name)?.definition.alerts;
    Ok(app.storage.remove_monitor(name, farewell(&rules, name.as_str()))?)
}
