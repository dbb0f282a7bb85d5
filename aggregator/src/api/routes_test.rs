//! Every route with every role.

use super::authenticate::Caller;
use super::routes::{Matched, Routes, TABLE};
use skerry_domain::access::{ApiToken, Resource, Role, Scope};
use skerry_domain::state::{ApiTokenKey, WorkspaceKey};
use skerry_domain::time::Timestamp;
use std::collections::BTreeSet;

fn caller(role: Role, scopes: &[Scope], pages: &[&str]) -> Caller {
    let token = ApiToken {
        id: "token".to_owned(),
        name: "token".to_owned(),
        hash: [0; 32],
        role,
        scopes: scopes.to_vec(),
        pages: pages.iter().map(|&page| page.to_owned()).collect(),
        created_at: Timestamp(0),
        expires_at: Timestamp::FAR,
        last_used_at: None,
    };
    Caller { workspace: WorkspaceKey(1), key: ApiTokenKey(1), token }
}

/// The route of a request to it, with an id for each parameter.
fn matched(routes: &Routes, method: &str, path: &str) -> Matched {
    let path: Vec<String> = path
        .split('/')
        .map(|part| {
            part.strip_prefix('{').map_or(part.to_owned(), |name| name.trim_end_matches('}').to_owned())
        })
        .collect();
    routes.find(method, &path.join("/")).expect("the path of a route leads to it")
}

#[test]
fn a_role_may_use_its_routes_and_no_other() {
    let routes = Routes::new();
    for route in TABLE {
        for role in Role::ALL {
            let matched = matched(&routes, route.method, route.path);
            let may = caller(role, &[], &[]).may(&matched);
            assert_eq!(may.is_ok(), role >= route.needs, "{role:?} {} {}", route.method, route.path);
            assert!(may.is_ok() || may.expect_err("refused").status == 403);
            // Whoever may only see changes nothing.
            assert!(!route.is_write() || route.needs > Role::Viewer, "{} {}", route.method, route.path);
            assert_eq!(route.is_write(), route.method != "GET", "{} {}", route.method, route.path);
        }
    }
}

#[test]
fn a_scope_opens_its_resource_and_no_other() {
    let routes = Routes::new();
    for route in TABLE {
        for resource in Resource::ALL {
            for write in [false, true] {
                let matched = matched(&routes, route.method, route.path);
                let may = caller(Role::Owner, &[Scope { resource, write }], &[]).may(&matched);
                let opens = route.resources().any(|one| one == resource) && (write || !route.is_write());
                assert_eq!(may.is_ok(), opens, "{resource:?} {write} {} {}", route.method, route.path);
            }
        }
    }
}

#[test]
fn a_token_for_a_page_reaches_no_other() {
    let routes = Routes::new();
    for route in TABLE {
        let matched = matched(&routes, route.method, route.path);
        let own = caller(Role::Owner, &[], &["page"]).may(&matched);
        let other = caller(Role::Owner, &[], &["other"]).may(&matched);
        let names_page = route.path.contains("{page}");
        assert_eq!(own.is_ok(), names_page || route.lists_pages, "{} {}", route.method, route.path);
        let status = if names_page { 404 } else { 403 };
        assert!(route.lists_pages || other.expect_err("refused").status == status, "{}", route.path);
    }
}

#[test]
fn the_documentation_names_every_route_with_its_role() {
    let text = include_str!("../../../docs/api.md");
    for route in TABLE {
        let row = format!("| `{}` |", route.path);
        let line = text.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("no {row}"));
        let methods = line.split(" | ").nth(1).unwrap_or_default();
        let named = methods.split("), ").find(|one| one.split([' ', '(']).any(|word| word == route.method));
        let named = named.unwrap_or_else(|| panic!("{row} lacks {}", route.method));
        assert!(named.contains(route.needs.name()), "{row} {}: {named}", route.method);
    }
}

#[test]
fn each_route_stands_once() {
    let all: BTreeSet<_> = TABLE.iter().map(|route| (route.method, route.path)).collect();
    assert_eq!(all.len(), TABLE.len());
}

#[test]
fn only_plain_paths_lead_anywhere() {
    let routes = Routes::new();
    let status = |path: &str| routes.find("GET", path).map_or_else(|refusal| refusal.status, |_| 200);
    assert_eq!(status("/v1/pages/abc/components"), 200);
    assert_eq!(status("/v1/pages/abc/components.json"), 200);
    for other in [
        "/v1/pages/abc/components/",
        "/v1//pages/abc/components",
        "/v1/pages/abc/../abc/components",
        "/v1/pages/abc/%63omponents",
        "/v1/pages/a%2fb/components",
        "/v1/pages/abc/components;x=1",
        "/v1/pages/abc/components%00",
        "/v1/pages/abc\\components",
        "/V1/pages/abc/components",
        "/v1/pages//components",
        "/v1/unknown",
        "/v1/",
        "/api/v1/",
    ] {
        assert_eq!(status(other), 404, "{other}");
    }
    let refused = routes
        .find("POST", "/v1/pages/abc/incidents/unresolved")
        .map_or_else(|refusal| refusal, |_| unreachable!());
    assert_eq!((refused.status, refused.allow.as_deref()), (405, Some("GET")));
}
