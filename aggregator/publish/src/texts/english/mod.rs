//! The catalogue of English.

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

/// English.
pub(super) struct English;

/// Its texts, for those that consist of others.
pub(super) static TEXTS: super::Texts = super::Texts::of(&English, false);
