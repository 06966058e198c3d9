//! [`FittedTree`]: scikit-learn's `Tree`, read where its records of nodes lie in the file.
//!
//! Layouts are those of scikit-learn 0.18 to 1.9, told by the names of the records' fields, never by
//! their places; 1.10 renames what a node holds and is refused. Must not know what the values mean.

use pelton_pickle::{Array, DType, DTypeKind, Value};

use crate::data::Finite;
use crate::reader::{Fitted, Refusal, Version};
use crate::trees::{Compare, Missing, Node, NumericSplit, Outputs, Tree};

/// A tree as its file holds it.
pub(super) struct FittedTree<'d> {
    records: &'d [u8],
    layout: Layout,
    values: &'d [u8],
    /// Values a node has for each target.
    width: usize,
    targets: usize,
}

/// Where the fields of a record start.
#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    /// Whether whole numbers have 32 bits: a Python of 32 bits wrote it.
    narrow: bool,
    left: usize,
    right: usize,
    feature: usize,
    threshold: usize,
    samples: usize,
    weight: usize,
    missing: Option<usize>,
}

/// The fields a record may have, with their types; whole numbers of 8 bytes have 4 where a Python of
/// 32 bits wrote them, which scikit-learn reads on 64 as well.
const FIELDS: [(&str, DTypeKind, usize); 8] = [
    ("left_child", DTypeKind::Int, 8),
    ("right_child", DTypeKind::Int, 8),
    ("feature", DTypeKind::Int, 8),
    ("threshold", DTypeKind::Float, 8),
    ("impurity", DTypeKind::Float, 8),
    ("n_node_samples", DTypeKind::Int, 8),
    ("weighted_n_node_samples", DTypeKind::Float, 8),
    ("missing_go_to_left", DTypeKind::UInt, 1),
];

/// The left child of a leaf.
const NO_CHILD: i64 = -1;

/// The classes of estimators that are one tree.
const CLASSES: [&str; 4] = [
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
];

impl<'d> FittedTree<'d> {
    /// Whether a value is an estimator that is one tree.
    pub(super) fn is_estimator(value: Value<'_>) -> bool {
        value.class().is_some_and(|class| {
            class.module.starts_with("sklearn.tree") && CLASSES.contains(&class.name)
        })
    }

    /// The tree of an estimator that is one.
    ///
    /// # Errors
    /// It is something else, or its records or values are of a form that is not known.
    pub(super) fn read(fitted: &Fitted<'d>) -> Result<Self, Refusal> {
        if !Self::is_estimator(fitted.value) {
            return Err(fitted.refuse(format!("has {} for a tree", fitted.value.describe())));
        }
        let tree = fitted.with(fitted.attr("tree_")?);
        let nodes = tree.attr("nodes")?;
        let nodes = tree.wanted("nodes", nodes.as_array(), "an array of records")?;
        let layout = Layout::of(nodes.dtype()).map_err(|why| fitted.refuse(why))?;
        let records = tree.wanted("nodes", nodes.bytes(), "an array of records")?;
        let values = tree.attr("values")?;
        let values = tree.wanted("values", values.as_array(), "an array")?;
        let values = values_of(values).filter(|(targets, width, bytes)| {
            let size = targets.checked_mul(*width).and_then(|n| n.checked_mul(size_of::<f64>()));
            // A tree has a root, so that its values bound what is made of them.
            !nodes.is_empty() && size.and_then(|n| n.checked_mul(nodes.len())) == Some(bytes.len())
        });
        let Some((targets, width, bytes)) = values else {
            return Err(fitted.refuse("has a tree whose values do not belong to its nodes"));
        };
        Ok(Self { records, layout, values: bytes, width, targets })
    }

    /// Nodes there are.
    pub(super) fn len(&self) -> usize {
        self.records.len() / self.layout.size
    }

    /// Targets a node has values for.
    pub(super) fn targets(&self) -> usize {
        self.targets
    }

    /// Values of a node for each target.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The first `n` values of a node for a target.
    pub(super) fn values(
        &self,
        node: usize,
        target: usize,
        n: usize,
    ) -> impl Iterator<Item = f64> + use<'d> {
        let start = (node * self.targets + target) * self.width * size_of::<f64>();
        let (values, _) = self.values[start..][..n * size_of::<f64>()].as_chunks();
        values.iter().map(|bytes| f64::from_le_bytes(*bytes))
    }

    /// Rows that reached a node in training.
    pub(super) fn samples(&self, node: usize) -> i64 {
        self.layout.whole(&self.records[node * self.layout.size..], self.layout.samples)
    }

    /// The weight of the rows that reached a node in training.
    pub(super) fn weight(&self, node: usize) -> f64 {
        f64::from_le_bytes(field(&self.records[node * self.layout.size..], self.layout.weight))
    }

    /// The tree for the engines; `leaf` writes the values of the leaf that a node is. `features` are
    /// the model's columns that the tree's own stand for, where it was trained on some of them.
    pub(super) fn tree(
        &self,
        outputs: Outputs,
        features: Option<&[u32]>,
        mut leaf: impl FnMut(usize, &mut Vec<f64>),
    ) -> Tree {
        let layout = self.layout;
        let mut nodes = Vec::with_capacity(self.len());
        let (mut leaf_values, mut leaves) = (Vec::new(), 0);
        for (at, record) in self.records.chunks_exact(layout.size).enumerate() {
            let left = layout.whole(record, layout.left);
            if left == NO_CHILD {
                leaf(at, &mut leaf_values);
                nodes.push(Node::Leaf(leaves));
                leaves += 1;
                continue;
            }
            let feature = index(layout.whole(record, layout.feature));
            let goes_left = layout.missing.is_some_and(|missing| record[missing] != 0);
            nodes.push(Node::Numeric(NumericSplit {
                feature: features.map_or(feature, |chosen| {
                    chosen.get(feature as usize).copied().unwrap_or(u32::MAX)
                }),
                threshold: f64::from_le_bytes(field(record, layout.threshold)),
                compare: Compare::LessOrEqual,
                missing: if goes_left { Missing::NanLeft } else { Missing::NanRight },
                left: index(left),
                right: index(layout.whole(record, layout.right)),
            }));
        }
        Tree { nodes, leaf_values, outputs }
    }

    /// Steps from the root to every node, plus one: the nodes on the way to it. 0 where a node
    /// cannot be reached.
    pub(super) fn path_lengths(&self) -> Vec<u32> {
        let mut lengths = vec![0; self.len()];
        if let Some(root) = lengths.first_mut() {
            *root = 1;
        }
        let mut waiting = vec![0];
        while let Some(at) = waiting.pop() {
            let Some(record) = self.records.get(at * self.layout.size..) else { continue };
            if record.len() < self.layout.size {
                continue;
            }
            let left = self.layout.whole(record, self.layout.left);
            if left == NO_CHILD {
                continue;
            }
            for child in [left, self.layout.whole(record, self.layout.right)] {
                let length = lengths[at] + 1;
                // A node that was seen already is no tree's: the engines refuse it.
                if let Some(known) = usize::try_from(child).ok().and_then(|at| lengths.get_mut(at))
                    && *known == 0
                {
                    *known = length;
                    waiting.push(child as usize);
                }
            }
        }
        lengths
    }
}

/// Which values the estimator of a tree lets through, by its release.
///
/// Source: `BaseDecisionTree._support_missing_values`, `ForestRegressor._validate_X_predict`.
pub(super) fn allowed(tree: &Fitted<'_>, in_forest: bool) -> Finite {
    let text = |name: &str| tree.option(name).and_then(Value::as_str).unwrap_or_default();
    let version = tree.version();
    let criterion = ["gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"]
        .contains(&text("criterion"));
    let free = tree.option("monotonic_cst").is_none();
    let random = text("splitter") == "random";
    let missing = if version >= Version(1, 6) && tree.class().starts_with("Extra") && !random {
        false
    } else if version >= Version(1, 9) {
        true
    } else if version >= Version(1, 6) {
        criterion && free
    } else {
        let first = if in_forest { Version(1, 4) } else { Version(1, 3) };
        version >= first && criterion && free && !random
    };
    if missing { Finite::OrNanAsF32 } else { Finite::OnlyAsF32 }
}

impl Layout {
    fn of(dtype: &DType) -> Result<Self, String> {
        let narrow = dtype.field("left_child").is_some_and(|field| field.dtype.size() == 4);
        for field in dtype.fields() {
            let known = FIELDS.iter().find(|(name, ..)| *name == field.name);
            let Some((_, kind, size)) = known else {
                return Err(format!(
                    "has tree nodes with a field '{}', of a scikit-learn that is too new",
                    field.name
                ));
            };
            let bool_too = *size == 1 && field.dtype.kind() == DTypeKind::Bool;
            let same = field.dtype.kind() == *kind || bool_too;
            let size = if narrow && *kind == DTypeKind::Int { 4 } else { *size };
            if !same || field.dtype.size() != size || field.dtype.is_big_endian() {
                return Err(format!("has tree nodes whose '{}' is {}", field.name, field.dtype));
            }
        }
        let offset = |name: &str| {
            let field = dtype.field(name);
            field
                .map(|field| field.offset)
                .ok_or_else(|| format!("has tree nodes without '{name}'"))
        };
        Ok(Self {
            size: dtype.size(),
            narrow,
            left: offset("left_child")?,
            right: offset("right_child")?,
            feature: offset("feature")?,
            threshold: offset("threshold")?,
            samples: offset("n_node_samples")?,
            weight: offset("weighted_n_node_samples")?,
            missing: offset("missing_go_to_left").ok(),
        })
    }

    /// The whole number that a record has there.
    fn whole(&self, record: &[u8], at: usize) -> i64 {
        if self.narrow {
            i64::from(i32::from_le_bytes(field(record, at)))
        } else {
            i64::from_le_bytes(field(record, at))
        }
    }
}

/// Targets, width and bytes of an array of values.
fn values_of(array: Array<'_>) -> Option<(usize, usize, &[u8])> {
    let dtype = array.dtype();
    let plain = dtype.kind() == DTypeKind::Float && dtype.size() == 8 && !dtype.is_big_endian();
    match *array.shape() {
        [_, targets, width] if plain && array.order() == pelton_pickle::Order::C => {
            Some((targets, width, array.bytes()?))
        }
        _ => None,
    }
}

fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[at..at + N]);
    bytes
}

/// An index; one that cannot be becomes one that no tree has, which the engines refuse.
fn index(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
