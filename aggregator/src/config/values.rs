//! Values of the settings of a page, read from the file or from a request.

use skerry_protocol::strict::{Refusal, nearest, refuse};
use skerry_publish::Language;
use skerry_sanitiser::says_nothing;
use url::Url;

/// Slugs that are reserved, since they may be host names below a base domain.
const RESERVED_SLUGS: [&str; 12] = [
    "admin",
    "agent",
    "agents",
    "api",
    "assets",
    "cdn",
    "heartbeat",
    "hooks",
    "mail",
    "metrics",
    "static",
    "www",
];

pub(crate) fn is_reserved(slug: &str) -> bool {
    RESERVED_SLUGS.contains(&slug)
}

/// A slug that is not reserved.
pub(crate) fn unreserved_slug(slug: &str) -> Result<String, Refusal> {
    if is_reserved(slug) {
        return refuse(
            format!("\"{slug}\" is reserved"),
            format!("Choose another, such as \"{slug}-status\"."),
        );
    }
    Ok(slug.to_owned())
}

/// Lower-case letters, digits and hyphens between them, as URLs and host names allow.
pub(crate) fn label(name: &str) -> Result<String, Refusal> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.chars().all(letters) && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(name.to_owned());
    }
    let corrected: String = name
        .to_lowercase()
        .chars()
        .map(|c| if letters(c) { c } else { '-' })
        .collect::<String>()
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let remedy = if corrected.is_empty() {
        "Write it such as \"main\".".to_owned()
    } else {
        format!("Write \"{corrected}\".")
    };
    refuse(format!("may hold lower-case letters, digits and hyphens between them; it is \"{name}\""), remedy)
}

/// A name that visitors can see.
pub(crate) fn visible_name(text: String) -> Result<String, Refusal> {
    if says_nothing(&text) {
        return refuse("holds nothing that anybody sees".to_owned(), "Write a name.".to_owned());
    }
    Ok(text)
}

/// A host name without scheme, port and path, in lower case.
pub(crate) fn host_name(text: &str, example: &str) -> Result<String, Refusal> {
    let remedy = |host: &str| format!("Write \"{host}\".");
    if text.contains("://") || text.contains('/') {
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let parsed = Url::parse(&with_scheme).ok();
        let found = parsed.as_ref().and_then(Url::host_str).unwrap_or(example);
        return refuse(format!("must be a host name, not a URL; it is \"{text}\""), remedy(found));
    }
    if let Some((host, _)) = text.split_once(':') {
        return refuse(format!("must be a host name without a port; it is \"{text}\""), remedy(host));
    }
    match url::Host::parse(text) {
        Ok(url::Host::Domain(host)) if is_host_name(&host) => Ok(host.trim_end_matches('.').to_lowercase()),
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => {
            refuse(format!("must be a host name, not an address; it is \"{text}\""), remedy(example))
        }
        Ok(url::Host::Domain(_)) | Err(_) => refuse(
            format!("is not a valid host name: \"{text}\""),
            format!("Use letters, digits, hyphens and dots, such as \"{example}\"."),
        ),
    }
}

fn is_host_name(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host).split('.');
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    host.len() <= 253
        && labels.into_iter().all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(letter)
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// The name of a zone, as the database of zones has it.
pub(crate) fn time_zone(text: &str) -> Result<String, Refusal> {
    let database = jiff::tz::db();
    if let Ok(zone) = database.get(text) {
        return Ok(zone.iana_name().unwrap_or(text).to_owned());
    }
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let remedy = match (has_offset(text), nearest_zone(text, &names)) {
        (true, _) => {
            "Name a place, such as \"Europe/Athens\", which knows daylight saving; names such as \"Etc/GMT-2\" have the \
             sign turned: that is two hours ahead of UTC."
                .to_owned()
        }
        (false, Some(near)) => format!("Did you mean \"{near}\"?"),
        (false, None) => "Use an IANA name such as \"Europe/Vienna\" or \"Etc/UTC\".".to_owned(),
    };
    refuse(format!("is not a known time zone: \"{text}\""), remedy)
}

/// Whether the text has an offset from UTC with a sign, as in "GMT+2" or "+02:00". Names of zones have the opposite sign,
/// so none of them may be suggested.
fn has_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair[0], b'+' | b'-') && pair[1].is_ascii_digit())
        || text.contains('\u{2212}')
}

/// Compares the city first: people get the region wrong or leave it out.
fn nearest_zone<'a>(text: &str, names: &'a [String]) -> Option<&'a str> {
    let city_of = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    let wanted = text.rsplit('/').next().unwrap_or(text).replace(' ', "_");
    let city = nearest(&wanted, names.iter().map(|name| city_of(name)))?;
    let region = text.split('/').next().unwrap_or(text);
    let mut there = names.iter().map(String::as_str).filter(|name| city_of(name) == city).peekable();
    let first = there.peek().copied();
    there.find(|name| name.starts_with(region)).or(first)
}

/// A source of `frame-ancestors`: every site, this one, or an origin whose first label may be `*`.
pub(crate) fn frame_ancestor(text: &str) -> Result<String, Refusal> {
    match text {
        "*" => return Ok(text.to_owned()),
        "self" | "'self'" => return Ok("'self'".to_owned()),
        _ => {}
    }
    let parsed = Url::parse(&text.replacen("://*.", "://any.", 1)).ok();
    let origin = parsed.filter(|url| {
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https")
            && bare
            && url.username().is_empty()
            && url.password().is_none()
            // A policy allows less than a URL: `;` begins the next directive, `,` the next header.
            && url.host_str().is_some_and(|host| {
                host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_*:[]".contains(&byte))
            })
    });
    match origin {
        Some(origin) => {
            let origin = origin.origin().ascii_serialization();
            let any = text.contains("://*.");
            Ok(if any { origin.replacen("://any.", "://*.", 1) } else { origin })
        }
        None => refuse(
            format!("must be \"*\", \"self\" or an origin; it is \"{text}\""),
            "Write scheme and host only, such as \"https://intranet.example.com\".",
        ),
    }
}

/// The target of "Get help".
pub(crate) fn support_url(text: &str) -> Result<String, Refusal> {
    match Url::parse(text) {
        Ok(url) if url.password().is_some() || !url.username().is_empty() => refuse(
            "holds credentials, and it is shown to everybody".to_owned(),
            "Write it without them, such as \"https://example.com/help\".",
        ),
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => Ok(url.to_string()),
        _ => refuse(
            format!("must be an http, https or mailto address; it is \"{text}\""),
            "Write it such as \"https://example.com/help\" or \"mailto:help@example.com\".",
        ),
    }
}

/// An address of a web page.
pub(crate) fn web_url(text: &str) -> Result<String, Refusal> {
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_web {
        return refuse(
            format!("must be an http or https address; it is \"{text}\""),
            "Write it such as \"https://example.com/\".",
        );
    }
    support_url(text)
}

/// The tag of a language that pages can speak.
pub(crate) fn language(text: &str) -> Result<String, Refusal> {
    if let Some(language) = Language::of_tag(text) {
        return Ok(language.tag().to_owned());
    }
    let tags = Language::ALL.map(|one| format!("\"{}\"", one.tag())).join(" or ");
    refuse(format!("must be {tags}; it is \"{text}\""), "Pages have texts in no other language.")
}
