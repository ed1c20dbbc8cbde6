//! `/log`: the state of the audit log.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Page;
use super::time::Moment;
use crate::{Gateway, LogReport};

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage<'a> {
    page: &'a Page,
    nav: &'static str,
    report: LogReport,
    signed: Option<Moment>,
    verified: Option<Moment>,
    reconciled: Option<Moment>,
}

pub(crate) async fn show(State(gateway): State<Gateway>, page: Page) -> Response {
    let report = match gateway.0.parts.log.report().await {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(code = error.code(), "the state of the log cannot be read");
            let words = page.words();
            return page.fail(StatusCode::SERVICE_UNAVAILABLE, words.log, words.log_unavailable);
        }
    };
    let signed = report.checkpoint.as_ref().and_then(|checkpoint| checkpoint.signed).map(Moment::new);
    let verified = report.verification.as_ref().map(|verification| Moment::new(verification.at));
    let reconciled = report.reconciliation.as_ref().map(|reconciliation| Moment::new(reconciliation.at));
    page.show(StatusCode::OK, &LogPage { page: &page, nav: "log", report, signed, verified, reconciled })
}
