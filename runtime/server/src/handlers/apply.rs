//! Applying files: many definitions at once.

use axum::{
    Json,
    extract::{Request, State},
};

use crate::{
    app::Shared,
    extract, monitors,
    problem::{Problem, ProblemBody},
    wire::{Applied, ApplyRequest},
};

/// Makes monitors and channels be as documents say.
///
/// Everything is checked before anything is changed. The same documents again change nothing.
#[utoipa::path(post, path = "/v1/apply", tag = "monitors", request_body = ApplyRequest,
    responses((status = 200, description = "What became of each", body = Applied),
        (status = 404, description = "A document names something that is not there", body = ProblemBody),
        (status = 422, description = "A document is refused; nothing was changed", body = ProblemBody)))]
pub async fn apply_documents(State(app): State<Shared>, request: Request) -> Result<Json<Applied>, Problem> {
    let asked: ApplyRequest = extract::json(&app, request).await?;
    monitors::apply(&app, asked).await.map(Json)
}
