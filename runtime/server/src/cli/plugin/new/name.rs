//! The name of a project in the spellings that languages want.

use std::str::FromStr;

/// A name of small letters, digits and single hyphens that is a word in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName(String);

/// The metric that templates are made of.
const EXAMPLE: &str = "cost-by-segment";

impl ProjectName {
    /// As plugins are named.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text of the example with this name in its place, in each spelling.
    pub fn fill(&self, text: &str) -> String {
        let spellings: [fn(&str) -> String; 4] = [str::to_owned, snake, camel, lower_camel];
        spellings.iter().fold(text.to_owned(), |text, spell| text.replace(&spell(EXAMPLE), &spell(&self.0)))
    }
}

impl FromStr for ProjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words_are_good = text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if words_are_good && text.len() <= 60 && text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Ok(Self(text.to_owned()));
        }
        Err("use up to 60 small letters, digits and hyphens between them, the first a letter".to_owned())
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(capital).collect()
}

fn lower_camel(name: &str) -> String {
    let camel = camel(name);
    let mut letters = camel.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_the_place_of_the_examples_in_every_spelling() {
        let name: ProjectName = "late-arrivals-2".parse().expect("a name");
        for (text, filled) in [
            ("name = \"cost-by-segment\"", "name = \"late-arrivals-2\""),
            ("use cost_by_segment::CostBySegment;", "use late_arrivals_2::LateArrivals2;"),
            ("costBySegment(cost_per_prediction)", "lateArrivals2(cost_per_prediction)"),
        ] {
            assert_eq!(name.fill(text), filled);
        }
        for bad in ["", "Late", "late_arrivals", "-late", "late-", "a--b", "2late", "späte"] {
            assert!(bad.parse::<ProjectName>().is_err(), "{bad}");
        }
    }
}
