# Fastly in front of Skerry: VCL snippets. Fastly follows Surrogate-Control by itself, with stale-while-revalidate and
# stale-if-error, and purges by Surrogate-Key, softly:
#
#   [[purge]]
#   fastly = { service_id = "SU1Z0isxPaozGVKXdv0eY", token_file = "/etc/skerry/fastly-token" }
#
# The token needs the scope purge_select alone.

# Snippet of type recv.
sub vcl_recv {
    # Pages for networks alone (audience = "networks"): name them here, by host and path. What a cache has of them is what
    # strangers get, and nothing that Skerry says may betray that there is a page.
    #
    #   if (req.http.host == "status.example.com" && req.url ~ "^/status/intern(/|\?|$)") { return (pass); }

    # Who signed in to a page with a password, or shows the token of its feeds, is answered by Skerry itself.
    if (req.http.Cookie ~ "(^|[; ])(__Host-)?skerry-" || req.http.Authorization || req.url ~ "[?&]token=") {
        return (pass);
    }

    # No byte depends on these: one copy of each path is enough.
    unset req.http.Cookie;
    set req.url = querystring.remove(req.url);
}

# Snippet of type fetch.
sub vcl_fetch {
    # The sign-in page replaces the copy of a page that was public. Fastly itself would not store a 403.
    if (beresp.status == 403 && beresp.http.Surrogate-Control ~ "max-age") {
        set beresp.cacheable = true;
    }
    # An error must not replace a copy.
    if (beresp.status >= 500 && stale.exists) {
        return (deliver_stale);
    }
}

# Snippet of type error.
sub vcl_error {
    if (obj.status >= 500 && stale.exists) {
        return (deliver_stale);
    }
}
