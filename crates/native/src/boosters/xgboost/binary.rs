//! XGBoost's old binary form (0.4 to 2.x; not written since 3.1), of files and of pickles before 1.6.
//!
//! Facts of `LearnerModelParamLegacy`, `GBTreeModelParam`, `TreeParam`, `RegTree::Node` and their
//! streams in 0.72, 0.90, 1.0 to 1.7 and 2.1: little-endian records of fixed size, texts and lists
//! behind a length of 8 bytes. What is read is what the JSON form says in words, and is judged where
//! that is. Must not know what trees or objectives mean.

use super::schema::{
    Flag, GradientBooster, Learner, Model, ModelParam, Objective, Tree, TreeParam, TreesParam,
};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;

/// What stands before a booster in a pickle, with the length of the model: behind that is JSON, how it
/// was trained.
const SERIALIZED: &[u8] = b"CONFIG-offset:";

/// What some versions begin files with.
const MAGIC: &[u8] = b"binf";

/// Bytes of the records, and of a node and its statistics.
const LEARNER_BYTES: usize = 136;
const TREES_BYTES: usize = 160;
const TREE_BYTES: usize = 148;
const LINEAR_BYTES: usize = 136;
const NODE_BYTES: usize = 20;
const STATISTICS_BYTES: usize = 16;

/// A bit of a split's feature: missing values go left.
const DEFAULT_LEFT: u32 = 1 << 31;

/// Whether bytes begin as a booster in a pickle does.
pub(super) fn is_serialized(bytes: &[u8]) -> bool {
    bytes.starts_with(SERIALIZED)
}

/// Reads a model; the version is `[0, 0, 0]` for all before 1.0.
pub(super) fn read(bytes: &[u8]) -> Result<([u32; 3], Learner), Refused> {
    let mut reader = Reader { left: model_of(bytes)? };
    let param = reader.record::<LEARNER_BYTES>("the model's parameters")?;
    let objective = reader.text("the objective")?;
    let name = reader.text("the booster")?;
    let booster = match &*name {
        "gbtree" => reader.trees(name)?,
        "dart" => {
            let inner = reader.trees("gbtree".to_owned())?;
            let weight_drop = Some(reader.floats("weight_drop")?);
            GradientBooster {
                name,
                gbtree: Some(Box::new(inner)),
                weight_drop,
                ..GradientBooster::default()
            }
        }
        "gblinear" => {
            reader.record::<LINEAR_BYTES>("the linear booster's parameters")?;
            let weights = Some(reader.floats("weights")?);
            GradientBooster {
                name,
                model: Some(Model { weights, ..Model::default() }),
                ..GradientBooster::default()
            }
        }
        other => refuse!("XGBoost's booster '{other}' is not supported natively"),
    };
    let has_attributes = word(&param, 12) != 0;
    let attributes = if has_attributes { reader.attributes()? } else { Vec::new() };
    let version = [word(&param, 20), word(&param, 24), 0];
    // Reserved and 0 before 1.6.
    let n_targets = word(&param, 28).max(1);
    let learner = Learner {
        learner_model_param: ModelParam {
            base_score: float(&param, 0).to_string(),
            num_feature: word(&param, 4).to_string(),
            num_class: (word(&param, 8) as i32).to_string(),
            num_target: Some(n_targets.to_string()),
            ..ModelParam::default()
        },
        gradient_booster: booster,
        objective: Objective { name: objective },
        attributes: attributes.into_iter().collect(),
        feature_names: Vec::new(),
        feature_types: Vec::new(),
    };
    Ok((version, learner))
}

/// The model's own bytes, without what a file or a pickle puts around them.
fn model_of(bytes: &[u8]) -> Result<&[u8], Refused> {
    let Some(rest) = bytes.strip_prefix(SERIALIZED) else {
        return Ok(bytes.strip_prefix(MAGIC).unwrap_or(bytes));
    };
    let model = rest
        .split_first_chunk::<8>()
        .and_then(|(length, rest)| rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?));
    match model {
        Some(model) => Ok(model.strip_prefix(MAGIC).unwrap_or(model)),
        None => refuse!("the serialized booster ends before its model does"),
    }
}

/// What is left of a model's bytes. Every length is held against them before anything is made of it.
struct Reader<'b> {
    left: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize, what: &str) -> Result<&'b [u8], Refused> {
        let Some((taken, left)) = self.left.split_at_checked(length) else {
            refuse!("the binary model ends inside {what}");
        };
        self.left = left;
        Ok(taken)
    }

    fn record<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Refused> {
        Ok(self.take(N, what)?.try_into().expect("as many bytes as were asked for"))
    }

    /// A length, and so many things of `size` bytes at least.
    fn length(&mut self, size: usize, what: &str) -> Result<usize, Refused> {
        let length = u64::from_le_bytes(self.record(what)?);
        match usize::try_from(length).ok().filter(|length| *length <= self.left.len() / size) {
            Some(length) => Ok(length),
            None => refuse!("{what} has {length} entries, more than the binary model has room for"),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, Refused> {
        let length = self.length(1, what)?;
        match std::str::from_utf8(self.take(length, what)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => refuse!("{what} is no text"),
        }
    }

    fn floats(&mut self, what: &str) -> Result<Vec<f32>, Refused> {
        let length = self.length(4, what)?;
        let (floats, _) = self.take(4 * length, what)?.as_chunks::<4>();
        Ok(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, Refused> {
        let length = self.length(16, "the attributes")?;
        (0..length).map(|_| Ok((self.text("an attribute")?, self.text("an attribute")?))).collect()
    }

    /// The number of things of `size` bytes at least that a field says there are.
    fn count(&self, record: &[u8], at: usize, size: usize, what: &str) -> Result<usize, Refused> {
        let count = word(record, at);
        match usize::try_from(count).ok().filter(|count| *count <= self.left.len() / size) {
            Some(count) => Ok(count),
            None => refuse!("{what} is {count}, more than the binary model has room for"),
        }
    }

    fn trees(&mut self, name: String) -> Result<GradientBooster, Refused> {
        let param = self.record::<TREES_BYTES>("the parameters of the trees")?;
        let n_trees = self.count(&param, 0, TREE_BYTES, "num_trees")?;
        // Before 1.6, roots, of which there is one.
        let parallel = (word(&param, 4) as i32).max(1);
        if u64::from_le_bytes(param[16..24].try_into().expect("8 bytes")) != 0 {
            refuse!(
                "the model keeps predictions of XGBoost before 0.6; save it again with a newer one"
            );
        }
        if word(&param, 28) > 1 {
            refuse!("leaves of {} values in a binary model", word(&param, 28));
        }
        let trees = (0..n_trees).map(|at| self.tree(at)).collect::<Result<_, _>>()?;
        let (groups, _) = self.take(4 * n_trees, "tree_info")?.as_chunks::<4>();
        let model = Model {
            gbtree_model_param: Some(TreesParam {
                num_trees: n_trees.to_string(),
                num_parallel_tree: Some(parallel.to_string()),
            }),
            trees: Some(trees),
            tree_info: Some(groups.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()),
            ..Model::default()
        };
        Ok(GradientBooster { name, model: Some(model), ..GradientBooster::default() })
    }

    fn tree(&mut self, at: usize) -> Result<Tree, Refused> {
        let param = self.record::<TREE_BYTES>("a tree")?;
        let (roots, width) = (word(&param, 0), word(&param, 20));
        if roots > 1 || width > 1 {
            refuse!("tree {at}: {roots} roots and {width} values a leaf in a binary model");
        }
        let size = NODE_BYTES + STATISTICS_BYTES;
        let n_nodes = self.count(&param, 4, size, "num_nodes")?;
        let (nodes, _) = self.take(NODE_BYTES * n_nodes, "nodes")?.as_chunks::<NODE_BYTES>();
        self.take(STATISTICS_BYTES * n_nodes, "statistics of nodes")?;
        let split = |node: &[u8; NODE_BYTES]| word(node, 12);
        Ok(Tree {
            tree_param: TreeParam { num_nodes: n_nodes.to_string(), size_leaf_vector: None },
            left_children: nodes.iter().map(|node| word(node, 4) as i32).collect(),
            right_children: nodes.iter().map(|node| word(node, 8) as i32).collect(),
            split_indices: nodes.iter().map(|node| split(node) & !DEFAULT_LEFT).collect(),
            split_conditions: nodes.iter().map(|node| Some(float(node, 16))).collect(),
            default_left: nodes.iter().map(|node| Flag(split(node) & DEFAULT_LEFT != 0)).collect(),
            ..Tree::default()
        })
    }
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(record[at..at + 4].try_into().expect("4 bytes"))
}

fn float(record: &[u8], at: usize) -> f32 {
    f32::from_bits(word(record, at))
}
