//! All HTTP endpoints of the aggregator, and the only importer of actix-web. A listener serves any of `public`,
//! `agents`, `hooks`, `api` and `admin`; what it does not serve does not exist there. The public side only looks up; the
//! other endpoints call the rest of the program through traits.

mod admin;
mod admission;
mod agents;
mod api;
mod archive;
mod body;
mod chunks;
mod client_connections;
mod client_stream;
mod connections;
mod framing;
mod headers;
mod heartbeat;
mod hosts;
mod http2;
mod inherited;
mod limit;
mod listen;
mod malformed;
mod negotiation;
mod problem;
mod proxies;
mod public;
mod restricted;
mod subscriptions;
#[cfg(test)]
mod tests;
mod timeouts;

pub use admin::{MetricsAccess, Operations, Readiness};
pub use agents::{Delivery, EnrolAnswer, Ingest, IngestAnswer};
pub use api::{Api, ApiCall, ApiHead, ApiReply, MAX_API_BODY_BYTES};
pub use heartbeat::{Call, CallAnswer, CallKind, Heartbeats};
pub use inherited::inherited;
pub use limit::RateLimit;
pub use listen::{Bound, Limits, Listener, ServeError, Serves, TlsFiles, bind, bind_or_take, serve};
pub use proxies::{ClientFrom, TrustedProxies};
pub use public::{BaseHosts, PublicSide, Traffic};
pub use restricted::{RestrictedPage, RestrictedSide, RestrictedSite, SignIns};
pub use subscriptions::{Form, SubscriptionAnswer, SubscriptionRequest, SubscriptionTarget, Subscriptions};

use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use connections::ListenerContext;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use std::future::ready;
use std::sync::Arc;

/// A directive for the log's filter. The HTTP layer logs each malformed request as an error; this crate counts them.
pub const LOG_DIRECTIVE: &str = "actix_http::h1::dispatcher=off";

/// The implementations behind the routes.
#[derive(Clone)]
pub struct Endpoints {
    /// Pages and their data.
    pub public: Arc<PublicSide>,
    /// Pages that are not for everybody; `None`: there can be none.
    pub restricted: Option<RestrictedSide>,
    /// Subscriptions of public pages; `None`: nobody can subscribe.
    pub subscriptions: Option<Arc<dyn Subscriptions>>,
    /// Batches and enrolments of agents.
    pub ingest: Arc<dyn Ingest>,
    /// Calls of jobs; `None` leaves their paths out.
    pub heartbeats: Option<Arc<dyn Heartbeats>>,
    /// The REST API; `None` leaves its paths out.
    pub api: Option<Arc<dyn Api>>,
    /// Health, readiness and metrics.
    pub operations: Arc<dyn Operations>,
}

/// The whole route table. All other paths go to the public side if the listener serves it, and get the uniform 404
/// if not.
fn routes(config: &mut ServiceConfig, context: &ListenerContext) {
    let ListenerContext { serves, endpoints, limits, names, proxies, .. } = context;
    let (serves, limits) = (*serves, *limits);
    if serves.agents {
        let ingest = Arc::clone(&endpoints.ingest);
        let batch = move |request: HttpRequest, body: web::Payload| {
            agents::batch(Arc::clone(&ingest), limits, request, body)
        };
        config.route(skerry_protocol::wire::BATCH_PATH, web::to(batch));
        let ingest = Arc::clone(&endpoints.ingest);
        let enrol = move |request: HttpRequest, body: web::Payload| {
            agents::enrol(Arc::clone(&ingest), limits, request, body)
        };
        config.route(skerry_protocol::wire::ENROL_PATH, web::to(enrol));
        if let Some(heartbeats) = &endpoints.heartbeats {
            let (heartbeats, public) = (Arc::clone(heartbeats), Arc::clone(&endpoints.public));
            let call = move |request: HttpRequest, body: web::Payload| {
                let (heartbeats, public) = (Arc::clone(&heartbeats), Arc::clone(&public));
                async move {
                    let called = heartbeat::call(heartbeats.as_ref(), &request, body).await;
                    match called {
                        Some(response) => response,
                        None => fallback(&public, serves, &request).await,
                    }
                }
            };
            config.route(heartbeat::PATH, web::to(call));
        }
    }
    if serves.api
        && let Some(api) = &endpoints.api
    {
        for path in api::PATHS {
            let (api, proxies) = (Arc::clone(api), Arc::clone(proxies));
            let call = move |request: HttpRequest, body: web::Payload| {
                let client = proxies.client(&request);
                api::call(Arc::clone(&api), limits, (request, client), body)
            };
            config.route(path, web::to(call));
        }
    }
    if serves.admin {
        let operations = Arc::clone(&endpoints.operations);
        let known = names.clone();
        let readyz = move |request: HttpRequest| {
            ready(known.refuse(&request).unwrap_or_else(|| admin::readyz(operations.as_ref(), &request)))
        };
        let (operations, known) = (Arc::clone(&endpoints.operations), names.clone());
        let metrics = move |request: HttpRequest| {
            ready(known.refuse(&request).unwrap_or_else(|| admin::metrics(operations.as_ref(), &request)))
        };
        config.route("/healthz", web::to(|request: HttpRequest| ready(admin::healthz(&request))));
        config.route("/readyz", web::to(readyz));
        config.route("/metrics", web::to(metrics));
    }
    let (public, proxies) = (Arc::clone(&endpoints.public), Arc::clone(proxies));
    let restricted = endpoints.restricted.clone().filter(|_| serves.public);
    let subscriptions = endpoints.subscriptions.clone().filter(|_| serves.public);
    let other = move |request: HttpRequest, body: web::Payload| {
        // Who leaves a page does not have to see it.
        let leaves = subscriptions.is_some() && subscriptions::link_to_leave(request.uri().path()).is_some();
        let asked = restricted
            .as_ref()
            .filter(|_| !leaves)
            .and_then(|restricted| Some((restricted, restricted.find(&request, &public, &proxies)?)));
        let Some((restricted, asked)) = asked else {
            let Some(subscriptions) = &subscriptions else { return fallback(&public, serves, &request) };
            let Some(asked) = subscriptions::find(&request, &public) else {
                return fallback(&public, serves, &request);
            };
            let asker = (request, Arc::clone(&proxies));
            let sides = (Arc::clone(&public), limits);
            let answer = subscriptions::answer(Arc::clone(subscriptions), asked, asker, body, sides);
            return Either::Right(answer.boxed_local());
        };
        let asker = (request, Arc::clone(&proxies));
        let answer = restricted.clone().answer(asked, asker, body, (Arc::clone(&public), limits));
        Either::Right(answer.boxed_local())
    };
    config.default_service(web::to(other));
}

/// Answers a path that has no route.
fn fallback(public: &Arc<PublicSide>, serves: Serves, request: &HttpRequest) -> archive::Answering {
    if serves.public { archive::answer(public, request) } else { Either::Left(ready(public.not_found())) }
}
