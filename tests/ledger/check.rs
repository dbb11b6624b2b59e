//! Whether the server holds what the books say.

use serde_json::json;
use uuid::Uuid;

use super::{auc::roc_auc, book::Book, request::MODEL, stored};
use crate::harness::Server;

/// Sums of whole and half numbers are exact in both; only the last division rounds.
const TOLERANCE: f64 = 1e-14;

/// What differs, in a sentence.
#[derive(Debug)]
pub struct Difference(pub String);

/// Compares every row, the counts and an evaluation.
pub async fn check(server: &Server, book: &Book) -> Result<(), Difference> {
    if book.predictions().is_empty() {
        return Ok(());
    }
    rows(server, book).await?;
    counts(server, book).await?;
    let is_labelled = book.labels().values().any(|truth| truth.label.is_some());
    if is_labelled { evaluation(server, book).await } else { Ok(()) }
}

async fn rows(server: &Server, book: &Book) -> Result<(), Difference> {
    let mut found = stored::rows(server).await?;
    for (id, prediction) in book.predictions() {
        let expected = (*prediction, book.truth(*id));
        match found.remove(id).as_deref() {
            None => return Err(Difference(format!("prediction {id} is lost"))),
            Some([one]) if *one == expected => {}
            Some([one]) => return Err(Difference(format!("prediction {id} is {one:?}, not {expected:?}"))),
            Some(many) => return Err(Difference(format!("prediction {id} is stored {} times", many.len()))),
        }
    }
    let unknown: Vec<&Uuid> = found.keys().collect();
    if unknown.is_empty() { Ok(()) } else { Err(Difference(format!("stored but never sent: {unknown:?}"))) }
}

async fn counts(server: &Server, book: &Book) -> Result<(), Difference> {
    let model = server.get(&format!("/v1/models/{MODEL}")).await.expect(200);
    let (matched, unmatched): (Vec<_>, Vec<_>) =
        book.labels().keys().copied().partition(|id| book.predictions().contains_key(id));
    equal("predictions counted", &model["predictions"], book.predictions().len())?;
    equal("labelled predictions counted", &model["labels"]["labelled"], matched.len())?;
    equal("labels without a prediction counted", &model["labels"]["unmatched"], unmatched.len())
}

async fn evaluation(server: &Server, book: &Book) -> Result<(), Difference> {
    let request = json!({
        "model": MODEL, "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"}, "record": false,
        "window": {"start": "2020-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"},
    });
    let answer = server.evaluate(&request).await;
    let result = &answer["results"][0];
    let labelled = book
        .predictions()
        .iter()
        .filter_map(|(id, prediction)| book.truth(*id).label.map(|label| (prediction.score, label == 1)));
    let labelled: Vec<_> = labelled.collect();
    equal("rows read", &result["rows"]["read"], book.predictions().len())?;
    equal("rows used", &result["rows"]["used"], labelled.len())?;
    let value = result["values"].as_array().and_then(|values| values.iter().find(|value| value["name"] == "roc_auc"));
    let (found, expected) = (value.and_then(|value| value["value"].as_f64()), roc_auc(labelled));
    match (found, expected) {
        (Some(found), Some(expected)) if (found - expected).abs() <= TOLERANCE => Ok(()),
        (None, None) => Ok(()),
        _ => Err(Difference(format!("the ROC AUC is {found:?}, not {expected:?}"))),
    }
}

fn equal(what: &str, found: &serde_json::Value, expected: usize) -> Result<(), Difference> {
    if *found == expected { Ok(()) } else { Err(Difference(format!("{what}: {found}, not {expected}"))) }
}
