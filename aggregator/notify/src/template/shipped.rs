//! Descriptions of services that come with the program. An operator names one and gives its settings and secrets; whatever
//! is written beside it, such as another URL, takes its place.

use super::TemplateSettings;

/// A description that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// By which it is named.
    pub name: &'static str,
    /// Where to; empty if only the operator knows.
    pub url: &'static str,
    content_type: &'static str,
    authorization: Option<&'static str>,
    body: &'static str,
    /// Settings that it needs.
    pub settings: &'static [&'static str],
    /// Secrets that it needs.
    pub secrets: &'static [&'static str],
}

const JSON: &str = "application/json";

const SHIPPED: [Shipped; 4] = [
    // Events API v2.
    Shipped {
        name: "pagerduty",
        url: "https://events.pagerduty.com/v2/enqueue",
        content_type: JSON,
        authorization: None,
        body: include_str!("shipped/pagerduty.json"),
        settings: &[],
        secrets: &["routing_key"],
    },
    // The topic is in the body, so that texts need not stand in headers. A server that asks for a token gets it in a header.
    Shipped {
        name: "ntfy",
        url: "https://ntfy.sh/",
        content_type: JSON,
        authorization: None,
        body: include_str!("shipped/ntfy.json"),
        settings: &["topic"],
        secrets: &[],
    },
    Shipped {
        name: "telegram",
        url: "https://api.telegram.org/bot{{token}}/sendMessage",
        content_type: JSON,
        authorization: None,
        body: include_str!("shipped/telegram.json"),
        settings: &["chat_id"],
        secrets: &["token"],
    },
    // A gateway that takes a form, as many do.
    Shipped {
        name: "sms",
        url: "",
        content_type: "application/x-www-form-urlencoded",
        authorization: Some("Bearer {{token}}"),
        body: "to={{to}}&text={{state|firing=DOWN|resolved=OK}}%3A+{{title}}+{{url}}",
        settings: &["to"],
        secrets: &["token"],
    },
];

/// The description with this name.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|one| one.name == name)
}

impl Shipped {
    /// All.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &SHIPPED
    }

    /// As an operator would write it, without settings and secrets.
    #[must_use]
    pub fn described(&self) -> TemplateSettings {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let authorization = self.authorization.map(|value| header("Authorization", value));
        TemplateSettings {
            method: "POST".to_owned(),
            url: self.url.to_owned(),
            headers: [header("Content-Type", self.content_type)].into_iter().chain(authorization).collect(),
            body: self.body.trim_end().to_owned(),
            ..TemplateSettings::default()
        }
    }
}
