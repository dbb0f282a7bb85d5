//! The result of a test: what is wrong with the network as a whole and in each address family. Pure.

use super::references::ReferenceResult;
use super::routes::Route;
use std::time::Duration;

/// What is wrong with the host's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// There is no route off this host, or the default route disappeared.
    NoRoute,
    /// No interface with a route has a carrier.
    NoCarrier,
    /// No reference target answers.
    NoReference,
    /// The reference targets refuse: something on the path may refuse everything.
    Refused,
    /// No gateway answers.
    NoGateway,
    /// An unassigned address answers.
    Intercepted,
}

impl NetworkFault {
    /// Description for operators.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::NoRoute => "no route leads off this host",
            Self::NoCarrier => "no link to the gateway has a carrier",
            Self::NoReference => "no reference target answers",
            Self::Refused => "every reference target that answers refuses the connection",
            Self::NoGateway => "the gateway is not there",
            Self::Intercepted => "something on the way answers for addresses that nobody has",
        }
    }

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoRoute => "route",
            Self::NoCarrier => "carrier",
            Self::NoReference => "reference",
            Self::Refused => "refused",
            Self::NoGateway => "gateway",
            Self::Intercepted => "intercepted",
        }
    }
}

/// The result of a test.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TestOutcome {
    /// The host as a whole.
    pub(super) fault: Option<NetworkFault>,
    /// IPv4, IPv6.
    pub(super) families: [Option<NetworkFault>; 2],
    /// Answer time of the fastest reference; `None` if none answered or there is none.
    pub(super) answer: Option<Duration>,
}

/// Combines routes, references and gateways. A reference that accepts proves the network, whatever the
/// routing tables say (policy routing keeps its routes elsewhere); if none accepts, the network is down
/// whatever they say. `gone` is whether the gateways are gone, if there are any.
pub(super) fn decide(route: Route, results: [ReferenceResult; 2], gone: [Option<bool>; 2]) -> TestOutcome {
    let answer = results
        .iter()
        .filter_map(|results| if let ReferenceResult::Accepted(took) = results { Some(*took) } else { None })
        .min();
    let by_route = match route {
        Route::Usable => None,
        Route::Missing => Some(NetworkFault::NoRoute),
        Route::NoCarrier => Some(NetworkFault::NoCarrier),
    };
    let of_reference = |results: ReferenceResult| match results {
        ReferenceResult::Silent => Some(by_route.unwrap_or(NetworkFault::NoReference)),
        ReferenceResult::Refused => Some(by_route.unwrap_or(NetworkFault::Refused)),
        ReferenceResult::None | ReferenceResult::Accepted(_) => None,
    };
    let named = results.iter().any(|results| *results != ReferenceResult::None);
    let all_gone = gone.contains(&Some(true)) && !gone.contains(&Some(false));
    let fault = match (answer, named) {
        (Some(_), _) => None,
        (None, true) => {
            results.into_iter().filter_map(of_reference).max_by_key(|fault| *fault == NetworkFault::Refused)
        }
        (None, false) => by_route.or(all_gone.then_some(NetworkFault::NoGateway)),
    };
    let of_family = |family: usize| match (results[family], gone[family]) {
        (ReferenceResult::None, _) if by_route.is_some() => fault,
        (ReferenceResult::None, Some(gone)) => gone.then_some(NetworkFault::NoGateway),
        (ReferenceResult::None, None) => fault,
        (results, _) => of_reference(results),
    };
    TestOutcome { fault, families: [of_family(0), of_family(1)], answer }
}
