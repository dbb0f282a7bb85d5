use super::*;
use crate::mail::message::tests::mail;
use crate::mail::{Folder, Mail, Mailer, Memory};
use std::os::unix::fs::PermissionsExt as _;

/// A mailer by a program that a script stands for.
fn program(folder: &Path, script: &str, timeout: Duration) -> Mailer {
    let path = folder.join("sendmail");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    Mailer::Sendmail(Sendmail::new(&path, timeout))
}

const PATIENT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_program_gets_both_addresses_and_the_mail_in_lines_of_this_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("cd {}; printf '%s\\n' \"$@\" > arguments; cat > mail", folder.path().display());
    let mailer = program(folder.path(), &script, PATIENT);
    let message = Mail { to: "-f@cust.example".to_owned(), ..mail() }.message().expect("fit");
    let outcome = mailer.send(&message).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("arguments"), "-i\n-f\nbounces+d1@status.example.com\n--\n-f@cust.example\n");
    assert_eq!(read("mail"), String::from_utf8_lossy(message.bytes()).replace("\r\n", "\n"));
}

#[tokio::test]
async fn the_status_says_what_became_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = mail().message().expect("fit");
    for (script, class, waits) in [
        ("cat >/dev/null; exit 65", Class::Rejected, false),
        ("echo 'ann@cust.example: unknown' >&2; exit 67", Class::Rejected, false),
        ("exit 68", Class::Rejected, false),
        ("exit 69", Class::Unavailable, true),
        ("exit 75", Class::Unavailable, true),
        ("exit 64", Class::Own, true),
        ("exit 1", Class::Own, true),
        ("kill -9 $$", Class::Own, true),
        ("head -c 1000000 /dev/zero >&2; exit 75", Class::Unavailable, true),
    ] {
        let outcome = program(folder.path(), script, PATIENT).send(&message).await;
        assert_eq!(outcome.answer().class, class, "{script}");
        assert_eq!(matches!(outcome, Outcome::Later { .. }), waits, "{script}");
        assert!(!outcome.answer().text.contains('@'), "{outcome:?}");
    }
    let slow = program(folder.path(), "exec sleep 600", Duration::from_millis(100));
    assert_eq!(slow.send(&message).await.answer().class, Class::Timeout);
    let absent = Mailer::Sendmail(Sendmail::new(&folder.path().join("absent"), PATIENT));
    assert_eq!(absent.send(&message).await.answer().class, Class::Own);
}

#[tokio::test]
async fn a_folder_has_a_file_for_each_mail_and_recipient() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("mails");
    let mailer = Mailer::Folder(Folder::new(&place));
    let first = mail().message().expect("fit");
    let id = "../../x/y@z".to_owned();
    let second = Mail { to: "bob@cust.example".to_owned(), message_id: id, ..mail() }.message().expect("fit");
    for message in [&first, &second, &first] {
        assert!(matches!(mailer.send(message).await, Outcome::Accepted(_)));
    }
    let mut files: Vec<_> =
        std::fs::read_dir(&place).expect("lists").map(|entry| entry.expect("one").path()).collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    let mail = std::fs::read_to_string(&files[1]).expect("a mail");
    assert!(
        mail.starts_with(
            "Return-Path: <bounces+d1@status.example.com>\r\nDelivered-To: ann@cust.example\r\n"
        )
    );
    assert!(mail.ends_with(&String::from_utf8_lossy(first.bytes()).into_owned()));
    assert_eq!(std::fs::metadata(&files[0]).expect("there").permissions().mode() & 0o777, 0o600);
    let unwritable = Mailer::Folder(Folder::new(&files[0]));
    assert_eq!(unwritable.send(&first).await.answer().class, Class::Own);
}

#[tokio::test]
async fn memory_gives_back_what_was_sent() {
    let mailer = Mailer::Memory(Memory::default());
    let message = mail().message().expect("fit");
    assert!(matches!(mailer.send(&message).await, Outcome::Accepted(_)));
    let Mailer::Memory(memory) = &mailer else { panic!("another kind") };
    let taken: Vec<_> = memory.take().into_iter().map(|one| one.bytes().to_vec()).collect();
    assert_eq!(taken, [message.bytes()]);
    assert!(memory.take().is_empty());
}
