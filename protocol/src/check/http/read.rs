//! Reads an [`Http`] check from a `[[check]]` table.

use ::http::{HeaderName, HeaderValue, Method, header};
use url::{Host, Url};

use super::{Auth, Http, HttpVersion, JsonAssertion, JsonExpectation, SentHeader, StatusRange};
use crate::check::{Pattern, target};
use crate::strict::{Entry, Item, Table, http_url, refuse};

const DEFAULT_MAX_BODY: u64 = 1024 * 1024;
const LARGEST_MAX_BODY: u64 = 64 * 1024 * 1024;
/// Headers that contain secrets, which must not be in the file. `auth` replaces only the first of them.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];

pub(super) fn read(table: &Table<'_>) -> Option<Http> {
    let url = url(table.string("url")).required("url = \"https://example.com/\"");
    let method = method(table.string("method")).or(Method::GET);
    let http = Http {
        headers: headers(table),
        body: table.text("body").optional(),
        auth: auth(table),
        status: status(table),
        redirects: table.integer("redirects", 0, 20).or(5) as u32,
        body_contains: table.strings("body_contains"),
        body_matches: body_matches(table),
        json: json(table),
        response_headers: response_headers(table),
        certificate_days: table.integer("certificate_days", 1, 3_650).optional().map(|days| days as u32),
        verify: table.boolean("verify").or(true),
        ca_file: table.path("ca_file").optional(),
        max_body: table.integer("max_body", 0, LARGEST_MAX_BODY).or(DEFAULT_MAX_BODY),
        version: table
            .choice(
                "http_version",
                &[("auto", HttpVersion::Auto), ("1.1", HttpVersion::Http1), ("2", HttpVersion::Http2)],
            )
            .or(HttpVersion::Auto),
        ip: target::ip_version(table, "url", url.as_ref().and_then(host).as_ref()),
        reuse_connection: table.boolean("reuse_connection").or(false),
        method,
        url: url?,
    };
    refuse_contradictions(table, &http);
    Some(http)
}

fn url(entry: Entry<'_, String>) -> Entry<'_, Url> {
    entry.convert(|text| {
        let example = "Write it in full, such as \"https://example.com/health\".";
        let url = http_url(&text, example)?;
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "holds credentials, which are never in this file",
                "Remove them and add auth = { user = \"…\", password_file = \"/path/to/password\" }.",
            );
        }
        Ok(url)
    })
}

fn host(url: &Url) -> Option<Host<String>> {
    url.host().map(|host| host.to_owned())
}

fn method(entry: Entry<'_, String>) -> Entry<'_, Method> {
    entry.convert(|text| match Method::from_bytes(text.as_bytes()) {
        Ok(Method::CONNECT) => refuse("CONNECT asks a proxy for a tunnel", "Use GET, HEAD or POST."),
        Ok(_) if text.to_uppercase() != text => refuse(
            format!("is case-sensitive; it is \"{text}\""),
            format!("Write \"{}\".", text.to_uppercase()),
        ),
        Ok(method) => Ok(method),
        Err(_) => refuse(
            format!("is not a valid HTTP method: \"{text}\""),
            "Use one such as \"GET\", \"HEAD\" or \"POST\".",
        ),
    })
}

fn headers(table: &Table<'_>) -> Vec<SentHeader> {
    let entries = free_entries(table, "headers", "{ Accept = \"text/html\" }");
    entries.iter().filter_map(|(name, item)| header(name, item)).collect()
}

fn header(written: &str, item: &Item<'_>) -> Option<SentHeader> {
    let name = header_name(written, item)?;
    if SECRET_HEADERS.contains(&name.as_str()) {
        let remedy = if name == header::AUTHORIZATION {
            "Use auth = { token_file = \"/path/to/token\" } or auth = { user = \"…\", password_file = \"…\" }."
        } else {
            "Remove it. This version cannot read the value of this header from a file: ask for an address that \
             needs no secret, or let a proxy on this host add the header."
        };
        return item.refuse("carries a secret, and secrets are never in this file", remedy);
    }
    if ["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
        return item.refuse("is set by the HTTP client itself", "Remove it.");
    }
    let value = item.string()?;
    match HeaderValue::from_str(&value) {
        Ok(value) => Some(SentHeader { written: written.to_owned(), name, value }),
        Err(_) => item.refuse("holds a character that no header may hold", "Use printable ASCII."),
    }
}

fn header_name(name: &str, item: &Item<'_>) -> Option<HeaderName> {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) => Some(name),
        Err(_) => item.refuse(
            "is not a valid header name",
            "Use letters, digits and hyphens, such as \"Content-Type\".",
        ),
    }
}

fn auth(table: &Table<'_>) -> Option<Auth> {
    let example = "{ user = \"skerry\", password_file = \"/path/to/password\" }";
    let auth = table.item("auth")?.inline_table(example)?;
    for (key, file) in [("password", "password_file"), ("token", "token_file")] {
        let remedy =
            format!("Put it into a file that only Skerry can read, and name that: {file} = \"/path\".");
        auth.misplaced(key, format!("{key} is a secret, and secrets are never in this file"), remedy);
    }
    let user = auth.string("user").convert(|user| match user.contains(':') {
        true => refuse(
            "holds a colon, which would end it: what follows is sent as the password",
            "Name only the user.",
        ),
        false => Ok(user),
    });
    let user = user.optional();
    let password_file = auth.path("password_file").optional();
    let token_file = auth.path("token_file").optional();
    match (user, password_file, token_file) {
        (Some(user), Some(password_file), None) => Some(Auth::Basic { user, password_file }),
        (None, None, Some(token_file)) => Some(Auth::Bearer { token_file }),
        (user, password_file, token_file) => {
            refuse_auth(&auth, user.is_some() || password_file.is_some(), token_file.is_some());
            None
        }
    }
}

fn refuse_auth(auth: &Table<'_>, basic: bool, bearer: bool) {
    if ["password", "token"].iter().any(|key| auth.has(key)) {
        return;
    }
    if basic && bearer {
        auth.refuse(
            "token_file",
            "user and password_file, or token_file, not both",
            "Keep user and password_file for Basic, or token_file for Bearer.",
        );
    } else if basic && !auth.has("password_file") {
        auth.refuse("user", "password_file is missing", "Add password_file = \"/path/to/password\".");
    } else if basic && !auth.has("user") {
        auth.refuse("password_file", "user is missing", "Add user = \"…\".");
    } else if !["user", "password_file", "token_file"].iter().any(|key| auth.has(key)) {
        auth.refuse("", "is empty", "Give it user and password_file for Basic, or token_file for Bearer.");
    }
}

fn status(table: &Table<'_>) -> Vec<StatusRange> {
    let default = vec![StatusRange { from: 200, to: 299 }];
    let Some(item) = table.item("status") else { return default };
    let items = if item.is_list() { item.list().unwrap_or_default() } else { vec![item] };
    if items.is_empty() {
        table.refuse(
            "status",
            "status is empty: no answer could ever be right",
            "Name at least one, such as [200].",
        );
    }
    items.iter().filter_map(status_range).collect()
}

fn status_range(item: &Item<'_>) -> Option<StatusRange> {
    if item.is_integer() {
        let code = item.integer(100, 599)? as u16;
        return Some(StatusRange { from: code, to: code });
    }
    let Some(text) = item.as_str() else {
        return item.refuse_type("a status code such as 200 or a range such as \"200-299\"");
    };
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let code = |text: &str| text.trim().parse().ok().filter(|code: &u16| (100..=599).contains(code));
    match (code(from), code(to)) {
        (Some(from), Some(to)) if from <= to => Some(StatusRange { from, to }),
        _ => item.refuse(
            &format!("is not a status code from 100 to 599 or a range of them: \"{text}\""),
            "Write it such as 200 or \"200-299\".",
        ),
    }
}

fn body_matches(table: &Table<'_>) -> Vec<Pattern> {
    let items = table.list("body_matches").unwrap_or_default();
    let pattern = |item: &Item<'_>| match item.as_str() {
        Some("") => item.refuse("is empty: it matches any body", "Give it a value or remove it."),
        _ => Pattern::read(item),
    };
    items.iter().filter_map(pattern).collect()
}

fn json(table: &Table<'_>) -> Vec<JsonAssertion> {
    let items = table.list("json").unwrap_or_default();
    let example = "{ path = \"$.status\", equals = \"ok\" }";
    items.iter().filter_map(|item| json_assertion(&item.inline_table(example)?)).collect()
}

fn json_assertion(table: &Table<'_>) -> Option<JsonAssertion> {
    let parsed = table
        .string("path")
        .convert(|path| match serde_json_path::JsonPath::parse(&path) {
            Ok(query) => Ok((path, query)),
            Err(_) => refuse(
                format!("is not a valid JSON path (RFC 9535): \"{path}\""),
                "A path begins with $: write it such as \"$.status\" or \"$.items[0].name\".",
            ),
        })
        .required("path = \"$.status\"");
    let equals = table.item("equals").map(|item| item.scalar());
    let matches = table.item("matches").map(|item| Pattern::read(&item));
    let (path, query) = parsed?;
    let expect = match (equals, matches) {
        (None, None) => JsonExpectation::Exists,
        (Some(value), None) => JsonExpectation::Equals(value?),
        (None, Some(pattern)) => JsonExpectation::Matches(pattern?),
        (Some(_), Some(_)) => {
            table.refuse(
                "matches",
                "equals and matches exclude each other",
                "Keep one, or write two entries.",
            );
            return None;
        }
    };
    Some(JsonAssertion { path, query, expect })
}

fn response_headers(table: &Table<'_>) -> Vec<(HeaderName, Pattern)> {
    let entries = free_entries(table, "response_headers", "{ Server = \"^nginx\" }");
    entries.iter().filter_map(|(name, item)| Some((header_name(name, item)?, Pattern::read(item)?))).collect()
}

fn free_entries<'d>(table: &Table<'d>, key: &'static str, example: &str) -> Vec<(String, Item<'d>)> {
    let inner = table.item(key).and_then(|item| item.inline_table(example));
    inner.map(|inner| inner.entries()).unwrap_or_default()
}

fn refuse_contradictions(table: &Table<'_>, http: &Http) {
    let https_only = [
        ("certificate_days", http.certificate_days.is_some()),
        ("ca_file", http.ca_file.is_some()),
        ("verify", table.has("verify")),
    ];
    // A redirect may lead to https, but these keys are about the check's own URL.
    for (key, _) in https_only.iter().filter(|(_, set)| *set && http.url.scheme() == "http") {
        let wrong = format!("{key} has no effect for a plain http URL");
        table.refuse(key, wrong, format!("Use https in url, or remove {key}."));
    }
    if !http.verify && http.ca_file.is_some() {
        table.refuse("ca_file", "ca_file has no effect with verify = false", "Remove one of the two.");
    }
    refuse_status_never_seen(table, http);
    let body = [
        ("body_contains", !http.body_contains.is_empty()),
        ("body_matches", !http.body_matches.is_empty()),
        ("json", !http.json.is_empty()),
    ];
    for (key, _) in body.iter().filter(|(_, set)| *set) {
        if http.method == Method::HEAD {
            let wrong = format!("{key} can never match: a HEAD request is answered without a body");
            table.refuse(key, wrong, format!("Use method = \"GET\", or remove {key}."));
        } else if http.max_body == 0 {
            let wrong = format!("{key} can never match: max_body = 0 reads nothing");
            table.refuse(key, wrong, format!("Raise max_body, or remove {key}."));
        } else if only(http, &[204, 304]) {
            let wrong = format!("{key} can never match: an answer with 204 or 304 has no body");
            table.refuse(key, wrong, format!("Name other codes in status, or remove {key}."));
        }
    }
    if http.method == Method::HEAD && http.body.is_some() {
        table.refuse(
            "body",
            "body has no effect with a HEAD request",
            "Use method = \"POST\", or remove body.",
        );
    }
}

/// Whether every expected status is one of these.
fn only(http: &Http, codes: &[u16]) -> bool {
    !http.status.is_empty()
        && http.status.iter().all(|range| (range.from..=range.to).all(|code| codes.contains(&code)))
}

fn refuse_status_never_seen(table: &Table<'_>, http: &Http) {
    if http.redirects > 0 && only(http, &[301, 302, 303, 307, 308]) {
        let default = if table.has("redirects") { "" } else { ", the default" };
        let wrong = format!(
            "status can never match: redirects are followed (redirects = {}{default}), and where they lead is judged",
            http.redirects
        );
        table.refuse("status", wrong, "Set redirects = 0 to look at the redirect itself.");
    }
}
