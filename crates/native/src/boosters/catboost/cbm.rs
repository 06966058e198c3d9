//! CatBoost's binary format (`.cbm`; `FlabuffersModel_v1`, 0.24 to 1.2): a flatbuffer behind its length,
//! and behind it the tables of CTRs.
//!
//! Facts of `model.fbs` and `features.fbs`. Must not know what answers are made of the sums.

use super::cbm_ctr::{ctr_feature, tables};
use super::features::{Category, Feature, Is, displaced};
use super::flat::{Buffer, Table};
use super::inputs::{Ctrs, Inputs};
use super::json;
use super::model::{Classes, Parts, Split, names, oblivious, outputs, splits};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{Node, Tree};

const FORMAT: &str = "FlabuffersModel_v1";

/// Fields of the trees' table, by number; a table with more of them could mean anything.
mod field {
    pub(super) const DIMENSIONS: usize = 0;
    pub(super) const SPLITS: usize = 1;
    pub(super) const SIZES: usize = 2;
    pub(super) const STARTS: usize = 3;
    pub(super) const CATEGORICAL: usize = 4;
    pub(super) const FLOAT: usize = 5;
    pub(super) const ONE_HOT: usize = 6;
    pub(super) const CTR: usize = 7;
    pub(super) const LEAF_VALUES: usize = 8;
    pub(super) const STEPS: usize = 10;
    pub(super) const NODE_LEAVES: usize = 11;
    pub(super) const TEXT: usize = 12;
    pub(super) const ESTIMATED: usize = 13;
    pub(super) const SCALE: usize = 14;
    pub(super) const BIAS: usize = 15;
    pub(super) const BIASES: usize = 16;
    /// 17 holds the splits in another layout.
    pub(super) const EMBEDDING: usize = 18;
    pub(super) const KNOWN: usize = 19;
}

/// Outputs beyond this are a broken file.
const OUTPUTS_MAX: usize = 1 << 16;

pub(super) fn read(bytes: &[u8]) -> Result<Parts, Refused> {
    let (core, behind) = core(bytes)?;
    let buffer = Buffer::new(core);
    let core = buffer.root()?;
    let format = core.text(0)?;
    if format != FORMAT {
        refuse!("the model is of the format '{format}', '{FORMAT}' is supported");
    }
    let Some(table) = core.table(1)? else { refuse!("the model has no trees: it was not fitted") };
    if table.n_fields() > field::KNOWN {
        refuse!("the model has {} kinds of data, {} are known", table.n_fields(), field::KNOWN);
    }
    for (kind, field) in
        [("text", field::TEXT), ("embedding", field::EMBEDDING), ("estimated", field::ESTIMATED)]
    {
        let n = table.len(field)?;
        if n > 0 {
            refuse!("CatBoost's {kind} features ({n} in this model) are not supported natively");
        }
    }
    let features = Features::read(table)?;
    let parts = core.texts(3)?;
    if let Some(part) = parts.iter().find(|part| **part != "static_provider_v1") {
        refuse!("the model has a part '{part}', which is not supported natively");
    }
    let n_outputs = table.i32(field::DIMENSIONS, 0)? as usize;
    if n_outputs == 0 || n_outputs > OUTPUTS_MAX {
        refuse!("the model has {n_outputs} outputs");
    }
    let biases = table.numbers(field::BIASES, f64::from_le_bytes)?;
    let mut parts = Parts {
        trees: trees(table, &features, n_outputs)?,
        names: names(&features.floats, &features.categorical)?,
        inputs: features.inputs(if parts.is_empty() { &[] } else { behind })?,
        n_outputs,
        scale: table.f64(field::SCALE, 1.0)?,
        bias: if biases.is_empty() { vec![table.f64(field::BIAS, 0.0)?] } else { biases },
        loss: None,
        classes: None,
        threshold: None,
    };
    for entry in core.tables(2)? {
        parts.add_info(entry.text(0)?, entry.text(1)?)?;
    }
    Ok(parts)
}

/// The flatbuffer behind the magic and its length, and what follows it.
fn core(bytes: &[u8]) -> Result<(&[u8], &[u8]), Refused> {
    let head = bytes.strip_prefix(b"CBM1").and_then(|rest| rest.split_first_chunk::<4>());
    let Some((len, rest)) = head else {
        refuse!("the file is no CatBoost model: it does not begin with CBM1")
    };
    match rest.split_at_checked(u32::from_le_bytes(*len) as usize) {
        Some(found) => Ok(found),
        None => refuse!("the model ends early"),
    }
}

/// What the trees' splits are about.
struct Features {
    floats: Vec<Feature>,
    categorical: Vec<Category>,
    one_hot: Vec<Is>,
    ctrs: Ctrs,
    ctr_borders: Vec<Vec<f32>>,
}

impl Features {
    fn read(table: Table<'_>) -> Result<Self, Refused> {
        let floats = table.tables(field::FLOAT)?.into_iter().enumerate().map(float);
        let categorical = table.tables(field::CATEGORICAL)?.into_iter().enumerate().map(category);
        let one_hot = table.tables(field::ONE_HOT)?.into_iter().map(|table| {
            let Ok(feature) = usize::try_from(table.i32(0, -1)?) else {
                refuse!("a comparison with categories is of no feature");
            };
            Ok(Is { feature, values: table.numbers(1, i32::from_le_bytes)? })
        });
        let mut read = Self {
            floats: floats.collect::<Result<_, _>>()?,
            categorical: categorical.collect::<Result<_, _>>()?,
            one_hot: one_hot.collect::<Result<_, _>>()?,
            ctrs: Ctrs::default(),
            ctr_borders: Vec::new(),
        };
        for table in table.tables(field::CTR)? {
            let (feature, borders) = ctr_feature(table)?;
            read.ctrs.features.push(feature);
            read.ctr_borders.push(borders);
        }
        Ok(read)
    }

    /// The inputs, with the tables of CTRs from behind the flatbuffer.
    fn inputs(mut self, behind: &[u8]) -> Result<Inputs, Refused> {
        if !self.ctrs.features.is_empty() {
            self.ctrs.tables = tables(behind)?;
        }
        let categorical = self.categorical.into_iter().map(|feature| feature.column).collect();
        Inputs::new(&self.floats, categorical, &self.one_hot, self.ctrs)
    }
}

/// Where a feature is: its number among those of its kind must be its place.
fn column(at: usize, table: Table<'_>, [number, column]: [usize; 2]) -> Result<usize, Refused> {
    let number = table.i32(number, -1)?;
    if usize::try_from(number) != Ok(at) {
        return Err(displaced(number));
    }
    let Ok(column) = usize::try_from(table.i32(column, -1)?) else {
        refuse!("a feature has no column")
    };
    Ok(column)
}

fn float((at, table): (usize, Table<'_>)) -> Result<Feature, Refused> {
    Ok(Feature {
        column: column(at, table, [1, 2])?,
        name: table.text(4)?.to_owned(),
        borders: table.numbers(3, f32::from_le_bytes)?,
        missing: Feature::missing(table.u8(0, 0)? != 0, table.u8(5, 0)?)?,
    })
}

fn category((at, table): (usize, Table<'_>)) -> Result<Category, Refused> {
    Ok(Category { column: column(at, table, [0, 1])?, name: table.text(2)?.to_owned() })
}

fn trees(table: Table<'_>, features: &Features, n_outputs: usize) -> Result<Vec<Tree>, Refused> {
    let Features { floats, categorical, one_hot, ctr_borders, .. } = features;
    let all = splits(floats, categorical, one_hot, ctr_borders)?;
    let numbers = table.numbers(field::SPLITS, i32::from_le_bytes)?;
    let split = |number: i32| usize::try_from(number).ok().and_then(|number| all.get(number));
    // What a leaf of a tree that is not symmetric has in a split's place means nothing.
    let splits: Vec<Option<Split>> =
        numbers.into_iter().map(|number| split(number).copied()).collect();
    let sizes = table.numbers(field::SIZES, i32::from_le_bytes)?;
    let starts = table.numbers(field::STARTS, i32::from_le_bytes)?;
    if sizes.len() != starts.len() || sizes.is_empty() {
        refuse!("{} trees with {} starts", sizes.len(), starts.len());
    }
    let n_nodes =
        sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size as u32 as usize));
    if n_nodes.is_none_or(|sum| sum > splits.len()) {
        refuse!("the trees have more splits than the {} there are", splits.len());
    }
    let mut reader = Reader {
        values: table.numbers(field::LEAF_VALUES, f64::from_le_bytes)?,
        steps: table.numbers(field::STEPS, |bytes: [u8; 4]| {
            (u16::from_le_bytes([bytes[0], bytes[1]]), u16::from_le_bytes([bytes[2], bytes[3]]))
        })?,
        leaves: table.numbers(field::NODE_LEAVES, u32::from_le_bytes)?,
        n_outputs,
        next: 0,
    };
    let trees = sizes.into_iter().zip(starts).enumerate().map(|(at, (size, start))| {
        let (size, start) = (size as usize, start as usize);
        let Some(splits) = splits.get(start..).and_then(|rest| rest.get(..size)) else {
            refuse!("tree {at}: {size} splits from {start} of {}", splits.len());
        };
        reader.tree(splits, start).map_err(|error| Refused::new(format!("tree {at}: {error}")))
    });
    trees.collect()
}

struct Reader {
    values: Vec<f64>,
    /// Of trees that are not symmetric: how far ahead a node's left and right children are.
    steps: Vec<(u16, u16)>,
    /// By node: where its leaf's values begin, if it has one.
    leaves: Vec<u32>,
    n_outputs: usize,
    /// Where the next oblivious tree's values begin; of other trees, how many are taken.
    next: usize,
}

impl Reader {
    fn tree(&mut self, splits: &[Option<Split>], start: usize) -> Result<Tree, Refused> {
        if !self.steps.is_empty() {
            return self.asymmetric(splits, start);
        }
        let Some(splits) = splits.iter().copied().collect::<Option<Vec<_>>>() else {
            refuse!("a split is none of the borders")
        };
        let len =
            1_usize.checked_shl(splits.len() as u32).and_then(|n| n.checked_mul(self.n_outputs));
        let end = len.and_then(|len| self.next.checked_add(len)).unwrap_or(usize::MAX);
        let Some(values) = self.values.get(self.next..end) else {
            refuse!("leaf values are missing")
        };
        self.next = end;
        oblivious(&splits, values, self.n_outputs)
    }

    /// A step of 0 ends at the node itself, whose leaf it then is.
    fn asymmetric(&mut self, splits: &[Option<Split>], start: usize) -> Result<Tree, Refused> {
        let mut tree =
            Tree { nodes: Vec::new(), leaf_values: Vec::new(), outputs: outputs(self.n_outputs) };
        let steps = self.steps.get(start..).and_then(|rest| rest.get(..splits.len()));
        let Some(steps) = steps.map(<[_]>::to_vec) else { refuse!("steps are missing") };
        // Nodes keep their places; leaves behind a split's own follow them.
        tree.nodes.resize(splits.len(), Node::Leaf(0));
        for (at, (split, step)) in splits.iter().zip(&steps).enumerate() {
            tree.nodes[at] = match *step {
                (0, 0) => self.leaf(start + at, &mut tree)?,
                (left, right) => {
                    let Some(split) = split else { refuse!("a split is none of the borders") };
                    let mut child = |step: u16| match step {
                        0 => {
                            let leaf = self.leaf(start + at, &mut tree)?;
                            tree.nodes.push(leaf);
                            Ok::<_, Refused>(tree.nodes.len() - 1)
                        }
                        step if at + (step as usize) < splits.len() => Ok(at + step as usize),
                        step => refuse!("node {at} steps {step} ahead of {}", splits.len()),
                    };
                    let (left, right) = (child(left)?, child(right)?);
                    split.node(left, right)
                }
            };
        }
        if tree.nodes.is_empty() {
            refuse!("no nodes");
        }
        Ok(tree)
    }

    fn leaf(&mut self, node: usize, tree: &mut Tree) -> Result<Node, Refused> {
        // Leaves that shared values would take more memory than the file.
        self.next += self.n_outputs;
        if self.next > self.values.len() {
            refuse!("more leaves than there are values");
        }
        let values = self
            .leaves
            .get(node)
            .and_then(|begin| self.values.get(*begin as usize..)?.get(..self.n_outputs));
        let Some(values) = values else { refuse!("the leaf of node {node} has no values") };
        let leaf = tree.leaf_values.len() / self.n_outputs;
        tree.leaf_values.extend(values);
        Ok(Node::Leaf(leaf as u32))
    }
}

impl Parts {
    /// Entries of the model's metadata that answers depend on.
    fn add_info(&mut self, key: &str, value: &str) -> Result<(), Refused> {
        let parsed = || serde_json::from_str(value);
        let wrong = |error| Refused::new(format!("the model's {key} are no JSON: {error}"));
        match key {
            "params" => {
                let params: serde_json::Value = parsed().map_err(wrong)?;
                self.loss = json::loss(Some(&params));
            }
            "class_params" => {
                let classes: Classes = serde_json::from_str(value).map_err(wrong)?;
                self.classes = Some(classes);
            }
            "binclass_probability_threshold" => self.threshold = Some(json::threshold(value)?),
            _ => {}
        }
        Ok(())
    }
}
