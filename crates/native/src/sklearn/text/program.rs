//! [`Program`]: a regular expression as steps for [`super::search`]. Must not know how expressions are written.

use super::character_set::Set;
use super::expression::Node;

/// Steps a program has at most: what is repeated a number of times is written so often.
pub(super) const MOST_STEPS: usize = 2000;

/// Steps of a search that goes back.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) sets: Vec<Set>,
    /// How many places go on in two ways.
    pub(super) forks: usize,
    /// Whether the group is found, not the whole.
    pub(super) has_group: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// One character of a set.
    One(u32),
    /// On at the first, and if that fails at the second.
    Fork {
        number: u32,
        first: u32,
        second: u32,
    },
    Go(u32),
    /// The group begins (0) or ends (1).
    Mark(u8),
    At(Place),
    /// The steps from the next one on are tried from so many characters before here; then on at `behind`.
    Look {
        back: u32,
        wanted: bool,
        behind: u32,
    },
    Found,
}

/// Where in a text something has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    LineStart,
    End,
    LineEnd,
    /// The end, or before the line end that the text ends with.
    LastEnd,
    /// Where a word begins or ends, or where none does; words of ASCII's characters only.
    Boundary {
        wanted: bool,
        ascii: bool,
    },
}

impl Program {
    /// The steps of a whole expression; `None` for too many.
    pub(super) fn of(whole: &Node, sets: Vec<Set>, has_group: bool) -> Option<Self> {
        let mut program = Self { steps: Vec::new(), sets, forks: 0, has_group };
        program.add(whole)?;
        program.steps.push(Step::Found);
        Some(program)
    }

    fn here(&self) -> u32 {
        self.steps.len() as u32
    }

    fn push(&mut self, step: Step) -> Option<usize> {
        (self.steps.len() < MOST_STEPS).then(|| self.steps.push(step))?;
        Some(self.steps.len() - 1)
    }

    fn fork(&mut self) -> Option<usize> {
        let number = self.forks as u32;
        self.forks += 1;
        self.push(Step::Fork { number, first: 0, second: 0 })
    }

    /// Lets a fork go on in two places, in the order that greed wants.
    fn join(&mut self, fork: usize, into: u32, past: u32, greedy: bool) {
        if let Step::Fork { first, second, .. } = &mut self.steps[fork] {
            (*first, *second) = if greedy { (into, past) } else { (past, into) };
        }
    }

    fn add(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::One(set) => self.push(Step::One(*set)).map(drop),
            Node::At(place) => self.push(Step::At(*place)).map(drop),
            Node::Row(nodes) => nodes.iter().try_for_each(|node| self.add(node)),
            Node::Either(nodes) => self.add_either(nodes),
            Node::Repeat { of, least, most, greedy } => self.add_repeat(of, *least, *most, *greedy),
            Node::Taken(node) => {
                self.push(Step::Mark(0))?;
                self.add(node)?;
                self.push(Step::Mark(1)).map(drop)
            }
            Node::Look { of, back, wanted } => {
                let look = self.push(Step::Found)?;
                self.add(of)?;
                self.push(Step::Found)?;
                let (back, behind) = (*back as u32, self.here());
                self.steps[look] = Step::Look { back, wanted: *wanted, behind };
                Some(())
            }
        }
    }

    fn add_either(&mut self, nodes: &[Node]) -> Option<()> {
        let (last, others) = nodes.split_last()?;
        let mut ends = Vec::with_capacity(others.len());
        for node in others {
            let fork = self.fork()?;
            let into = self.here();
            self.add(node)?;
            ends.push(self.push(Step::Go(0))?);
            self.join(fork, into, self.here(), true);
        }
        self.add(last)?;
        let end = self.here();
        ends.into_iter().for_each(|at| self.steps[at] = Step::Go(end));
        Some(())
    }

    fn add_repeat(
        &mut self,
        node: &Node,
        least: usize,
        most: Option<usize>,
        greedy: bool,
    ) -> Option<()> {
        (0..least).try_for_each(|_| self.add(node))?;
        let Some(most) = most else {
            let fork = self.fork()?;
            let into = self.here();
            self.add(node)?;
            self.push(Step::Go(fork as u32))?;
            self.join(fork, into, self.here(), greedy);
            return Some(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push((self.fork()?, self.here()));
            self.add(node)?;
        }
        let past = self.here();
        forks.into_iter().for_each(|(fork, into)| self.join(fork, into, past, greedy));
        Some(())
    }
}
