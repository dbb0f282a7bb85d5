# Varnish in front of Skerry, with soft purges by key: needs the module xkey (Debian: varnish-modules).
#
#   [[purge]]
#   varnish = { url = "http://127.0.0.1:6081" }
#
# A copy lives for as long as Skerry says (30 s; an hour for what is over), or until a change purges it. While Skerry answers,
# nobody gets an old copy; while it does not, everybody gets the last one, for a day.
vcl 4.1;

import std;
import xkey;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 2s;
    .first_byte_timeout = 5s;
    .probe = { .url = "/robots.txt"; .interval = 2s; .timeout = 1s; .window = 3; .threshold = 2; .initial = 2; }
}

# Who may purge: Skerry.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGEKEYS") {
        if (client.ip !~ purgers) {
            return (synth(403, "Forbidden"));
        }
        if (!req.http.xkey-softpurge) {
            return (synth(400, "No keys"));
        }
        set req.http.expired = xkey.softpurge(req.http.xkey-softpurge);
        return (synth(200, "Expired " + req.http.expired));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    # Pages for networks alone (audience = "networks"): name them here, by host and path. What a cache has of them is what
    # strangers get, and nothing that Skerry says may betray that there is a page.
    #
    #   if (req.http.host == "status.example.com" && req.url ~ "^/status/intern(/|\?|$)") { return (pass); }

    # Who signed in to a page with a password, or shows the token of its feeds, is answered by Skerry itself; while it does
    # not answer, with the last copy of public pages.
    if (req.restarts == 0 && (req.http.Cookie ~ "(^|[; ])(__Host-)?skerry-" || req.http.Authorization
        || req.url ~ "[?&]token=")) {
        return (pass);
    }

    # No byte depends on these: one copy of each path is enough.
    unset req.http.Cookie;
    unset req.http.Authorization;
    set req.url = regsub(req.url, "\?.*$", "");
    # Old copies are for when there is no new one.
    if (req.restarts == 0 && std.healthy(req.backend_hint)) {
        set req.grace = 0s;
    } else {
        set req.grace = 24h;
    }
    return (hash);
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        # It must not replace a copy.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    # Varnish itself keeps what says so.
    if (beresp.http.Surrogate-Control ~ "no-store" || beresp.http.Cache-Control ~ "no-store|private") {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        return (deliver);
    }
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    if (beresp.http.Surrogate-Control ~ "max-age=[0-9]+") {
        set beresp.ttl = std.duration(regsub(beresp.http.Surrogate-Control, "^.*max-age=([0-9]+).*$", "\1s"), 10s);
    }
    # Also for a 404 and for the sign-in page (403), so that they outlive the copy of what is public no more.
    set beresp.grace = 24h;
    return (deliver);
}

sub vcl_backend_error {
    if (bereq.is_bgfetch) {
        return (abandon);
    }
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
}

sub vcl_deliver {
    # Skerry did not answer: once more, and now an old copy will do.
    if (resp.status >= 500 && req.restarts == 0 && (req.method == "GET" || req.method == "HEAD")) {
        return (restart);
    }
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Surrogate-Control;
}
