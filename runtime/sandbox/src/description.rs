//! A plugin's description, from the JSON that it returns.

use std::collections::HashSet;

use driftline_core::{Description, Direction, Input, Kind, Name, Output, ReferenceUse};
use serde_json::{Map, Value, json};

use crate::{Refusal, RefusalCode, own_limits};

type Object = Map<String, Value>;
type Checked<T> = Result<T, Refusal>;

/// Reads a description and gives it with its normal form: every known key
/// present (but `limits` only where there are any), defaults filled in, unknown keys left out.
///
/// # Errors
/// [`RefusalCode::DescribeInvalid`]; the message names the key and what belongs there.
pub fn parse_description(text: &str) -> Result<(Description, String), Refusal> {
    let nonsense = |what: &str| Refusal::new(RefusalCode::DescribeInvalid, format!("`describe` returned {what}"));
    let value: Value =
        serde_json::from_str(text).map_err(|error| nonsense(&format!("a text that is not JSON: {error}")))?;
    let object = value
        .as_object()
        .ok_or_else(|| nonsense("JSON that is not an object: return {\"name\": …, \"version\": …}"))?;
    let parameters = parameters(object)?;
    let description = Description {
        name: name(object)?,
        version: version(object)?,
        doc: text_or_empty(object, "doc", "doc")?,
        inputs: each(object, "inputs", input)?,
        outputs: each(object, "outputs", output)?,
        parameters: Value::Object(parameters.clone()).to_string(),
        reference: reference(object)?,
        merges: flag(object, "merges", "merges", true)?,
        tolerance: tolerance(object)?,
    };
    if description.outputs.is_empty() {
        return Err(invalid(
            "outputs",
            "is empty or missing: declare at least one output, such as [{\"name\": \"auc\"}]",
        ));
    }
    unique("inputs", description.inputs.iter().map(|input| input.name.as_str()))?;
    unique("outputs", description.outputs.iter().map(|output| output.name.as_str()))?;
    let normal = normal_form(&description, parameters, limits(object)?);
    Ok((description, normal))
}

/// The limits that the plugin sets itself.
fn limits(object: &Object) -> Checked<Option<Object>> {
    let limits = match object.get("limits") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(limits)) => limits,
        Some(other) => return Err(wrong("limits", "an object such as {\"memory_bytes\": 67108864}", other)),
    };
    match own_limits::fault(limits) {
        Some((path, what)) => Err(invalid(&path, &what)),
        None => Ok(Some(limits.clone())),
    }
}

fn name(object: &Object) -> Checked<Name> {
    let text = required(object, "name", "name")?;
    text.parse().map_err(|error| invalid("name", &format!("is refused: {error}")))
}

fn version(object: &Object) -> Checked<String> {
    let text = required(object, "version", "version")?;
    semver::Version::parse(text)
        .map(|version| version.to_string())
        .map_err(|_| invalid("version", &format!("is `{text}`: give a semantic version such as 1.0.0")))
}

fn parameters(object: &Object) -> Checked<Object> {
    match object.get("parameters") {
        None | Some(Value::Null) => Ok(Map::from_iter([("type".to_owned(), json!("object"))])),
        Some(Value::Object(schema)) if schema.get("type") == Some(&json!("object")) => Ok(schema.clone()),
        Some(Value::Object(_)) => {
            Err(invalid("parameters.type", "must be \"object\": give a JSON Schema of type object"))
        }
        Some(other) => Err(wrong("parameters", "a JSON Schema of type object", other)),
    }
}

fn reference(object: &Object) -> Checked<ReferenceUse> {
    let words =
        [("none", ReferenceUse::None), ("optional", ReferenceUse::Optional), ("required", ReferenceUse::Required)];
    word(object, "reference", "reference", &words, ReferenceUse::None)
}

/// What rounding may move a number by, unless a plugin says that it keeps a sketch.
const TOLERANCE: f64 = 1e-9;

fn tolerance(object: &Object) -> Checked<f64> {
    match object.get("tolerance") {
        None | Some(Value::Null) => Ok(TOLERANCE),
        Some(value) => {
            let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
            share.ok_or_else(|| wrong("tolerance", "a number from 0 to 1, such as 0.01", value))
        }
    }
}

fn input(path: &str, object: &Object) -> Checked<Input> {
    Ok(Input {
        name: item_name(object, path, false)?,
        kinds: kinds(object, &format!("{path}.kind"))?,
        nullable: flag(object, "nullable", &format!("{path}.nullable"), false)?,
        optional: flag(object, "optional", &format!("{path}.optional"), false)?,
        repeated: flag(object, "repeated", &format!("{path}.repeated"), false)?,
        doc: text_or_empty(object, "doc", &format!("{path}.doc"))?,
    })
}

fn kinds(object: &Object, path: &str) -> Checked<Vec<Kind>> {
    let kind = |path: &str, value: &Value| {
        let kinds = [Kind::Number, Kind::Category, Kind::Timestamp];
        kinds
            .into_iter()
            .find(|kind| value.as_str() == Some(kind.as_str()))
            .ok_or_else(|| wrong(path, "\"number\", \"category\" or \"timestamp\"", value))
    };
    let kinds = match object.get("kind") {
        None | Some(Value::Null) => vec![Kind::Number],
        Some(Value::Array(words)) => {
            let word = |(i, value)| kind(&format!("{path}[{i}]"), value);
            words.iter().enumerate().map(word).collect::<Result<Vec<_>, _>>()?
        }
        Some(value) => vec![kind(path, value)?],
    };
    if kinds.is_empty() {
        return Err(invalid(path, "is an empty list: name at least one kind"));
    }
    unique(path, kinds.iter().map(|kind| kind.as_str()))?;
    Ok(kinds)
}

fn output(path: &str, object: &Object) -> Checked<Output> {
    let directions = [("higher", Direction::Higher), ("lower", Direction::Lower), ("neutral", Direction::Neutral)];
    let thresholds = match object.get("thresholds") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(thresholds)) => thresholds,
        Some(other) => {
            return Err(wrong(&format!("{path}.thresholds"), "an object with `warning` and `critical`", other));
        }
    };
    let threshold = |key: &str| match thresholds.get(key) {
        None => Ok(None),
        Some(value) => bound(&format!("{path}.thresholds.{key}"), value),
    };
    Ok(Output {
        name: item_name(object, path, true)?,
        direction: word(object, "direction", &format!("{path}.direction"), &directions, Direction::Neutral)?,
        range: range(object, &format!("{path}.range"))?,
        warning: threshold("warning")?,
        critical: threshold("critical")?,
        doc: text_or_empty(object, "doc", &format!("{path}.doc"))?,
    })
}

fn range(object: &Object, path: &str) -> Checked<(Option<f64>, Option<f64>)> {
    let value = match object.get("range") {
        None | Some(Value::Null) => return Ok((None, None)),
        Some(value) => value,
    };
    let Some([low, high]) = value.as_array().map(Vec::as_slice) else {
        return Err(wrong(path, "a list of the smallest and the largest value, such as [0, null]", value));
    };
    let (low, high) = (bound(&format!("{path}[0]"), low)?, bound(&format!("{path}[1]"), high)?);
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        return Err(invalid(path, &format!("goes from {low} down to {high}: give the smaller value first")));
    }
    Ok((low, high))
}

fn bound(path: &str, value: &Value) -> Checked<Option<f64>> {
    match value {
        Value::Null => Ok(None),
        value => value.as_f64().map(Some).ok_or_else(|| wrong(path, "a number or null", value)),
    }
}

/// A name of letters, digits, `_`, `.` and `-`; an output's may have parts divided by `/`, the last a star.
fn item_name(object: &Object, path: &str, output: bool) -> Checked<String> {
    let path = format!("{path}.name");
    let text = required(object, "name", &path)?;
    let plain = |part: &str| part.parse::<Name>().is_ok();
    let closed = if output { text.strip_suffix("/*").unwrap_or(text) } else { text };
    let valid = if output { closed.split('/').all(plain) && text.len() <= 128 } else { plain(text) };
    if valid {
        return Ok(text.to_owned());
    }
    let open = if output { "; an output that stands for many ends in `/*`" } else { "" };
    Err(invalid(
        &path,
        &format!("is `{text}`: use 1 to 128 letters, digits, `.`, `_` or `-`, the first a letter or digit{open}"),
    ))
}

fn each<T>(object: &Object, key: &str, read: impl Fn(&str, &Object) -> Checked<T>) -> Checked<Vec<T>> {
    let items = match object.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(wrong(key, "a list", other)),
    };
    let item = |(i, value): (usize, &Value)| {
        let path = format!("{key}[{i}]");
        read(&path, value.as_object().ok_or_else(|| wrong(&path, "an object", value))?)
    };
    items.iter().enumerate().map(item).collect()
}

fn required<'a>(object: &'a Object, key: &str, path: &str) -> Checked<&'a str> {
    match object.get(key) {
        None => Err(invalid(path, "is missing: add it")),
        Some(value) => value.as_str().ok_or_else(|| wrong(path, "a text", value)),
    }
}

fn text_or_empty(object: &Object, key: &str, path: &str) -> Checked<String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| wrong(path, "a text", value)),
    }
}

fn flag(object: &Object, key: &str, path: &str, default: bool) -> Checked<bool> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| wrong(path, "true or false", value)),
    }
}

fn word<T: Copy>(object: &Object, key: &str, path: &str, words: &[(&str, T)], default: T) -> Checked<T> {
    let value = match object.get(key) {
        None | Some(Value::Null) => return Ok(default),
        Some(value) => value,
    };
    let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
    let known = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
    found.map(|(_, meaning)| *meaning).ok_or_else(|| wrong(path, &known(), value))
}

fn unique<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Checked<()> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(invalid(path, &format!("has `{name}` twice: give each its own name"))),
        None => Ok(()),
    }
}

fn wrong(path: &str, wanted: &str, found: &Value) -> Refusal {
    let found: String = found.to_string().chars().take(80).collect();
    invalid(path, &format!("is {found}: give {wanted}"))
}

fn invalid(path: &str, what: &str) -> Refusal {
    Refusal::new(RefusalCode::DescribeInvalid, format!("`describe` returned a description whose `{path}` {what}"))
}

fn normal_form(description: &Description, parameters: Object, limits: Option<Object>) -> String {
    let inputs = description.inputs.iter().map(|input| {
        let kinds: Vec<&str> = input.kinds.iter().map(|kind| kind.as_str()).collect();
        json!({
            "name": input.name, "kind": kinds, "nullable": input.nullable, "optional": input.optional,
            "repeated": input.repeated, "doc": input.doc,
        })
    });
    let outputs = description.outputs.iter().map(|output| {
        let direction = match output.direction {
            Direction::Higher => "higher",
            Direction::Lower => "lower",
            Direction::Neutral => "neutral",
        };
        json!({
            "name": output.name, "direction": direction, "range": [output.range.0, output.range.1],
            "thresholds": {"warning": output.warning, "critical": output.critical}, "doc": output.doc,
        })
    });
    let reference = match description.reference {
        ReferenceUse::None => "none",
        ReferenceUse::Optional => "optional",
        ReferenceUse::Required => "required",
    };
    let mut normal = json!({
        "name": description.name.as_str(), "version": description.version, "doc": description.doc,
        "inputs": inputs.collect::<Vec<_>>(), "outputs": outputs.collect::<Vec<_>>(),
        "parameters": parameters, "reference": reference, "merges": description.merges,
        "tolerance": description.tolerance,
    });
    if let Some(limits) = limits {
        normal["limits"] = Value::Object(limits);
    }
    normal.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{
        "name": "roc-auc", "version": "1.0.0", "doc": "d", "future": [1],
        "inputs": [{"name": "score"}, {"name": "label", "kind": ["number", "category"], "nullable": true, "optional": true, "repeated": true}],
        "outputs": [{"name": "roc_auc", "direction": "higher", "range": [0, 1], "thresholds": {"warning": 0.7}}, {"name": "f1/*"}],
        "parameters": {"type": "object", "properties": {"bins": {"type": "integer"}}},
        "reference": "optional", "merges": false, "tolerance": 0.01
    }"#;

    #[test]
    fn reads_every_key_and_its_normal_form_reads_the_same() {
        let (description, normal) = parse_description(WHOLE).expect("valid");
        assert_eq!(description.inputs[0].kinds, [Kind::Number]);
        assert_eq!(description.inputs[1].kinds, [Kind::Number, Kind::Category]);
        assert!(description.inputs[1].nullable && description.inputs[1].optional && description.inputs[1].repeated);
        assert_eq!(description.outputs[0].range, (Some(0.0), Some(1.0)));
        assert_eq!((description.outputs[0].warning, description.outputs[0].critical), (Some(0.7), None));
        assert_eq!((description.reference, description.merges), (ReferenceUse::Optional, false));
        assert_eq!(description.tolerance, 0.01);
        assert_eq!(parse_description(&normal), Ok((description, normal)));
    }

    #[test]
    fn what_may_be_left_out_has_defaults() {
        let (description, _) =
            parse_description(r#"{"name": "m", "version": "0.1.0", "outputs": [{"name": "a"}]}"#).expect("valid");
        assert_eq!(description.parameters, r#"{"type":"object"}"#);
        assert!(description.inputs.is_empty() && description.merges);
        assert_eq!((description.reference, description.tolerance), (ReferenceUse::None, TOLERANCE));
    }

    #[test]
    fn every_wrong_key_is_named() {
        let cases = [
            ("", "nonsense", "a text that is not JSON"),
            ("", "[]", "JSON that is not an object"),
            ("name", "null", "`name` is null: give a text"),
            ("name", "\"a b\"", "`name` is refused"),
            ("name", "7", "`name` is 7"),
            ("version", "\"1.0\"", "`version` is `1.0`: give a semantic version"),
            ("doc", "1", "`doc` is 1: give a text"),
            ("tolerance", "2", "`tolerance` is 2: give a number from 0 to 1"),
            ("inputs", "{}", "`inputs` is {}: give a list"),
            ("inputs", "[1]", "`inputs[0]` is 1: give an object"),
            ("inputs", "[{}]", "`inputs[0].name` is missing"),
            ("inputs", "[{\"name\": \"a b\"}]", "`inputs[0].name` is `a b`"),
            ("inputs", "[{\"name\": \"a\", \"kind\": \"text\"}]", "`inputs[0].kind` is \"text\""),
            ("inputs", "[{\"name\": \"a\", \"kind\": []}]", "`inputs[0].kind` is an empty list"),
            ("inputs", "[{\"name\": \"a\", \"kind\": [\"number\", 1]}]", "`inputs[0].kind[1]` is 1"),
            ("inputs", "[{\"name\": \"a\", \"nullable\": 1}]", "`inputs[0].nullable` is 1: give true or false"),
            ("inputs", "[{\"name\": \"a\"}, {\"name\": \"a\"}]", "`inputs` has `a` twice"),
            ("outputs", "[]", "`outputs` is empty or missing"),
            ("outputs", "[{\"name\": \"*\"}]", "`outputs[0].name` is `*`"),
            ("outputs", "[{\"name\": \"a\", \"direction\": \"up\"}]", "`outputs[0].direction` is \"up\""),
            ("outputs", "[{\"name\": \"a\", \"range\": [1]}]", "`outputs[0].range` is [1]"),
            ("outputs", "[{\"name\": \"a\", \"range\": [1, 0]}]", "`outputs[0].range` goes from 1 down to 0"),
            ("outputs", "[{\"name\": \"a\", \"range\": [\"x\", 0]}]", "`outputs[0].range[0]` is \"x\""),
            ("outputs", "[{\"name\": \"a\", \"thresholds\": 1}]", "`outputs[0].thresholds` is 1"),
            (
                "outputs",
                "[{\"name\": \"a\", \"thresholds\": {\"critical\": \"x\"}}]",
                "`outputs[0].thresholds.critical` is \"x\"",
            ),
            ("parameters", "[]", "`parameters` is []"),
            ("parameters", "{}", "`parameters.type` must be"),
            ("reference", "\"yes\"", "`reference` is \"yes\": give \"none\" or \"optional\" or \"required\""),
            ("merges", "\"no\"", "`merges` is \"no\""),
            ("limits", "5", "`limits` is 5: give an object"),
            ("limits", "{\"cpu\": 5}", "`limits.cpu` is unknown"),
            ("limits", "{\"call_ms\": 0}", "`limits.call_ms` is 0: give a whole number above 0"),
        ];
        for (key, value, expected) in cases {
            let text = match key {
                "" => value.to_owned(),
                key => {
                    let mut whole: Object = serde_json::from_str(WHOLE).expect("valid");
                    whole.insert(key.into(), serde_json::from_str(value).expect("valid"));
                    Value::Object(whole).to_string()
                }
            };
            let refusal = parse_description(&text).expect_err(expected);
            assert_eq!(refusal.code, RefusalCode::DescribeInvalid);
            assert!(refusal.message.contains(expected), "{refusal} lacks {expected}");
        }
    }
}
