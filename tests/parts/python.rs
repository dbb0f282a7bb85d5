//! Programs in Python, with packages of PyPI where they need some.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Python, with packages in a folder of their own.
pub struct Python {
    packages: PathBuf,
}

impl Python {
    /// Python with what it brings.
    #[must_use]
    pub fn plain() -> Self {
        Self { packages: PathBuf::new() }
    }

    /// Python with `packages`, which pip installs into `tools/name` if they are not there.
    ///
    /// # Errors
    /// They cannot be had here; why.
    pub fn with(tools: &Path, name: &str, packages: &[&str]) -> Result<Self, String> {
        let folder = tools.join(name);
        if !folder.exists() {
            let draft = tempfile::tempdir_in(tools).map_err(|error| error.to_string())?;
            let output = Command::new("pip3")
                .args(["install", "-q", "--disable-pip-version-check", "--target"])
                .arg(draft.path())
                .args(packages)
                .output()
                .map_err(|error| format!("there is no pip3: {error}"))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!(
                    "{name} cannot be installed: {}",
                    said.lines().last().unwrap_or_default()
                ));
            }
            // Another process may have been faster.
            let _ = std::fs::rename(draft.keep(), &folder);
        }
        Ok(Self { packages: folder })
    }

    /// What the program prints, given `input`.
    ///
    /// # Panics
    /// It fails; the message contains what it said.
    #[must_use]
    pub fn run(&self, program: &str, arguments: &[&str], input: &[u8]) -> String {
        use std::io::Write as _;
        let mut child = Command::new("python3")
            .args(["-c", program])
            .args(arguments)
            .env("PYTHONPATH", &self.packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}
