//! CPU time of this process and of another with its descendants, over the measured seconds.
//!
//! Read from `/proc`, whose ticks are 10 ms: good to a few per cent over a second and more.

use std::collections::HashMap;
use std::time::Duration;

/// CPU seconds spent in the measured time.
pub(crate) struct CpuSeconds {
    pub(crate) own: f64,
    pub(crate) watched: Option<f64>,
}

/// Sleeps through the warm-up, then through the measured time, and tells what was used in it.
pub(crate) fn measure(
    watched: Option<u32>,
    warm_up: Duration,
    duration: Duration,
) -> Result<CpuSeconds, String> {
    std::thread::sleep(warm_up);
    let before = (tree_ticks(std::process::id())?, watched.map(tree_ticks));
    std::thread::sleep(duration);
    let after = (tree_ticks(std::process::id())?, watched.map(tree_ticks));
    let seconds = |ticks: u64| ticks as f64 / 100.0;
    let watched = match (before.1, after.1) {
        (Some(before), Some(after)) => Some(seconds(after?.saturating_sub(before?))),
        _ => None,
    };
    Ok(CpuSeconds { own: seconds(after.0 - before.0), watched })
}

/// User and system ticks of a process and of all that live below it.
fn tree_ticks(root: u32) -> Result<u64, String> {
    let mut parents = HashMap::new();
    let mut ticks = HashMap::new();
    let listing =
        std::fs::read_dir("/proc").map_err(|error| format!("cannot list /proc: {error}"))?;
    for entry in listing.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end between the listing and the reading.
        if let Ok(stat) = std::fs::read_to_string(entry.path().join("stat"))
            && let Some((parent, used)) = parse_stat(&stat)
        {
            parents.insert(pid, parent);
            ticks.insert(pid, used);
        }
    }
    if !ticks.contains_key(&root) {
        return Err(format!("there is no process {root} to watch"));
    }
    let below_root = |mut pid: u32| loop {
        if pid == root {
            return true;
        }
        match parents.get(&pid) {
            Some(&parent) if parent != pid && parent != 0 => pid = parent,
            _ => return false,
        }
    };
    Ok(ticks.iter().filter(|(pid, _)| below_root(**pid)).map(|(_, used)| used).sum())
}

/// Parent and used ticks out of `/proc/PID/stat`; the command's name may hold anything.
fn parse_stat(stat: &str) -> Option<(u32, u64)> {
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some((fields.get(1)?.parse().ok()?, number(11)? + number(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_command_is_called() {
        let line = "77 (a) b) S 5 1 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 100";
        assert_eq!(parse_stat(line), Some((5, 42)));
    }
}
