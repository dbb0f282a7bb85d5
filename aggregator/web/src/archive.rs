//! Awaits pages that are rendered on request. The request holds no part of the site meanwhile.

use super::public::{Answer, PublicSide};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture};
use std::future::{Ready, ready};
use std::sync::Arc;

/// An answer, which most requests get at once.
pub(super) type Answering = Either<Ready<HttpResponse>, LocalBoxFuture<'static, HttpResponse>>;

/// Answers a public request.
pub(super) fn answer(public: &Arc<PublicSide>, request: &HttpRequest) -> Answering {
    let (rendering, robots) = match public.answer(request) {
        Answer::Now(response) => return Either::Left(ready(response)),
        Answer::Soon(rendering, robots) => (rendering, robots),
    };
    let (public, request) = (Arc::clone(public), request.clone());
    let sent = rendering.map(move |output| match output {
        Some(output) => robots.asked(public.send(&output, &request)),
        None => public.unavailable(),
    });
    Either::Right(sent.boxed_local())
}
