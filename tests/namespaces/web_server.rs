//! A web server that only answers `ok`.

use std::path::Path;
use std::process::Command;

/// Makes `nginx` listen on port 80 of every address of its host; its files are in `folder`.
pub(crate) fn serve_everywhere(nginx: &mut Command, folder: &Path) {
    let place = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .concat();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}server {{ listen 80; listen [::]:80; return 200 \"ok\"; }}\n}}\n"
    );
    let config = folder.join("nginx.conf");
    std::fs::write(&config, text).expect("written");
    nginx.arg("-p").arg(folder).arg("-c").arg(config).arg("-e").arg("stderr");
}
