//! Where a pickle keeps values while it runs: the stack with its marks, and the memo. Both are bounded,
//! and neither can be made to reach below itself.

use std::collections::HashMap;

use crate::error::Error;
use crate::graph::{Graph, Id};

/// The machine's stack; marks are places in it that pops must not pass.
#[derive(Default)]
pub(crate) struct Stack {
    items: Vec<Id>,
    marks: Vec<usize>,
}

impl Stack {
    pub(crate) fn push(&mut self, id: Id, graph: &Graph) -> Result<(), Error> {
        if self.items.len() >= graph.budget.limits.max_stack_entries {
            return Err(Error::limit("the pickle's stack is too deep (max_stack_entries)"));
        }
        self.items.push(id);
        Ok(())
    }

    pub(crate) fn mark(&mut self, graph: &Graph) -> Result<(), Error> {
        if self.marks.len() >= graph.budget.limits.max_stack_entries {
            return Err(Error::limit("the pickle has too many marks (max_stack_entries)"));
        }
        self.marks.push(self.items.len());
        Ok(())
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(crate) fn top(&self) -> Result<Id, Error> {
        self.items[self.floor()..].last().copied().ok_or_else(underflow)
    }

    pub(crate) fn pop(&mut self) -> Result<Id, Error> {
        let id = self.top()?;
        self.items.pop();
        Ok(id)
    }

    pub(crate) fn replace_top(&mut self, id: Id) -> Result<(), Error> {
        self.pop()?;
        self.items.push(id);
        Ok(())
    }

    /// POP takes a value or, when there is none above it, the mark.
    pub(crate) fn discard(&mut self) -> Result<(), Error> {
        if self.items.len() > self.floor() {
            self.items.pop();
            return Ok(());
        }
        self.marks.pop().map(|_| ()).ok_or_else(underflow)
    }

    pub(crate) fn pop_to_mark(&mut self) -> Result<Vec<Id>, Error> {
        let mark = self.marks.pop().ok_or_else(|| Error::malformed("a mark is missing"))?;
        Ok(self.items.split_off(mark))
    }
}

/// What PUT and MEMOIZE stored: in a row as picklers write it, or by number where a file skips.
#[derive(Default)]
pub(crate) struct Memo {
    row: Vec<Id>,
    scattered: HashMap<u64, Id>,
    len: usize,
}

/// No node has this number: `Graph::push` stops before it.
const VACANT: Id = Id::MAX;

/// How far a memo index may be ahead of the row and still extend it.
const MAX_GAP: u64 = 64;

impl Memo {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: u64) -> Option<Id> {
        match self.row.get(usize::try_from(index).ok()?) {
            Some(id) if *id != VACANT => Some(*id),
            _ => self.scattered.get(&index).copied(),
        }
    }

    pub(crate) fn put(&mut self, index: u64, id: Id, graph: &mut Graph) -> Result<(), Error> {
        if self.len >= graph.budget.limits.max_memo_entries {
            return Err(Error::limit(format!(
                "the pickle's memo has more than {} entries (max_memo_entries)",
                graph.budget.limits.max_memo_entries
            )));
        }
        let is_new = self.get(index).is_none();
        let in_row = index < self.row.len() as u64 + MAX_GAP;
        if in_row && !self.scattered.contains_key(&index) {
            let index = index as usize;
            if index >= self.row.len() {
                graph.budget.charge((index + 1 - self.row.len()) * size_of::<Id>())?;
                self.row.resize(index + 1, VACANT);
            }
            self.row[index] = id;
        } else {
            graph.budget.charge(if is_new { 4 * size_of::<u64>() } else { 0 })?;
            self.scattered.insert(index, id);
        }
        self.len += usize::from(is_new);
        Ok(())
    }
}

fn underflow() -> Error {
    Error::malformed("an opcode wants more values than there are on the stack")
}
