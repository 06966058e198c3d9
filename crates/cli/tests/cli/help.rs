//! What it says about itself.

use crate::harness::Place;

#[test]
fn the_version_is_the_packages() {
    let outcome = Place::new().run(&["--version"]);
    assert_eq!(outcome.stdout, concat!("pelton ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn the_help_has_groups_examples_variables_and_exit_codes() {
    let outcome = Place::new().run(&["serve", "--help"]);
    assert_eq!(outcome.code, Some(0));
    for part in [
        "Usage: pelton serve",
        "Python workers:",
        "Network:",
        "Batching:",
        "Logging:",
        "--no-batching",
        "--keep-going",
        "[default: 127.0.0.1]",
        "Examples:",
        "PELTON_GRPC_PORT",
        "[models.flights]",
        "Exit codes:",
    ] {
        assert!(outcome.stdout.contains(part), "{part} is missing:\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("--no-keep-going"));
}

#[test]
fn mistyped_commands_and_flags_are_corrected() {
    let place = Place::new();
    let outcome = place.run(&["sevre"]);
    assert!(outcome.stderr.contains("similar subcommand exists: 'serve'"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
    let outcome = place.run(&["serve", "--grpc-prot", "1"]);
    assert!(outcome.stderr.contains("--grpc-port"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
}
