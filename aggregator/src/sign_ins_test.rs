use super::*;
use argon2::PasswordHasher as _;
use std::path::Path;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn page(file: Option<&Path>) -> RestrictedPage {
    RestrictedPage {
        id: "k1".to_owned(),
        password_file: file.map(Path::to_owned),
        ..RestrictedPage::default()
    }
}

fn engine(folder: &Path) -> (Engine, crate::engine::Running) {
    let store = skerry_store::Store::open_to_serve(&folder.join("skerry.db")).expect("a store");
    let (changed, _changes) = crossbeam_channel::unbounded();
    Engine::start(store, changed).expect("an engine")
}

#[test]
fn a_file_may_hold_a_hash() {
    let hash = Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        argon2::Params::new(64, 1, 1, None).expect("small"),
    );
    let hash = hash.hash_password_with_salt(b"right", b"0123456789abcdef").expect("hashed").to_string();
    assert!(is_right("right", hash.as_bytes()).expect("fit"));
    for wrong in ["", "Right", "right ", hash.as_str()] {
        assert!(!is_right(wrong, hash.as_bytes()).expect("fit"), "{wrong}");
    }
    assert_eq!((unfit(hash.as_bytes()), unfit(b"right")), (None, None));
    for line in [
        "$2y$10$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=1048576,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
        "$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    ] {
        assert!(is_right("right", line.as_bytes()).is_err(), "{line}");
        assert!(unfit(line.as_bytes()).is_some(), "{line}");
    }
    let costly = |memory: u32, passes: u32| {
        let salt = "MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        unfit(format!("$argon2id$v=19$m={memory},t={passes},p=1${salt}").as_bytes())
    };
    assert_eq!(costly(64 << 10, 4), None);
    let why = "its hash takes more than 64 MiB, 4 passes or 4 lanes";
    assert_eq!((costly(65 << 10, 4).as_deref(), costly(64 << 10, 5).as_deref()), (Some(why), Some(why)));
}

#[test]
fn the_next_try_is_named_by_its_minute() {
    assert_eq!(minute_after(Timestamp(0)), "00:00");
    assert_eq!(minute_after(Timestamp(1)), "00:01");
    assert_eq!(minute_after(Timestamp(16 * 3_600_000 + 29 * 60_000 + 1_000)), "16:30");
}

fn signing(engine: &Engine, key: SignInKey, file: &Path) -> PageSignIns {
    let passwords = Passwords::default();
    passwords.follow(&[&file.to_owned()]);
    PageSignIns::new(engine.clone(), key, passwords)
}

#[tokio::test]
async fn a_cookie_ends_with_its_time_its_password_and_its_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "right\n").expect("written");
    let (engine, writer) = engine(folder.path());
    let key = || SignInKey::of(&folder.path().join("skerry.db")).expect("kept");
    let sign_ins = signing(&engine, key(), &file);
    let here = page(Some(&file));
    let until = NOW.0 / SECOND + 60;
    let cookie = sign_ins.key.cookie("k1", b"right", until);
    assert!(sign_ins.knows(&here, &cookie, NOW));
    assert!(!sign_ins.knows(&here, &cookie, NOW + 60 * SECOND), "it has expired");
    let later = cookie.replacen(&until.to_string(), &(until + 1).to_string(), 1);
    for forged in [later.as_str(), "", ".", &cookie[1..], &format!("{cookie}0")] {
        assert!(!sign_ins.knows(&here, forged, NOW), "{forged}");
    }
    assert!(!sign_ins.knows(&RestrictedPage { id: "k2".to_owned(), ..here.clone() }, &cookie, NOW));
    assert!(!sign_ins.knows_feed_token(&here, cookie.split('.').next_back().expect("a signature")));
    // Another start knows it, another key does not.
    assert!(signing(&engine, key(), &file).knows(&here, &cookie, NOW));
    assert!(!signing(&engine, SignInKey::fixed([7; 32]), &file).knows(&here, &cookie, NOW));
    // A file that cannot be read ends nothing.
    std::fs::remove_file(&file).expect("removed");
    sign_ins.passwords.read_again();
    assert!(sign_ins.knows(&here, &cookie, NOW));
    assert!(sign_ins.sign_in(&here, "right".to_owned(), None).await.is_ok());
    let anew = signing(&engine, key(), &file);
    assert!(!anew.knows(&here, &cookie, NOW), "nobody knows what it held");
    assert_eq!(anew.sign_in(&here, String::new(), None).await, Err(NotSignedIn::Unavailable));
    // The try of a password reads it at once.
    std::fs::write(&file, "new\n").expect("written");
    assert_eq!(sign_ins.sign_in(&here, "right".to_owned(), None).await, Err(NotSignedIn::WrongPassword));
    assert!(!sign_ins.knows(&here, &cookie, NOW), "the password changed");
    engine.stop();
    let _joined = writer.join();
}

#[test]
fn a_read_makes_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("skerry.db");
    assert!(SignInKey::read(&database).expect("there is nothing to read").is_none());
    assert!(!folder.path().join("sign-in-secret").exists());
    let token = |key: SignInKey| key.feed_token("k1", b"right");
    let made = token(SignInKey::of(&database).expect("kept"));
    assert_eq!(SignInKey::read(&database).expect("read").map(token), Some(made));
    std::fs::write(folder.path().join("sign-in-secret"), "short").expect("written");
    assert!(SignInKey::read(&database).is_err());
}

#[tokio::test]
async fn a_token_of_feeds_ends_with_the_password_and_a_page_without_one_has_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "right").expect("written");
    let (engine, writer) = engine(folder.path());
    let sign_ins = signing(&engine, SignInKey::fixed([1; 32]), &file);
    let here = page(Some(&file));
    let token = |page, password: &[u8]| {
        let query = sign_ins.key.feed_token(page, password).query();
        query.strip_prefix("?token=").expect("a token").to_owned()
    };
    let (empty, token) = (token("k1", b""), token("k1", b"right"));
    assert!(sign_ins.knows_feed_token(&here, &token));
    for forged in ["", "0", &token[1..], &token.replace(&token[..1], "x")] {
        assert!(!sign_ins.knows_feed_token(&here, forged), "{forged}");
    }
    assert!(!sign_ins.knows_feed_token(&RestrictedPage { id: "k2".to_owned(), ..here.clone() }, &token));
    assert!(!sign_ins.knows_feed_token(&page(None), &empty));
    std::fs::write(&file, "new").expect("written");
    sign_ins.passwords.read_again();
    assert!(!sign_ins.knows_feed_token(&here, &token));
    engine.stop();
    let _joined = writer.join();
}

#[tokio::test]
async fn a_network_has_so_many_tries() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "right").expect("written");
    let (engine, writer) = engine(folder.path());
    let sign_ins = signing(&engine, SignInKey::fixed([1; 32]), &file);
    let here = page(Some(&file));
    let try_from = async |last: u16, password: &str| {
        let client = IpAddr::from([0x2001, 0xdb8, 0, last, 0, 0, 0, last]);
        sign_ins.sign_in(&here, password.to_owned(), Some(client)).await
    };
    let (value, seconds) = try_from(1, "right").await.expect("the password");
    assert!(sign_ins.knows_cookie(&here, &value) && seconds == LIFETIME_SECONDS);
    for _ in 1..tries::OF_CLIENT.get() {
        assert_eq!(try_from(1, "wrong").await, Err(NotSignedIn::WrongPassword));
    }
    assert!(
        matches!(try_from(1, "right").await, Err(NotSignedIn::TooManyTries(until)) if until.len() == "16:30".len())
    );
    assert!(try_from(2, "right").await.is_ok(), "others are not locked out");
    engine.stop();
    let _joined = writer.join();
}

#[tokio::test]
async fn costly_comparisons_wait_for_each_other_and_plain_passwords_for_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plain, hashed] = ["plain", "hashed"].map(|name| folder.path().join(name));
    std::fs::write(&plain, "right").expect("written");
    let hash = Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        argon2::Params::new(64, 1, 1, None).expect("small"),
    );
    let hash = hash.hash_password_with_salt(b"right", b"0123456789abcdef").expect("hashed").to_string();
    std::fs::write(&hashed, hash).expect("written");
    let (engine, writer) = engine(folder.path());
    let sign_ins = signing(&engine, SignInKey::fixed([1; 32]), &hashed);
    sign_ins.passwords.follow(&[&plain, &hashed]);
    let busy = Arc::clone(&sign_ins.checks).acquire_many_owned(2).await.expect("free");
    let try_at = async |file: &Path| sign_ins.sign_in(&page(Some(file)), "right".to_owned(), None).await;
    assert!(try_at(&plain).await.is_ok(), "it takes no place");
    assert_eq!(try_at(&hashed).await, Err(NotSignedIn::Unavailable), "after a while");
    let (tried, ()) = tokio::join!(try_at(&hashed), async {
        tokio::task::yield_now().await;
        drop(busy);
    });
    assert!(tried.is_ok(), "it waited: {tried:?}");
    engine.stop();
    let _joined = writer.join();
}
