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
}
