//! The repository through its public door, on files that the real libraries wrote.

mod manifests;
mod sniffing;
