//! Whole months of deliveries: the real engine and store on a clock that the test sets, attempts as the outbox makes them,
//! and recipients who remember what they are offered.

mod acts;
mod blocked;
mod compare;
mod history;
mod month;
mod people;
mod post;
mod random;
mod script;
mod sender;
mod timeline;
