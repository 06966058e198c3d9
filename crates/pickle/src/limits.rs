//! How much of this machine a foreign file may use, and the account kept while it is read.

use crate::error::Error;

/// Bounds on what reading one file may cost. A file that would pass one is refused with
/// [`ErrorKind::Limit`](crate::ErrorKind::Limit), naming the limit.
///
/// Memory beyond the file itself is bounded by about three times `max_decompressed_bytes` (when the
/// file is compressed) plus `max_graph_bytes`, and by about three times `max_companion_bytes` where the
/// model has files beside it, whatever the lengths written in the files claim.
///
/// ```
/// let limits = pelton_pickle::Limits { max_graph_bytes: 64 << 20, ..Default::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes a compressed file may unfold to. Default 4 GiB.
    pub max_decompressed_bytes: u64,
    /// How many times its own size a compressed file may unfold to. Files that unfold to less than
    /// 64 MiB may pass it. Default 250.
    pub max_decompression_ratio: u64,
    /// Bytes an xz or lzma stream may ask for its dictionary. Default 128 MiB (`xz -9` needs 64).
    pub max_dictionary_bytes: u64,
    /// Bytes that the files beside a model may have and unfold to, all together. Default 4 GiB.
    pub max_companion_bytes: u64,
    /// Bytes the object graph may take: nodes, items, decoded text. Array data stays in the file and
    /// does not count. Default 512 MiB.
    pub max_graph_bytes: u64,
    /// Pickle opcodes executed, nested pickles included, and items that helpers look through.
    /// Default 100 million.
    pub max_opcodes: u64,
    /// Entries in a pickle's memo. Default 32 million.
    pub max_memo_entries: usize,
    /// Values on a pickle's stack, and marks. Default 32 million.
    pub max_stack_entries: usize,
    /// Pickles inside pickles: joblib writes object arrays so. Default 32.
    pub max_nested_pickles: usize,
    /// Entries of a zip archive. Default 100 thousand.
    pub max_zip_entries: usize,
    /// Bytes of a skops schema. Default 256 MiB.
    pub max_schema_bytes: u64,
    /// Nesting of a skops schema's JSON, two for each container; read by recursion. Default 160.
    pub max_schema_depth: usize,
    /// How many times its unfolded size may be copied out of a document, by [`Array::to_f64_vec`](crate::Array::to_f64_vec)
    /// and its like: a file tells an array once, and names it in two bytes wherever it is used again. Documents
    /// out of which less than 256 MiB are copied may pass it. Default 32.
    pub max_copies: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_decompressed_bytes: 4 << 30,
            max_decompression_ratio: 250,
            max_dictionary_bytes: 128 << 20,
            max_companion_bytes: 4 << 30,
            max_graph_bytes: 512 << 20,
            max_opcodes: 100_000_000,
            max_memo_entries: 32_000_000,
            max_stack_entries: 32_000_000,
            max_nested_pickles: 32,
            max_zip_entries: 100_000,
            max_schema_bytes: 256 << 20,
            max_schema_depth: 160,
            max_copies: 32,
        }
    }
}

/// A compressed file below this size unfolded is no bomb, whatever its ratio.
const HARMLESS_BYTES: u64 = 64 << 20;

/// Copies of less than this are no bomb, whatever the file's size.
const HARMLESS_COPIES: u64 = 256 << 20;

impl Limits {
    /// Bytes that may be copied out of a document of this size.
    pub(crate) fn copies(&self, buffered: usize) -> u64 {
        (buffered as u64).saturating_mul(self.max_copies).max(HARMLESS_COPIES)
    }

    /// Bytes that `compressed` bytes may unfold to.
    pub(crate) fn decompressed(&self, compressed: usize) -> u64 {
        let by_ratio = (compressed as u64).saturating_mul(self.max_decompression_ratio);
        by_ratio.max(HARMLESS_BYTES).min(self.max_decompressed_bytes)
    }
}

/// What reading has used so far.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) limits: Limits,
    pub(crate) graph_bytes: u64,
    pub(crate) opcodes: u64,
    /// Bytes that entries of archives may still unfold to, all archives together.
    pub(crate) unfold_left: u64,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, graph_bytes: 0, opcodes: 0, unfold_left: limits.decompressed(0) }
    }

    /// Takes `bytes` of graph memory before they are allocated.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.graph_bytes = self.graph_bytes.saturating_add(bytes as u64);
        if self.graph_bytes > self.limits.max_graph_bytes {
            return Err(Error::limit(format!(
                "the object graph takes more than {} bytes (max_graph_bytes)",
                self.limits.max_graph_bytes
            )));
        }
        Ok(())
    }

    /// Counts work: an opcode, or the items a helper looks through.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Error> {
        self.opcodes = self.opcodes.saturating_add(steps as u64);
        if self.opcodes > self.limits.max_opcodes {
            return Err(Error::limit(format!(
                "the pickle takes more than {} opcodes (max_opcodes)",
                self.limits.max_opcodes
            )));
        }
        Ok(())
    }
}
