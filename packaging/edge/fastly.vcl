# Fastly in front of Skerry: VCL snippets. Fastly follows Surrogate-Control by itself, with stale-while-revalidate and
# stale-if-error, and purges by Surrogate-Key, softly:
#
#   [[purge]]
#   fastly = { service_id = "SU1Z0isxPaozGVKXdv0eY", token_file = "/etc/skerry/fastly-token" }
#
# The token needs the scope purge_select alone.

# Snippet of type recv.
sub vcl_recv {
    # A page with an audience of its own depends on who asks: pass its paths or hosts.
    #
    #   if (req.url ~ "^/status/partners(/|$)") { return (pass); }

    # No byte depends on these: one copy of each path is enough.
    unset req.http.Cookie;
    set req.url = querystring.remove(req.url);
}

# Snippet of type fetch.
sub vcl_fetch {
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
