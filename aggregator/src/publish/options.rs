//! What only a file says of a page: whom it is for, its address behind a proxy of its owner, and whether search engines
//! may list it. The publisher and the links of REST read it; a reload replaces it.

use crate::config::{Audience, Config};
use crate::sign_ins::Passwords;
use arc_swap::ArcSwap;
use skerry_publish::output::Publication;
use skerry_web::RestrictedPage;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The options of all pages, by slug, and the passwords that they name files of. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PageOptions {
    by_slug: Arc<ArcSwap<HashMap<String, Options>>>,
    passwords: Passwords,
    takes_mail: Arc<AtomicBool>,
}

/// The options of one page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Options {
    /// Whom it is for, if not for everybody or nobody.
    pub(super) audience: Option<Audience>,
    /// Its address behind a proxy of its owner.
    pub(super) external_url: Option<String>,
    pub(super) noindex: bool,
}

impl PageOptions {
    /// The options in the files.
    #[must_use]
    pub fn of(configs: &[Config]) -> Self {
        let options = Self::default();
        options.set_takes_mail(configs.first().is_some_and(|first| first.mail.is_some()));
        options.replace(configs);
        options
    }

    /// Takes over what the files say now. Reads the passwords.
    pub fn replace(&self, configs: &[Config]) {
        let pages = configs.iter().flat_map(|config| &config.pages);
        let audiences = pages.clone().filter_map(|page| page.audience.as_ref());
        let files: Vec<_> = audiences.filter_map(|audience| audience.password_file.as_ref()).collect();
        self.passwords.follow(&files);
        let options = pages.map(|page| {
            let (audience, external_url) = (page.audience.clone(), page.external_url.clone());
            (page.slug.clone(), Options { audience, external_url, noindex: page.noindex })
        });
        self.by_slug.store(Arc::new(options.filter(|(_, options)| *options != Options::default()).collect()));
    }

    /// Says whether mails can be sent, so that forms ask for addresses. Takes effect with the next [`PageOptions::replace`].
    pub fn set_takes_mail(&self, takes_mail: bool) {
        self.takes_mail.store(takes_mail, Ordering::Relaxed);
    }

    /// Whether mails can be sent.
    #[must_use]
    pub fn takes_mail(&self) -> bool {
        self.takes_mail.load(Ordering::Relaxed)
    }

    /// The passwords of restricted pages.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        self.passwords.clone()
    }

    pub(super) fn present(&self) -> Arc<HashMap<String, Options>> {
        self.by_slug.load_full()
    }

    pub(super) fn external_url(&self, slug: &str) -> Option<String> {
        self.by_slug.load().get(slug).and_then(|options| options.external_url.clone())
    }
}

/// A page that is not for everybody, and what strangers may know of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Restricted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) language: String,
    pub(super) support_url: Option<String>,
    pub(super) audience: Audience,
}

impl Restricted {
    pub(super) fn page(&self, publication: &Arc<Publication>) -> Arc<RestrictedPage> {
        Arc::new(RestrictedPage {
            id: self.id.clone(),
            name: self.name.clone(),
            language: self.language.clone(),
            support_url: self.support_url.clone(),
            sentence: self.audience.sentence.clone(),
            networks: self.audience.networks.clone(),
            password_file: self.audience.password_file.clone(),
            publication: Arc::clone(publication),
        })
    }
}
