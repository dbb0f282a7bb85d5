use std::time::Duration;

use super::*;

#[test]
fn durations_read_and_show_alike() {
    for text in ["500ms", "30s", "5m", "2h", "1d", "36h", "90s", "0s"] {
        let duration = parse_duration(text).expect("a duration");
        assert_eq!(show_duration(duration), text);
    }
    for text in ["", "30", "s", "1.5s", "-1s", "1 s", "1w", "1S", "99999999999999999999s", "1h30m"] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
    assert_eq!(parse_duration("36h"), Some(Duration::from_secs(129_600)));
}
