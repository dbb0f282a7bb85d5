//! Reads whom a page is for, where it answers behind a proxy of its owner, and whether search engines may list it.

use super::proxies::networks;
use super::server::warn_secret;
use super::values;
use ipnet::IpNet;
use skerry_protocol::strict::{Entry, Table, refuse};
use std::path::{Path, PathBuf};
use url::Url;

/// Who may see a page that is not for everybody: whoever asks from one of the networks, and whoever knows the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// May be empty.
    pub networks: Vec<IpNet>,
    /// Its first line is the password, or its Argon2id hash as a PHC string. `None`: nobody can sign in.
    pub password_file: Option<PathBuf>,
    /// A sentence on the sign-in page.
    pub sentence: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Public,
    Password,
    Networks,
}

const FOR: [(&str, For); 3] =
    [("public", For::Public), ("password", For::Password), ("networks", For::Networks)];
/// The longest sentence on a sign-in page.
const LONGEST_SENTENCE: usize = 300;

/// Whether a page is for everybody, and if not, whom it is for.
pub(super) fn audience(table: &Table<'_>) -> (bool, Option<Audience>) {
    let public = table.boolean("public").or(false);
    let audience = table.choice("audience", &FOR).optional();
    let networks = networks(table, "networks");
    let password_file: Option<PathBuf> = table.path("password_file").optional();
    warn_secret(table, "password_file", password_file.as_deref());
    refuse_unfit_hash(table, password_file.as_deref());
    let sentence =
        table.string("sign_in_text").at_most(LONGEST_SENTENCE).convert(values::visible_name).optional();
    let wanted = match audience {
        None | Some(For::Public) => {
            for key in ["networks", "password_file", "sign_in_text"].into_iter().filter(|key| table.has(key))
            {
                let wrong = format!("{key} has no effect without an audience");
                table.refuse(
                    key,
                    wrong,
                    "Say audience = \"password\" or audience = \"networks\", or remove it.",
                );
            }
            if audience.is_some() && table.has("public") && !public {
                table.refuse(
                    "public",
                    "public = false contradicts audience = \"public\"",
                    "Remove one of them.",
                );
            }
            return (public || audience.is_some(), None);
        }
        Some(wanted) => wanted,
    };
    if public {
        let wrong = "public = true shows the page to everybody, in spite of its audience";
        table.refuse("public", wrong, "Remove one of them.");
    }
    refuse_incomplete(table, wanted);
    (false, Some(Audience { networks, password_file, sentence }))
}

/// A hash that takes too long to compare with keeps others from signing in.
fn refuse_unfit_hash(table: &Table<'_>, file: Option<&Path>) {
    let line = file.and_then(|file| skerry_host::secret_files::token(file).ok());
    if let Some(why) = line.and_then(|line| crate::sign_ins::unfit(&line)) {
        let remedy = "Make it anew: argon2 \"$(openssl rand -hex 16)\" -id -e";
        table.refuse("password_file", format!("password_file is unfit: {why}"), remedy);
    }
}

fn refuse_incomplete(table: &Table<'_>, wanted: For) {
    if wanted == For::Password {
        if !table.has("password_file") {
            let remedy =
                "Add password_file = \"/path/to/file\" with the password, or with its Argon2id hash.";
            table.refuse(
                "audience",
                "password_file is missing, and audience = \"password\" needs it",
                remedy,
            );
        }
        if table.has("networks") {
            let remedy = "Say audience = \"networks\": who asks from elsewhere signs in with the password.";
            table.refuse("networks", "networks has no effect with audience = \"password\"", remedy);
        }
    }
    if wanted == For::Networks {
        if !table.has("networks") || table.list("networks").is_some_and(|list| list.is_empty()) {
            let remedy = "Add networks = [\"10.0.0.0/8\"].";
            table.refuse("audience", "networks is missing, and audience = \"networks\" needs it", remedy);
        }
        if table.has("sign_in_text") && !table.has("password_file") {
            let remedy = "Add password_file, so that others can sign in, or remove it.";
            table.refuse("sign_in_text", "sign_in_text has no effect without password_file", remedy);
        }
    }
}

/// The address of a page behind a proxy of its owner, without a slash at the end.
pub(super) fn external_url(entry: Entry<'_, String>) -> Entry<'_, String> {
    entry.convert(|text| {
        let example = "Write it such as \"https://app.example.com/status\".";
        let Some(url) = Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme())) else {
            return refuse(format!("is no http or https URL: \"{text}\""), example);
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds credentials, and it is shown to everybody", example);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(format!("must have no query or fragment; it is \"{text}\""), example);
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    })
}
