//! What a test found: what the network lacks, as a whole and in each address family. Pure.

use super::references::Heard;
use super::routes::Route;
use std::time::Duration;

/// What the host's network lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// No route leads off this host, or the default route that was there is gone.
    Route,
    /// No link that a route uses has a carrier.
    Carrier,
    /// None of the reference targets answers.
    Reference,
    /// The reference targets refuse: something on the way may refuse everything.
    Refused,
    /// No gateway is there.
    Gateway,
    /// An address that nobody has answers.
    Intercepted,
}

impl Lack {
    /// In words, for operators.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Route => "no route leads off this host",
            Self::Carrier => "no link to the gateway has a carrier",
            Self::Reference => "no reference target answers",
            Self::Refused => "every reference target that answers refuses the connection",
            Self::Gateway => "the gateway is not there",
            Self::Intercepted => "something on the way answers for addresses that nobody has",
        }
    }

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Carrier => "carrier",
            Self::Reference => "reference",
            Self::Refused => "refused",
            Self::Gateway => "gateway",
            Self::Intercepted => "intercepted",
        }
    }
}

/// What a test found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finding {
    /// Of the host as a whole.
    pub(super) lack: Option<Lack>,
    /// Over IPv4, over IPv6.
    pub(super) families: [Option<Lack>; 2],
    /// How long the first reference to answer took; `None` where none did, or there are none.
    pub(super) answer: Option<Duration>,
}

/// A reference that accepts proves the network, whatever the tables say (policy routing keeps its routes
/// elsewhere); where none does, it is gone whatever they say. `gone`: whether the gateways are, where there
/// are any.
pub(super) fn decide(route: Route, heard: [Heard; 2], gone: [Option<bool>; 2]) -> Finding {
    let answer = heard
        .iter()
        .filter_map(|heard| if let Heard::Accepted(took) = heard { Some(*took) } else { None })
        .min();
    let by_route = match route {
        Route::Usable => None,
        Route::Missing => Some(Lack::Route),
        Route::NoCarrier => Some(Lack::Carrier),
    };
    let of_reference = |heard: Heard| match heard {
        Heard::Silent => Some(by_route.unwrap_or(Lack::Reference)),
        Heard::Refused => Some(by_route.unwrap_or(Lack::Refused)),
        Heard::None | Heard::Accepted(_) => None,
    };
    let named = heard.iter().any(|heard| *heard != Heard::None);
    let all_gone = gone.contains(&Some(true)) && !gone.contains(&Some(false));
    let lack = match (answer, named) {
        (Some(_), _) => None,
        (None, true) => heard.into_iter().filter_map(of_reference).max_by_key(|lack| *lack == Lack::Refused),
        (None, false) => by_route.or(all_gone.then_some(Lack::Gateway)),
    };
    let of_family = |family: usize| match (heard[family], gone[family]) {
        (Heard::None, _) if by_route.is_some() => lack,
        (Heard::None, Some(gone)) => gone.then_some(Lack::Gateway),
        (Heard::None, None) => lack,
        (heard, _) => of_reference(heard),
    };
    Finding { lack, families: [of_family(0), of_family(1)], answer }
}
