//! The catalogue of German. Dates and durations end with a full stop, which ends their sentence, too: see [`super::stop`].

mod age;
mod announcement;
mod badge;
mod banner;
mod component;
mod dates;
mod feed;
mod frame;
mod head;
mod incident;
mod maintenance;
mod message;
mod past;
mod row;
mod sections;
mod sign_in;
mod status;
mod subscribe;
mod uptime;
mod widget;

use super::stop;

/// German.
pub(super) struct German;

/// Its texts, for those that consist of others.
pub(super) static TEXTS: super::Texts = super::Texts::of(&German, false);

/// "1 Tag", "2 Tage"
fn count(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
