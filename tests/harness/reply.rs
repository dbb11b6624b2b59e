//! An answer of the server, and what a test says about it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of an answer, with the request it belongs to.
#[derive(Debug)]
pub struct Reply {
    /// The request, for messages.
    pub request: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the connection broke before the end of the body.
    pub is_cut: bool,
}

impl Reply {
    /// Takes an answer in.
    pub async fn of(request: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.bytes().await {
            Ok(body) => Self { request, status, headers, body: body.to_vec(), is_cut: false },
            Err(_) => Self { request, status, headers, body: Vec::new(), is_cut: true },
        }
    }

    /// A header as text; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}\nis not JSON: {error}"))
    }

    /// The JSON body of an answer that must have this status; null when it has none.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.header("content-type").ends_with("json") { self.json() } else { Value::Null }
    }

    /// Checks that the answer is a problem with this status, code and field.
    ///
    /// `field` is where the problem lies; when empty the problem names none.
    pub fn expect_problem(&self, status: u16, code: &str, field: &str) {
        if let Err(complaint) = self.check_problem(status, code, field) {
            panic!("{complaint}: {self}");
        }
    }

    /// What [`Self::expect_problem`] checks, as a complaint.
    pub fn check_problem(&self, status: u16, code: &str, field: &str) -> Result<(), String> {
        let problem = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        let got =
            (self.status, problem["code"].as_str().unwrap_or_default(), problem["field"].as_str().unwrap_or_default());
        if got != (status, code, field) {
            return Err(format!("expected {status} {code} at `{field}`, got {} {} at `{}`", got.0, got.1, got.2));
        }
        if self.header("content-type") != "application/problem+json" {
            return Err(format!("the content type is {}", self.header("content-type")));
        }
        if problem["status"] != self.status || problem["title"].as_str().is_none_or(str::is_empty) {
            return Err("the problem repeats neither status nor title".into());
        }
        let detail = problem["detail"].as_str().unwrap_or_default();
        if detail.len() < 20 || detail.contains("Error {") || detail.contains("panicked at") {
            return Err("the detail is no sentence for people".into());
        }
        Ok(())
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text().chars().take(2000).collect();
        write!(f, "{} answered {} {text}", self.request, self.status)
    }
}
