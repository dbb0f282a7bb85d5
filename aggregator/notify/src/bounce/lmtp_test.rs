use super::*;
use crate::bounce::Event;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const GONE: &str = include_str!("../../tests/fixtures/bounces/dsn-postfix-gone.eml");

struct Server {
    port: u16,
    reports: Arc<Mutex<Vec<Report>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server whose handler fails for the delivery `unstored`.
async fn server(bounds: Bounds) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&reports);
    let handle = move |new: Vec<Report>| {
        let kept = Arc::clone(&kept);
        async move {
            anyhow::ensure!(new[0].delivery != "unstored", "no disk");
            kept.lock().expect("unpoisoned").extend(new);
            Ok(())
        }
    };
    let verp = Verp::new("status.example.com");
    let task = tokio::spawn(async move {
        serve(&Listener::Tcp(listener), "status.example.com", &verp, bounds, handle).await;
    });
    Server { port, reports, task }
}

/// Sends all of it at once, and gives back what is answered until the server hangs up.
async fn talk(server: &Server, words: &str) -> Vec<String> {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await.expect("connects");
    let (read, mut write) = stream.into_split();
    write.write_all(words.as_bytes()).await.expect("sent");
    let mut lines = BufReader::new(read).lines();
    let mut answers = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        answers.push(line);
    }
    answers
}

fn delivery(to: &str) -> String {
    let recipients: String = to.split(' ').map(|one| format!("RCPT TO:<{one}>\r\n")).collect();
    let mail = GONE.replace('\n', "\r\n");
    format!("LHLO mail.example\r\nMAIL FROM:<> SIZE=3000\r\n{recipients}DATA\r\n{mail}\r\n.\r\nQUIT\r\n")
}

fn codes(answers: &[String]) -> Vec<&str> {
    answers.iter().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect()
}

#[tokio::test]
async fn a_bounce_is_taken_for_a_return_path_of_ours_only_and_after_it_was_handled() {
    let server = server(Bounds::default()).await;
    let answers = talk(
        &server,
        &delivery("bounces+d1@status.example.com ann@cust.example bounces+unstored@STATUS.example.com"),
    )
    .await;
    assert_eq!(
        codes(&answers),
        ["220", "250", "250", "250", "550", "250", "354", "250", "451", "221"],
        "{answers:?}"
    );
    let reports = server.reports.lock().expect("unpoisoned").clone();
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].delivery.as_str(), reports[0].event), ("d1", Event::Failed));
}

#[tokio::test]
async fn what_reports_nothing_is_taken_and_forgotten() {
    let server = server(Bounds::default()).await;
    let words = "lhlo x\r\nmail from:<ann@cust.example>\r\nrcpt to:<bounces+d1@status.example.com>\r\ndata\r\n\
        Subject: I am away\r\n\r\nUntil Monday.\r\n.\r\nquit\r\n";
    let answers = talk(&server, words).await;
    assert_eq!(codes(&answers), ["220", "250", "250", "250", "354", "250", "221"], "{answers:?}");
    assert!(server.reports.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn commands_out_of_order_and_unknown_ones_are_refused() {
    let server = server(Bounds::default()).await;
    let words = "EHLO x\r\nMAIL FROM:<>\r\nLHLO x\r\nRCPT TO:<bounces+d1@status.example.com>\r\nDATA\r\nMAIL TO:<>\r\n\
        MAIL FROM:<>\r\nRCPT TO:bounces\r\nRCPT TO:<bounces+d1@status.example.com>\r\nRSET\r\nDATA\r\n\u{1b}\r\nNOOP\r\nVRFY x\r\nQUIT\r\n";
    let answers = talk(&server, words).await;
    let expected = [
        "220", "500", "503", "250", "503", "503", "501", "250", "501", "250", "250", "503", "500", "250",
        "252", "221",
    ];
    assert_eq!(codes(&answers), expected, "{answers:?}");
}

#[tokio::test]
async fn every_size_number_and_time_has_a_bound() {
    let bounds = Bounds {
        sessions: 1,
        line: Duration::from_millis(300),
        session: Duration::from_secs(60),
        mail: 2000,
    };
    let server = server(bounds).await;
    assert_eq!(codes(&talk(&server, &delivery("bounces+d1@status.example.com")).await).last(), Some(&"552"));
    let endless = format!("LHLO {}", "x".repeat(10_000));
    assert_eq!(codes(&talk(&server, &endless).await), ["220", "500"]);
    // One that says nothing holds the only place until its time is over.
    let silent = talk(&server, "");
    let second = async {
        let mut answers = Vec::new();
        while codes(&answers) != ["421"] {
            answers = talk(&server, "QUIT\r\n").await;
        }
    };
    let (silent, ()) = tokio::join!(silent, second);
    assert_eq!(codes(&silent), ["220"]);
    assert_eq!(codes(&talk(&server, "QUIT\r\n").await), ["220", "221"]);
    let many = format!(
        "LHLO x\r\nMAIL FROM:<>\r\n{}QUIT\r\n",
        "RCPT TO:<bounces+d1@status.example.com>\r\n".repeat(101)
    );
    let answers = talk(&server, &many).await;
    assert_eq!(codes(&answers)[102..], ["250", "452", "221"]);
}
