//! Who may do what: roles, and the tokens of the REST API with their role, scopes, pages and expiry. Only hashes of
//! tokens are kept.

use super::credentials::TokenHash;
use super::time::{HOUR, Timestamp};
use std::fmt;

/// A role in a workspace. A greater role may do everything that a lesser one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Opens and updates incidents, schedules maintenance, sets the status of components.
    Operator,
    /// Changes pages, components, templates and settings; approves drafts; corrects the past; reads the audit log.
    Admin,
    /// Manages tokens, users and domains.
    Owner,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Admin, Self::Owner];

    /// The name as stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A kind of resource of the REST API, to which a token may be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Pages.
    Pages,
    /// Components and groups, with their status and uptime.
    Components,
    /// Incidents, drafts and postmortems.
    Incidents,
    /// Maintenance.
    Maintenance,
    /// Templates of incidents.
    Templates,
    /// Problems.
    Problems,
    /// Corrections of the past.
    Corrections,
    /// Announcements.
    Announcements,
    /// Subscribers.
    Subscribers,
    /// Notices and their deliveries.
    Deliveries,
    /// Reports of bounces and complaints, which can only be written.
    Bounces,
    /// Settings of the workspace.
    Settings,
    /// The audit log.
    Audit,
}

impl Resource {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Pages,
        Self::Components,
        Self::Incidents,
        Self::Maintenance,
        Self::Templates,
        Self::Problems,
        Self::Corrections,
        Self::Announcements,
        Self::Subscribers,
        Self::Deliveries,
        Self::Bounces,
        Self::Settings,
        Self::Audit,
    ];

    /// The name as stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Components => "components",
            Self::Incidents => "incidents",
            Self::Maintenance => "maintenance",
            Self::Templates => "templates",
            Self::Problems => "problems",
            Self::Corrections => "corrections",
            Self::Announcements => "announcements",
            Self::Subscribers => "subscribers",
            Self::Deliveries => "deliveries",
            Self::Bounces => "bounces",
            Self::Settings => "settings",
            Self::Audit => "audit",
        }
    }
}

/// What a token may reach: a kind of resource, to read or also to write. Written `incidents` or `incidents:read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The kind of resource.
    pub resource: Resource,
    /// Whether it may be changed.
    pub write: bool,
}

impl Scope {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, write) = text.strip_suffix(":read").map_or((text, true), |name| (name, false));
        let resource = Resource::ALL.into_iter().find(|resource| resource.name() == name)?;
        Some(Self { resource, write })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = if self.write { "" } else { ":read" };
        write!(f, "{}{read}", self.resource.name())
    }
}

/// How exactly the last use of a token is known, ms: it is noted once in this time, so that reads write next to nothing.
pub const USE_KNOWN_TO: i64 = HOUR;

/// A token of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// 12 random lower-case alphanumerics; the audit log names it.
    pub id: String,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Hash of the secret.
    pub hash: TokenHash,
    /// Its role.
    pub role: Role,
    /// What it may reach; empty: everything that its role may.
    pub scopes: Vec<Scope>,
    /// Ids of the pages that it may reach; empty: all.
    pub pages: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The end of its validity; [`Timestamp::FAR`]: none.
    pub expires_at: Timestamp,
    /// When it was last used, to [`USE_KNOWN_TO`]. `None`: never.
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether a use at `now` is to be noted.
    #[must_use]
    pub fn use_is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now - at >= USE_KNOWN_TO)
    }

    /// Whether it is valid.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether its scopes include a kind of resource, to read or to write.
    #[must_use]
    pub fn reaches(&self, resource: Resource, write: bool) -> bool {
        let includes = |scope: &Scope| scope.resource == resource && (scope.write || !write);
        self.scopes.is_empty() || self.scopes.iter().any(includes)
    }

    /// Whether it may reach the page with that id.
    #[must_use]
    pub fn reaches_page(&self, id: &str) -> bool {
        self.pages.is_empty() || self.pages.iter().any(|page| page == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for resource in Resource::ALL {
            for write in [false, true] {
                let scope = Scope { resource, write };
                assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
            }
        }
        for wrong in ["", "incident", "incidents:write", "incidents:read:read", ":read"] {
            assert_eq!(Scope::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_token_reaches_what_its_scopes_name() {
        let of = |scopes: &[&str]| ApiToken {
            id: "a".to_owned(),
            name: "a".to_owned(),
            hash: [0; 32],
            role: Role::Owner,
            scopes: scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
            pages: Vec::new(),
            created_at: Timestamp(0),
            expires_at: Timestamp::FAR,
            last_used_at: None,
        };
        let all = of(&[]);
        assert!(all.reaches(Resource::Audit, false) && all.reaches(Resource::Pages, true));
        let some = of(&["incidents", "components:read"]);
        for (resource, write, reached) in [
            (Resource::Incidents, true, true),
            (Resource::Incidents, false, true),
            (Resource::Components, false, true),
            (Resource::Components, true, false),
            (Resource::Audit, false, false),
        ] {
            assert_eq!(some.reaches(resource, write), reached, "{resource:?} {write}");
        }
    }
}
