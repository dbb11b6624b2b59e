//! Variables of the environment in documents, so that files hold no secrets.

use anyhow::{Context, bail};
use serde_json::Value;

/// The value with each `${NAME}` in its texts replaced by that variable of the environment; `$${` stands for `${`.
///
/// # Errors
/// When a variable is not set.
pub fn filled(value: Value, place: &str) -> anyhow::Result<Value> {
    fill(value, &|name| std::env::var(name).ok()).with_context(|| format!("in {place}"))
}

fn fill(value: Value, variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(expanded(&text, variable)?),
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| fill(value, variable)).collect::<anyhow::Result<_>>()?)
        }
        Value::Object(members) => {
            let member = |(name, value)| Ok((name, fill(value, variable)?));
            Value::Object(members.into_iter().map(member).collect::<anyhow::Result<_>>()?)
        }
        value => value,
    })
}

fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            whole.push_str(before);
            whole.push_str("${");
            rest = after;
            continue;
        }
        let Some((name, after)) = after.split_once('}') else {
            bail!("`{text}` has a `${{` without its `}}`: write `$${{` if it is meant as it stands");
        };
        let Some(value) = variable(name) else { bail!("the environment has no variable `{name}`: set it") };
        whole.push_str(before);
        whole.push_str(&value);
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let known = |name: &str| (name == "TOKEN").then(|| "s3cret".to_owned());
        for (text, expected) in [
            ("plain $HOME", Some("plain $HOME")),
            ("https://x/${TOKEN}/y", Some("https://x/s3cret/y")),
            ("${TOKEN}${TOKEN}", Some("s3crets3cret")),
            ("$${TOKEN}", Some("${TOKEN}")),
            ("${OTHER}", None),
            ("${TOKEN", None),
        ] {
            assert_eq!(expanded(text, &known).ok().as_deref(), expected, "{text}");
        }
    }
}
