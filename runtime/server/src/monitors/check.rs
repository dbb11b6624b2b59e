//! Whether a monitor makes sense, as far as that can be told without rows.

use driftline_core::{Description, Name, Window};
use driftline_eval::{Reference, WindowSpec};

use super::{agenda::cron, context::Context, judged::output, monitor::models, rules::pattern::is_pattern};
use crate::{
    app::Shared,
    problem::Problem,
    wire::{ChangeFrom, MonitorDefinition, On, Threshold},
};

/// Names that are calls of the interface.
const RESERVED: [&str; 2] = ["status", "preview"];
/// The most models that a definition is planned for when it is checked.
const PLANNED: usize = 20;

/// Checks everything that can be checked without rows; `coming` are channels that will be there.
///
/// # Errors
/// 404 and 422 with the field.
pub async fn checked(
    app: &Shared,
    name: &Name,
    definition: &MonitorDefinition,
    coming: &[Name],
) -> Result<(), Problem> {
    if RESERVED.contains(&name.as_str()) {
        let detail =
            format!("a monitor can't be called `{name}`, which is a call of the interface: choose another name");
        return Err(Problem::invalid("invalid_name", detail).at("name"));
    }
    shape(definition)?;
    channels(app, definition, coming).await?;
    let pattern = definition.model.clone();
    let found = app.blocking(move |app| models(app, &pattern)).await?;
    if found.is_empty() && !is_pattern(&definition.model) {
        let model: Name = definition.model.parse().map_err(|e| invalid("model", format!("{e}")))?;
        return Err(Problem::model_not_found(&model));
    }
    let any = found.first().cloned().unwrap_or_else(|| name.clone());
    let context = Context::new(app, name.as_str(), any, definition.clone()).await?;
    thresholds(definition, &context.description)?;
    for model in found.into_iter().take(PLANNED) {
        let context = Context { model, ..context.clone() };
        let window = context.window_at(app.storage.now(), Some(driftline_core::Time::EPOCH));
        let window = window.ok_or_else(|| invalid("window", "it has no length now".into()))?;
        plan(app, &context, window).await?;
    }
    Ok(())
}

async fn plan(app: &Shared, context: &Context, window: Window) -> Result<(), Problem> {
    let slot = context.slot(window).map_err(|trouble| invalid("every", format!("{trouble:?}")))?;
    let reference = slot.reference.clone();
    if let Some(Reference::Dataset(dataset)) = &reference {
        let rows = WindowSpec::Dataset { dataset: dataset.clone(), at: window };
        let request = context.request(rows, reference.clone());
        if context.measures_reference() {
            app.evaluator.plan(request).await.map_err(|error| match Problem::from(error) {
                problem if problem.code == "dataset_not_found" => problem.at("reference.dataset"),
                problem => problem,
            })?;
        } else if request.reference.is_none() {
            let name = &context.description.name;
            let detail = format!("`{name}` takes no reference, and no threshold is a change from it: leave it out");
            return Err(Problem::invalid("reference_not_taken", detail).at("reference"));
        }
    }
    app.evaluator.plan(context.request(WindowSpec::Periods(slot.periods), reference)).await?;
    Ok(())
}

async fn channels(app: &Shared, definition: &MonitorDefinition, coming: &[Name]) -> Result<(), Problem> {
    for (at, channel) in definition.alerts.channels.iter().enumerate() {
        let wanted = channel.0.clone();
        let known = coming.contains(&wanted) || app.blocking(move |app| app.storage.channel(&wanted)).await?.is_some();
        if !known {
            let detail = format!("there is no channel `{}`: PUT /v1/channels/{} makes one", channel.0, channel.0);
            return Err(Problem::not_found("channel_not_found", detail).at(format!("alerts.channels[{at}]")));
        }
    }
    Ok(())
}

fn invalid(field: impl Into<String>, detail: String) -> Problem {
    let field = field.into();
    Problem::invalid("invalid_field", format!("`{field}`: {detail}")).at(field)
}

/// What can be checked without looking anything up.
fn shape(definition: &MonitorDefinition) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-*?".contains(c);
    if definition.model.is_empty() || definition.model.len() > 128 || !definition.model.chars().all(fits) {
        return Err(invalid("model", format!("`{}` is no model and no pattern such as `fraud-*`", definition.model)));
    }
    window(definition)?;
    reference(definition)?;
    schedule(definition)?;
    let mut seen = Vec::new();
    for (at, channel) in definition.alerts.channels.iter().enumerate() {
        if seen.contains(&&channel.0) {
            return Err(invalid(format!("alerts.channels[{at}]"), format!("`{}` is listed twice", channel.0)));
        }
        seen.push(&channel.0);
    }
    definition.thresholds.iter().enumerate().try_for_each(|(at, threshold)| rule(at, threshold, definition))
}

fn window(definition: &MonitorDefinition) -> Result<(), Problem> {
    let spec = &definition.window;
    let forms =
        usize::from(spec.last.is_some()) + usize::from(spec.period.is_some()) + usize::from(spec.since.is_some());
    if forms != 1 {
        let detail = "write one of {\"last\": \"30d\"}, {\"period\": \"week\"} and {\"since\": \"deployment\"}";
        return Err(invalid("window", detail.into()));
    }
    Ok(())
}

fn reference(definition: &MonitorDefinition) -> Result<(), Problem> {
    let Some(spec) = &definition.reference else { return Ok(()) };
    let range = spec.start.is_some() || spec.end.is_some();
    let forms = [range, spec.dataset.is_some(), spec.previous.is_some(), spec.ago.is_some()];
    if forms.iter().filter(|given| **given).count() != 1 {
        let detail =
            "write one of {\"start\": …, \"end\": …}, {\"dataset\": …}, {\"previous\": true} and {\"ago\": \"7d\"}";
        return Err(invalid("reference", detail.into()));
    }
    match (spec.start, spec.end) {
        (Some(start), Some(end)) => {
            Window::new(start.0, end.0)
                .map_err(|error| Problem::invalid("invalid_window", format!("`reference`: {error}")).at("reference"))?;
        }
        (Some(_), None) => return Err(missing("reference.end")),
        (None, Some(_)) => return Err(missing("reference.start")),
        (None, None) => {}
    }
    if spec.previous == Some(false) {
        return Err(invalid("reference.previous", "write true, or leave it out".into()));
    }
    let moves = spec.previous.is_some() || spec.ago.is_some();
    if moves && definition.every.is_some() {
        let detail = "a reference that moves with the window goes without `every`: leave one of them out";
        return Err(invalid("reference", detail.into()));
    }
    if moves && definition.window.since.is_some() {
        let detail = "a window since a deployment has no window before: compare with a fixed time or a dataset";
        return Err(invalid("reference", detail.into()));
    }
    Ok(())
}

fn missing(field: &str) -> Problem {
    Problem::invalid("missing_field", format!("`{field}` is missing: a range has a start and an end")).at(field)
}

fn schedule(definition: &MonitorDefinition) -> Result<(), Problem> {
    let Some(schedule) = &definition.schedule else { return Ok(()) };
    cron(Some(schedule), definition)?;
    let (cron, on) = (schedule.cron.is_some(), schedule.on);
    match on {
        None if !cron => {
            return Err(invalid("schedule", "write {\"cron\": …}, {\"on\": \"data\"} or {\"on\": \"labels\"}".into()));
        }
        Some(_) if cron => return Err(invalid("schedule.on", "it goes without `cron`: choose one".into())),
        _ => {}
    }
    if schedule.rows.is_some() && on != Some(On::Data) {
        return Err(invalid("schedule.rows", "it goes with {\"on\": \"data\"}".into()));
    }
    if schedule.rows == Some(0) {
        return Err(invalid("schedule.rows", "0 rows are no reason to run: write at least 1".into()));
    }
    match (schedule.coverage, on) {
        (Some(_), on) if on != Some(On::Labels) => {
            Err(invalid("schedule.coverage", "it goes with {\"on\": \"labels\"}".into()))
        }
        (None, Some(On::Labels)) => Err(missing_coverage()),
        (Some(share), _) if !(share > 0.0 && share <= 1.0) => {
            Err(invalid("schedule.coverage", format!("{share} is no share: write a number above 0, at most 1")))
        }
        (_, Some(On::Labels)) if definition.window.since.is_some() => {
            Err(invalid("schedule.on", "labels are counted over windows of a fixed length".into()))
        }
        _ => Ok(()),
    }
}

fn missing_coverage() -> Problem {
    let detail = "`schedule.coverage` is missing: write the share of predictions that must have labels, such as 0.9";
    Problem::invalid("missing_field", detail).at("schedule.coverage")
}

fn rule(at: usize, threshold: &Threshold, definition: &MonitorDefinition) -> Result<(), Problem> {
    let place = |field: &str| format!("thresholds[{at}]{field}");
    let rules = [
        threshold.constant.is_some(),
        threshold.sigma.is_some(),
        threshold.change.is_some(),
        threshold.p_value.is_some(),
    ];
    if rules.iter().filter(|given| **given).count() != 1 {
        return Err(invalid(place(""), "write one of `constant`, `sigma`, `change` and `p_value`".into()));
    }
    let positive = |number: f64| number.is_finite() && number > 0.0;
    if let Some(constant) = threshold.constant {
        match (constant.lower, constant.upper) {
            (None, None) => return Err(invalid(place(".constant"), "write `lower`, `upper` or both".into())),
            (Some(lower), Some(upper)) if lower > upper => {
                return Err(invalid(place(".constant.lower"), format!("{lower} is above `upper`, {upper}")));
            }
            _ => {}
        }
    }
    if let Some(sigma) = threshold.sigma {
        if !positive(sigma.k) {
            return Err(invalid(
                place(".sigma.k"),
                format!("{} is no number of deviations: write one above 0", sigma.k),
            ));
        }
        let fixed = definition.reference.as_ref().is_some_and(|spec| spec.start.is_some());
        if !fixed {
            let detail = "the reference's own periods need a reference with `start` and `end`; a dataset has no time";
            return Err(invalid(place(".sigma"), detail.into()));
        }
        if definition.window.since.is_some() {
            return Err(invalid(
                place(".sigma"),
                "a window since a deployment has no length to cut the reference by".into(),
            ));
        }
    }
    if let Some(change) = threshold.change {
        let by = match (change.relative, change.absolute) {
            (Some(relative), None) => ("relative", relative),
            (None, Some(absolute)) => ("absolute", absolute),
            _ => return Err(invalid(place(".change"), "write one of `relative` and `absolute`".into())),
        };
        if !positive(by.1) {
            return Err(invalid(
                place(&format!(".change.{}", by.0)),
                format!("{} is no change: write a number above 0", by.1),
            ));
        }
        if change.from == ChangeFrom::Reference && definition.reference.is_none() {
            let detail = "a change from the reference needs a `reference`";
            return Err(invalid(place(".change.from"), detail.into()));
        }
    }
    if let Some(p_value) = threshold.p_value
        && !(p_value.alpha > 0.0 && p_value.alpha < 1.0)
    {
        let detail =
            format!("{} is no level of significance: write a number between 0 and 1, such as 0.05", p_value.alpha);
        return Err(invalid(place(".p_value.alpha"), detail));
    }
    if threshold.consecutive.is_some_and(|count| !(1..=100).contains(&count)) {
        return Err(invalid(place(".consecutive"), "write a number from 1 to 100".into()));
    }
    if threshold.sampling_error.is_some_and(|errors| !positive(errors)) {
        return Err(invalid(place(".sampling_error"), "write a number above 0, such as 1.96".into()));
    }
    if threshold.p_value.is_some() && threshold.sampling_error.is_some() {
        return Err(invalid(place(".sampling_error"), "a p-value has no standard error: leave it out".into()));
    }
    Ok(())
}

/// Whether the plugin reports what thresholds are about.
fn thresholds(definition: &MonitorDefinition, description: &Description) -> Result<(), Problem> {
    for (at, threshold) in definition.thresholds.iter().enumerate() {
        let name = match (&threshold.output, description.outputs.first()) {
            (Some(name), _) => name.clone(),
            (None, Some(first)) if !first.name.ends_with('*') => first.name.clone(),
            _ => return Err(invalid(format!("thresholds[{at}].output"), "name the output".into())),
        };
        if output(&name, description).is_none() {
            let outputs: Vec<&str> = description.outputs.iter().map(|output| output.name.as_str()).collect();
            let detail = format!("`{}` has no output `{name}`: it has {}", description.name, outputs.join(", "));
            return Err(Problem::invalid("unknown_output", detail).at(format!("thresholds[{at}].output")));
        }
        if threshold.p_value.is_some() && !(name == "p_value" || name.ends_with("_p_value")) {
            let detail = format!("`{name}` is no p-value: outputs called `p_value` or `…_p_value` are");
            return Err(invalid(format!("thresholds[{at}].p_value"), detail));
        }
    }
    Ok(())
}
