//! How long and deep a text of SQL may be, so that neither a stack nor a planner gives out.

use datafusion::sql::sqlparser::{
    dialect::GenericDialect,
    keywords::Keyword,
    tokenizer::{Token, Tokenizer},
};

/// Why a text is refused before it is parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    #[error("it has more than {0} operators and keywords: write a chain of OR as `column IN (…)`")]
    TooDeep(usize),
}

/// Refuses a text of more than `max_bytes`, or with more than `max_operators`
/// operators and keywords: each can be a level of the expression that it makes.
pub(crate) fn check(text: &str, max_bytes: usize, max_operators: usize) -> Result<(), TextError> {
    if text.len() > max_bytes {
        return Err(TextError::TooLong(max_bytes));
    }
    // What is no sequence of tokens is told better by the parser.
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize().unwrap_or_default();
    match tokens.iter().filter(|token| nests(token)).count() {
        operators if operators > max_operators => Err(TextError::TooDeep(max_operators)),
        _ => Ok(()),
    }
}

fn nests(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::Whitespace(_) | Token::Comma | Token::Period | Token::LParen | Token::RParen | Token::SemiColon => false,
        Token::Number(..) | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::EOF => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_in_bytes_and_operators() {
        let list = format!("a in ({})", vec!["1"; 500].join(","));
        let chain = vec!["a = 1"; 500].join(" or ");
        for (text, expected) in [
            ("a = 1 or b = 2", Ok(())),
            (list.as_str(), Ok(())),
            (chain.as_str(), Err(TextError::TooDeep(100))),
            ("a::int::int", Ok(())),
            (&"a".repeat(20_000), Err(TextError::TooLong(16_384))),
            ("'unterminated", Ok(())),
        ] {
            assert_eq!(check(text, 16_384, 100), expected, "{}", &text[..text.len().min(40)]);
        }
    }
}
