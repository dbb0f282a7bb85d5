//! What both programs need of their host: the service manager, signals, the log, rights, the limit of open files, the
//! clocks, randomness, the files that a configuration names, files that hold a secret, and what `doctor` looks at.

pub mod clock;
pub mod descriptors;
pub mod doctor;
pub mod exposition;
pub mod files;
pub mod log;
pub mod log_limit;
pub mod manual;
pub mod random;
pub mod rights;
pub mod secret_files;
pub mod service;
pub mod signals;
pub mod wal;
