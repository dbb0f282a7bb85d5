//! A real Postfix between us and receiving servers of all kinds. What it cannot deliver comes back over LMTP.

use super::{DOMAIN, message, patient, relay};
use skerry_notify::bounce::{Bounds, Event, Listener, Report, serve};
use skerry_notify::mail::{Encryption, Mailer, Relay, Roots, Smtp, Verp};
use skerry_notify::{Class, Outcome};
use skerry_tests::parts::certificates::{Authority, Validity};
use skerry_tests::parts::mail_server::{MailServer, Manner};
use skerry_tests::parts::postfix::Postfix;
use skerry_tests::parts::{skipped, until};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Postfix gives up after twenty seconds.
const BOUND: Duration = Duration::from_secs(150);

#[derive(Clone, Default)]
struct Reports(Arc<Mutex<BTreeMap<String, Report>>>);

impl Reports {
    fn all(&self) -> BTreeMap<String, Report> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

struct Listening {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(reports: &Reports) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let kept = reports.clone();
    let handle = move |new: Vec<Report>| {
        let kept = kept.clone();
        async move {
            let mut kept = kept.0.lock().expect("unpoisoned");
            kept.extend(new.into_iter().map(|report| (report.delivery.clone(), report)));
            Ok(())
        }
    };
    let task = tokio::spawn(async move {
        serve(&Listener::Tcp(listener), DOMAIN, &Verp::new(DOMAIN), Bounds::default(), handle).await;
    });
    Listening { port, task }
}

/// Sends what cannot be delivered here and there, and what comes back to the listener.
fn lines(lmtp: u16, receiver: u16, wrong: u16, authority: &Authority) -> String {
    format!(
        "mynetworks = 127.0.0.0/8, [::1]/128\nrelay_domains = {DOMAIN}\nrecipient_delimiter = +\n\
         transport_maps = inline:{{{{{DOMAIN}=lmtp:inet:127.0.0.1:{lmtp}}},{{wrong.test=smtp:[127.0.0.1]:{wrong}}},\
         {{*=smtp:[127.0.0.1]:{receiver}}}}}\n\
         smtp_tls_policy_maps = inline:{{{{[127.0.0.1]:{wrong}=verify}}}}\nsmtp_tls_CAfile = {}\n\
         maximal_queue_lifetime = 20s\nminimal_backoff_time = 3s\nmaximal_backoff_time = 3s\nqueue_run_delay = 3s\n\
         smtp_data_done_timeout = 3s\nsmtp_destination_concurrency_limit = 20\n\
         smtp_destination_concurrency_failed_cohort_limit = 0\n",
        authority.file().display()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postfix_cannot_deliver_comes_back_for_its_reason() {
    if !rustix::process::geteuid().is_root() {
        skipped("it needs root");
        return;
    }
    let (authority, other) = (Authority::new(), Authority::new());
    // Postfix reads it as its own user.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(authority.file().parent().expect("a folder"), readable).expect("permitted");
    let receiver = MailServer::start(Manner::default()).await;
    let certificate = Some(other.sign(&["localhost"], Validity::GOOD));
    let wrong = MailServer::start(Manner { certificate, ..Manner::default() }).await;
    let reports = Reports::default();
    let listening = listen(&reports).await;
    let ours = authority.sign(&["localhost"], Validity::GOOD);
    let further = lines(listening.port, receiver.port(), wrong.port(), &authority);
    let postfix = Postfix::start_with(Some(&ours), &further).await;
    let pem = std::fs::read(authority.file()).expect("an authority");
    let relay = Relay { encryption: Encryption::StartTls, roots: Roots::Pem(pem), ..relay(postfix.port()) };
    let mailer = Mailer::Smtp(Smtp::new(&[relay], patient()).expect("a relay"));

    let expected = [
        ("gone", "5.1.1", Class::NoSuchAddress),
        ("full", "5.2.2", Class::MailboxFull),
        ("policy", "5.7.1", Class::Policy),
        ("spam", "5.7.1", Class::Policy),
        ("bare550", "5.0.0", Class::Rejected),
        ("421", "4.3.2", Class::Unavailable),
        ("450", "4.2.0", Class::Unavailable),
        ("451", "4.7.1", Class::Policy),
        ("452", "4.2.2", Class::MailboxFull),
        ("break", "4.4.2", Class::Unavailable),
        ("slow", "4.4.2", Class::Unavailable),
        ("wrong", "4.7.5", Class::Policy),
    ];
    for (to, ..) in expected.iter().chain(&[("ann", "", Class::Success)]) {
        let domain = if *to == "wrong" { "wrong.test" } else { "cust.test" };
        let outcome = mailer.send(&message(&format!("{to}@{domain}"), to)).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "Postfix takes {to}: {outcome:?}");
    }
    mailer.close().await;
    until("each comes back", BOUND, async || reports.all().len() >= expected.len()).await;
    for (to, status, class) in expected {
        let report = &reports.all()[to];
        let given = report.status.map(|status| status.to_string()).unwrap_or_default();
        assert_eq!((report.event, given.as_str()), (Event::Failed, status), "{to}: {report:?}");
        assert_eq!(report.answer().class, class, "{to}: {report:?}");
        assert!(!report.diagnostic.contains('@'), "{report:?}");
    }
    assert_eq!(reports.all().len(), expected.len(), "nothing comes back for what arrived");
    let taken: Vec<_> = receiver.taken().into_iter().map(|one| (one.from, one.to)).collect();
    assert_eq!(taken, [("bounces+ann@status.test".to_owned(), "ann@cust.test".to_owned())]);
    assert!(wrong.taken().is_empty());
}
