//! The test zone, with records of every supported type.

/// The zone `example.test`.
pub const ZONE: &str = "example.test";

/// Its records in zone file format.
pub const RECORDS: &str = "\
example.test.          3600 IN SOA    ns1.example.test. admin.example.test. 2026010101 7200 3600 1209600 300
example.test.          3600 IN NS     ns1.example.test.
example.test.          3600 IN MX     10 Mail.example.test.
example.test.          3600 IN TXT    \"v=spf1 \" \"-all\"
example.test.          3600 IN CAA    0 issue \"letsencrypt.org\"
ns1.example.test.      3600 IN A      127.0.0.1
mail.example.test.     3600 IN A      192.0.2.25
www.example.test.       300 IN A      192.0.2.1
www.example.test.       300 IN A      192.0.2.2
www.example.test.       300 IN AAAA   2001:db8::1
www.example.test.       300 IN HTTPS  1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1
alias.example.test.      60 IN CNAME  www.example.test.
tree.example.test.     3600 IN DNAME  Other.example.test.
host.example.test.     3600 IN PTR    Www.example.test.
_sip._tcp.example.test. 3600 IN SRV   0 5 5060 sip.example.test.
_svc.example.test.     3600 IN SVCB   1 svc.example.test. port=8443
_443._tcp.www.example.test. 3600 IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
host.example.test.     3600 IN SSHFP  4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
sub.example.test.      3600 IN NS     ns1.example.test.
sub.example.test.      3600 IN DS     60485 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
keys.example.test.     3600 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
words.example.test.    3600 IN TXT    \"one\" \"two\"
words.example.test.    3600 IN TXT    \"semi;colon \\\"quoted\\\" back\\\\slash\"
words.example.test.    3600 IN TXT    \"Gr\\195\\182\\195\\159e\" \" \\255\"
issue.example.test.    3600 IN CAA    128 issue \";\"
issue.example.test.    3600 IN CAA    0 iodef \"mailto:sec@example.test\"
issue.example.test.    3600 IN CAA    0 issue \"ca.example; account=\\\"7\\\"\"
dial.example.test.     3600 IN NAPTR  100 10 \"u\" \"E2U+sip\" \"!^\\\\+49(.*)$!sip:\\\\1@example.test!\" .
xn--mnchen-3ya.example.test. 300 IN A 192.0.2.3
_dmarc.xn--mnchen-3ya.example.test. 300 IN TXT \"v=DMARC1; p=none\"
phone.example.test.    3600 IN NAPTR  100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.test!\" .
";

/// A name with more than 1,232 bytes of TXT records.
pub const LARGE: &str = "large.example.test";

/// The records of [`LARGE`].
#[must_use]
pub fn large_records() -> String {
    (0..20).map(|number| format!("{LARGE}. 300 IN TXT \"{number:02} {}\"\n", "x".repeat(100))).collect()
}
