//! How many files and connections this process may have open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for any number of connections a server of this kind is asked for.
const WANTED: u64 = 65_536;

/// Raises the soft limit, which is 1024 on many systems and would be reached by a thousand clients,
/// as far as the hard limit lets. Returns the limit that holds now; `None` is no limit.
pub(crate) fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    let wanted = limit.maximum.map_or(WANTED, |hard| hard.min(WANTED));
    if current >= wanted {
        return Some(current);
    }
    let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => Some(wanted),
        // Not being allowed to is no reason not to serve.
        Err(_) => Some(current),
    }
}

/// Files that are open beside connections: models, workers, the log, files of answers.
const BESIDE: u64 = 256;

/// Connections a port may have where so many descriptors are allowed: both ports together leave some
/// for everything else.
pub(crate) fn connections(wanted: usize, limit: Option<u64>) -> usize {
    let Some(limit) = limit else { return wanted };
    // With few descriptors, half of them.
    let may = (limit.saturating_sub(BESIDE).max(limit / 2) / 2) as usize;
    if wanted > may {
        tracing::warn!(
            max_connections = may,
            "this process may open {limit} files, so that each port takes {may} connections, not \
             {wanted}; raise the limit (ulimit -n) or lower --max-connections"
        );
    }
    wanted.min(may).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_follows_the_hard_one() {
        let hard = getrlimit(Resource::Nofile).maximum;
        let holds = raise_limit();
        assert_eq!(getrlimit(Resource::Nofile).current, holds);
        assert!(holds.is_none_or(|soft| soft >= WANTED || Some(soft) == hard));
    }

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(connections(4096, Some(65_536)), 4096);
        assert_eq!(connections(4096, Some(1024)), 384);
        assert_eq!(connections(4096, Some(100)), 25);
        assert_eq!(connections(4096, None), 4096);
    }
}
