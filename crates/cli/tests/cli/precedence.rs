//! A model's own table, then flag, variable, file: seen by whose mistake is told.

use crate::harness::Place;

/// The one problem about hosts.
fn blamed(place: &Place, arguments: &[&str]) -> String {
    let outcome = place.run(&[&["serve", "iris.pkl"], arguments].concat());
    assert_eq!(outcome.code, Some(2));
    let mut lines = outcome.stderr.lines().filter(|line| line.contains("host name"));
    let line = lines.next().unwrap_or_default().trim_start_matches("  - ");
    assert_eq!(lines.next(), None);
    line.to_owned()
}

#[test]
fn a_flag_goes_before_the_variable_before_the_file() {
    let mut place = Place::of_workers();
    place.write("pelton.toml", "\nhost = \"in file\"\n");
    let config = ["--config", "pelton.toml"];
    assert_eq!(
        blamed(&place, &config),
        "pelton.toml:2: host: 'in file' is neither an IP address nor a host name"
    );
    place.env("PELTON_HOST", "in variable");
    assert_eq!(
        blamed(&place, &config),
        "PELTON_HOST: 'in variable' is neither an IP address nor a host name"
    );
    assert_eq!(
        blamed(&place, &[&config[..], &["--host", "in flag"]].concat()),
        "--host: 'in flag' is neither an IP address nor a host name"
    );
    assert_eq!(blamed(&place, &[&config[..], &["--host", "127.0.0.1"]].concat()), "");
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let mut place = Place::of_workers();
    place.write("pelton.toml", "host = \"in file\"\n");
    place.env("PELTON_CONFIG", "pelton.toml");
    assert!(blamed(&place, &[]).starts_with("pelton.toml:1: host:"));
}

#[test]
fn a_models_own_table_goes_before_everything() {
    let mut place = Place::of_workers();
    place.write("pelton.toml", "[models.iris]\nworkers = 0\n");
    place.env("PELTON_WORKERS", "2");
    let outcome = place.run(&["serve", "iris.pkl", "--workers", "3", "--config", "pelton.toml"]);
    assert!(
        outcome.stderr.contains("- pelton.toml:2: models.iris.workers: must be at least 1"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn models_come_from_the_command_line_the_variable_and_the_file() {
    let mut place = Place::new();
    place.write("deep/pelton.toml", "[models.c]\npath = \"c.pkl\"\n[models.a]\npath = \"x.pkl\"\n");
    place.env("PELTON_MODELS", "a=a.pkl,b.pkl");
    place.refuses(
        &["--config", "deep/pelton.toml"],
        "error: 3 problems\n  - model 'a' (a.pkl) does not exist\n  - model b.pkl does not exist\n  \
         - model 'c' (deep/c.pkl) does not exist",
    );
    place.refuses(&["d.pkl"], "error: model d.pkl does not exist");
}
