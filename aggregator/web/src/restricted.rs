//! Restricted pages, which are not for everybody: their addresses, and who may see them. They are looked up in a map of
//! their own, so that the public look-up cannot find them, and no cache may store what admitted clients see. A stranger gets
//! the sign-in page at every path below such a page; where nobody can sign in, the page does not exist for strangers, and the
//! public side answers. Previews of pages stand beside them, by the tokens of their links.

use super::admission::{self, Credentials};
use super::headers::{short_lived, uncached};
use super::negotiation::choose;
use super::proxies::TrustedProxies;
use super::public::{PublicSide, X_ROBOTS_TAG, host};
use super::{Limits, body};
use actix_web::body::BoxBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use ipnet::IpNet;
use skerry_publish::Language;
use skerry_publish::archive::Archived;
use skerry_publish::html::{self, NotSignedIn, SignInPage};
use skerry_publish::output::{Output, Publication};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The longest form.
const MAX_FORM_BYTES: usize = 4 << 10;

/// A page that is not for everybody.
#[derive(Clone, Debug, Default)]
pub struct RestrictedPage {
    /// Its public id.
    pub id: String,
    /// Its name, which strangers see where they can sign in.
    pub name: String,
    /// BCP 47 tag.
    pub language: String,
    /// The target of "Get help".
    pub support_url: Option<String>,
    /// Whom it is for, in the words of its owner.
    pub sentence: Option<String>,
    /// Whoever asks from there sees it.
    pub networks: Vec<IpNet>,
    /// Whoever knows the password in this file sees it.
    pub password_file: Option<PathBuf>,
    /// Its outputs.
    pub publication: Arc<Publication>,
}

impl RestrictedPage {
    /// Its address, which says whether visitors reach it by HTTPS.
    pub(super) fn url(&self) -> &str {
        &self.publication.place.url
    }

    /// Whether it is for whoever asks from there.
    fn admits(&self, client: Option<IpAddr>) -> bool {
        client.is_some_and(|client| self.networks.iter().any(|one| one.contains(&client)))
    }
}

/// Pages that are not for everybody, by address.
#[derive(Clone, Debug, Default)]
pub struct RestrictedSite {
    /// By slug, for `/status/<slug>/…` on hosts that do not belong to a page.
    pub by_slug: imbl::HashMap<String, Arc<RestrictedPage>>,
    /// By host name.
    pub by_host: imbl::HashMap<String, Arc<RestrictedPage>>,
    /// Pages that whoever has a link of operators sees, by its token: `/preview/<token>/…` on hosts that do not belong to
    /// a page.
    pub previews: imbl::HashMap<String, Arc<Publication>>,
}

/// Checks what visitors of restricted pages know.
#[async_trait]
pub trait SignIns: Send + Sync {
    /// Whether this is the value of a cookie that [`SignIns::sign_in`] gave, and is still valid.
    fn knows_cookie(&self, page: &RestrictedPage, value: &str) -> bool;

    /// Whether this is the token of the page's feeds.
    fn knows_feed_token(&self, page: &RestrictedPage, token: &str) -> bool;

    /// Tries a password. Returns the value of a cookie and how long it is valid, in seconds.
    async fn sign_in(
        &self,
        page: &RestrictedPage,
        password: String,
        client: Option<IpAddr>,
    ) -> Result<(String, u32), NotSignedIn>;
}

/// Serves the restricted pages.
#[derive(Clone)]
pub struct RestrictedSide {
    /// The pages at this moment.
    pub site: Arc<ArcSwap<RestrictedSite>>,
    /// Who is admitted.
    pub sign_ins: Arc<dyn SignIns>,
}

/// What a request asks for.
pub(super) struct Asked {
    page: Arc<RestrictedPage>,
    /// Below the root of the page; `None`: the root without a slash.
    path: Option<String>,
    /// It names the token of a preview.
    is_preview: bool,
}

impl RestrictedSide {
    /// The restricted page that a request asks for, if it is one and the client may see it or sign in there. All else
    /// exists for nobody, and the public side answers it as any address that does not.
    pub(super) fn find(
        &self,
        request: &HttpRequest,
        public: &PublicSide,
        proxies: &TrustedProxies,
    ) -> Option<Asked> {
        let site = self.site.load();
        if site.by_slug.is_empty() && site.by_host.is_empty() && site.previews.is_empty() {
            return None;
        }
        let host = host(request);
        let path = request.uri().path().strip_prefix('/')?;
        let exists = |page: &&Arc<RestrictedPage>| {
            page.password_file.is_some() || page.admits(proxies.named_client(request))
        };
        if let Some(page) = site.by_host.get(&*host).filter(exists) {
            return Some(Asked { page: Arc::clone(page), path: Some(path.to_owned()), is_preview: false });
        }
        if public.has_host(&host) || public.is_below_base(&host) {
            return None;
        }
        let (first, below) = path.split_once('/')?;
        let (name, path) =
            below.split_once('/').map_or((below, None), |(name, path)| (name, Some(path.to_owned())));
        let is_preview = first == "preview";
        let page = match first {
            "preview" => {
                let publication = Arc::clone(site.previews.get(name)?);
                Arc::new(RestrictedPage { publication, ..RestrictedPage::default() })
            }
            "status" => Arc::clone(site.by_slug.get(name).filter(exists)?),
            _ => return None,
        };
        Some(Asked { page, path, is_preview })
    }

    /// Answers it.
    pub(super) async fn answer(
        self,
        asked: Asked,
        (request, proxies): (HttpRequest, Arc<TrustedProxies>),
        payload: web::Payload,
        (public, limits): (Arc<PublicSide>, Limits),
    ) -> HttpResponse {
        let Asked { page, path, is_preview } = asked;
        let credentials = Credentials::of(&request, &page);
        let is_feed = path.as_deref().is_some_and(admission::is_feed);
        let is_admitted = is_preview
            || page.admits(proxies.named_client(&request))
            || credentials.cookies().any(|value| self.sign_ins.knows_cookie(&page, value))
            || (is_feed
                && credentials.token().is_some_and(|token| self.sign_ins.knows_feed_token(&page, &token)));
        if is_admitted {
            return send(&page, path, &request, &public).await;
        }
        if request.method() != Method::POST {
            return sign_in_page(&page, None);
        }
        if !admission::is_same_origin(request.headers(), page.url(), &host(&request)) {
            return uncached(
                StatusCode::FORBIDDEN,
                "text/plain; charset=utf-8",
                "this form is sent by its own page only\n",
            );
        }
        let form = match body::read(payload, MAX_FORM_BYTES, &limits, |_| Ok(())).await {
            Ok(form) => form,
            Err(refused) => return refused,
        };
        let password = admission::password(&form);
        match self.sign_ins.sign_in(&page, password, proxies.client(&request)).await {
            Ok((value, seconds)) => {
                let mut response = see_other(&target(&page, path.as_deref(), &request));
                insert(response.headers_mut(), SET_COOKIE, &admission::cookie(&page, &value, seconds));
                response
            }
            Err(error) => sign_in_page(&page, Some(&error)),
        }
    }
}

/// Sends an output to somebody who may see it.
async fn send(
    page: &RestrictedPage,
    path: Option<String>,
    request: &HttpRequest,
    public: &PublicSide,
) -> HttpResponse {
    if request.method() == Method::POST {
        // The form was sent by somebody who is admitted meanwhile.
        return see_other(&target(page, path.as_deref(), request));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return super::headers::method_not_allowed("GET, HEAD");
    }
    let Some(path) = path else { return see_other(&target(page, None, request)) };
    if let Some(output) = page.publication.outputs.get(&path) {
        return whole(output, request);
    }
    if let Some(output) = public.shared(&path) {
        return public.send(&output, request);
    }
    let found = page.publication.archive.as_ref().map_or(Archived::Nothing, |archive| archive.find(&path));
    match found {
        Archived::Ready(output) => whole(&output, request),
        Archived::Soon(rendering) => match rendering.await {
            Some(output) => whole(&output, request),
            None => public.unavailable(),
        },
        Archived::Busy => public.unavailable(),
        Archived::Nothing => public.not_found(),
    }
}

/// The output as no cache may store it, and without a validator: it is sent whole each time.
fn whole(output: &Output, request: &HttpRequest) -> HttpResponse {
    let (form, encoding) = choose(output, request.headers());
    let mut response = uncached(StatusCode::OK, output.content_type, form.bytes.clone());
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if !output.policy.is_empty() {
        insert(headers, CONTENT_SECURITY_POLICY, &String::from_utf8_lossy(&output.policy));
    } else if output.content_type.starts_with("image/svg") {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    keep_out_of_caches(headers);
    response
}

fn keep_out_of_caches(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex"));
}

/// The sign-in page, which is the same at every path below the page. As strangers get it, caches may store it as they may the
/// 404, and for the same reason: it replaces the copy of a page that was public, which a cache would otherwise serve again
/// once the aggregator does not answer. Browsers do not keep it, since whoever signs in asks for the same address again.
fn sign_in_page(page: &RestrictedPage, error: Option<&NotSignedIn>) -> HttpResponse {
    let shown = SignInPage {
        name: &page.name,
        language: Language::of_tag(&page.language).unwrap_or_default(),
        support_url: page.support_url.as_deref(),
        sentence: page.sentence.as_deref(),
    };
    let Ok(document) = html::sign_in(shown, error) else {
        return uncached(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "a fault of the aggregator\n",
        );
    };
    let status = match error {
        Some(NotSignedIn::TooManyTries(_)) => StatusCode::TOO_MANY_REQUESTS,
        Some(NotSignedIn::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Some(NotSignedIn::WrongPassword) | None => StatusCode::FORBIDDEN,
    };
    let mut response = uncached(status, "text/html; charset=utf-8", document.html);
    let headers = response.headers_mut();
    insert(headers, CONTENT_SECURITY_POLICY, &document.policy);
    headers.insert(X_ROBOTS_TAG, HeaderValue::from_static("noindex"));
    // With no-referrer browsers would hide the origin that a form is sent from.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    match error {
        None => short_lived(headers, "public, max-age=0, s-maxage=10"),
        Some(_) => keep_out_of_caches(headers),
    }
    response
}

/// Where the same document is, and the root of the page with its slash. It holds for the visitor, whose proxy may have been
/// asked for another path than we: a reference that is relative to that path, or the page's address.
fn target(page: &RestrictedPage, path: Option<&str>, request: &HttpRequest) -> String {
    // What begins with a dot names neither a scheme nor a host.
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    match path {
        Some(_) => format!("./{last}"),
        None if page.publication.place.is_external => format!("{}/", page.url()),
        None => format!("./{last}/"),
    }
}

fn see_other(target: &str) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::SEE_OTHER, BoxBody::new(()));
    let headers = response.headers_mut();
    keep_out_of_caches(headers);
    headers.remove(CONTENT_TYPE);
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    insert(headers, LOCATION, target);
    response
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
