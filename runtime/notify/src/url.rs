//! The addresses of HTTP receivers: which are taken, and what of them may be shown.

use reqwest::Url;

use crate::{Invalid, secret::HIDDEN};

/// Longer ones are refused by many receivers.
const MAX_BYTES: usize = 2048;

/// Takes `http` and `https` URLs of a host, without user and password.
pub(crate) fn parse(field: &str, text: &str) -> Result<Url, Invalid> {
    // The messages leave the text out: parts of it may be secret.
    let refuse = |message: &str| Err(Invalid::new(field, message));
    if text.len() > MAX_BYTES {
        return refuse("is longer than 2048 bytes");
    }
    let url: Url = match text.parse() {
        Ok(url) => url,
        Err(error) => return refuse(&format!("is not a URL: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user name or password: use a header");
    }
    if url.query().is_some_and(|query| query.contains(HIDDEN)) {
        return refuse("holds `***`, which only stands for a secret: give the whole URL");
    }
    Ok(url)
}

/// Whether both are URLs of the same scheme, host and port.
pub(crate) fn same_origin(a: &str, b: &str) -> bool {
    match (a.parse::<Url>(), b.parse::<Url>()) {
        (Ok(a), Ok(b)) => a.origin() == b.origin(),
        _ => false,
    }
}

/// The URL without what its query says.
pub(crate) fn without_query(text: &str) -> String {
    let Ok(mut url) = text.parse::<Url>() else { return HIDDEN.to_owned() };
    if url.query().is_none() && url.fragment().is_none() {
        return text.to_owned();
    }
    url.set_fragment(None);
    url.set_query(Some(HIDDEN));
    url.into()
}

/// The URL's scheme, host and port, for those whose path is the secret.
pub(crate) fn without_path(text: &str) -> String {
    let Ok(mut url) = text.parse::<Url>() else { return HIDDEN.to_owned() };
    url.set_fragment(None);
    url.set_query(None);
    url.set_path(HIDDEN);
    url.into()
}

/// What of the URL may not be shown: its query, and where `path` says so its path.
pub(crate) fn secret_parts(text: &str, path: bool) -> Vec<String> {
    let Ok(url) = text.parse::<Url>() else { return vec![text.to_owned()] };
    let path = Some(url.path()).filter(|it| path && it.len() > 1);
    path.into_iter().chain(url.query()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_http_urls_of_hosts() {
        for good in
            ["https://hooks.example.com/a?b=c", "http://127.0.0.1:8080", "http://[::1]:9/x", "HTTPS://EXAMPLE.COM"]
        {
            assert!(parse("url", good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "not a URL"),
            ("hooks.example.com/a", "not a URL"),
            ("https://", "not a URL"),
            ("ftp://example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("gopher://example.com", "https://"),
            ("data:text/plain,hi", "https://"),
            ("https://user@example.com/", "user name"),
            ("https://user:geheim@example.com/", "user name"),
            ("https://:geheim@example.com/", "user name"),
            ("https://exa mple.com/", "not a URL"),
            ("https://example.com:99999/", "not a URL"),
        ] {
            let error = parse("url", bad).expect_err(bad).to_string();
            assert!(error.contains(why) && !error.contains("geheim"), "{bad}: {error}");
        }
        assert!(parse("url", &format!("https://example.com/{}", "x".repeat(MAX_BYTES))).is_err());
    }

    #[test]
    fn hides_what_may_be_secret() {
        for (url, query, path) in [
            ("https://a.example/x/y?token=1#z", "https://a.example/x/y?***", "https://a.example/***"),
            ("https://a.example:8443/x", "https://a.example:8443/x", "https://a.example:8443/***"),
            ("geheim", "***", "***"),
        ] {
            assert_eq!((without_query(url).as_str(), without_path(url).as_str()), (query, path), "{url}");
        }
    }
}
