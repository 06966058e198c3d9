//! `docs/protocol.md` tells what the server does: every code, every metric.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use pelton_core::Code;

use crate::house::House;
use crate::state::get;

fn reference() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_code_is_documented() {
    for code in Code::ALL {
        let row = format!("| `{}` |", code.name());
        assert!(reference().contains(&row), "{row} is missing in docs/protocol.md");
    }
}

#[tokio::test]
async fn every_metric_is_documented_and_every_documented_metric_exists() {
    let house = House::open().await;
    house.models.ready.store(true, Ordering::SeqCst);
    let (_, text) = get(&house, "/metrics").await;
    let exported: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .map(|words| match words[1] {
            "counter" => format!("{}_total", words[0]),
            _ => words[0].to_owned(),
        })
        .collect();
    let documented: BTreeSet<String> = reference()
        .lines()
        .filter_map(|line| line.strip_prefix("| `pelton_"))
        .map(|line| format!("pelton_{}", line.split('`').next().unwrap()))
        .collect();
    assert_eq!(exported, documented);
}
