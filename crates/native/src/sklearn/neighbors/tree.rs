//! [`Tree`]: a k-d tree or a ball tree as scikit-learn saves it.
//!
//! Source: `sklearn.neighbors._binary_tree`, `_kd_tree`, `_ball_tree` (1.2 to 1.9). The state is a tuple:
//! points, order of the points, nodes, bounds, ...; node i has the children 2 i + 1 and 2 i + 2.

use pelton_pickle::{Array, Value};

use super::distances::Distances;
use super::heap::Nearest;
use super::metric::Metric;
use crate::math::Rows;
use crate::reader::{Fitted, Refusal};

pub(super) struct Tree {
    metric: Metric,
    width: usize,
    count: usize,
    nodes: Vec<Node>,
    bounds: Bounds,
    leaves: Vec<Leaf>,
}

struct Node {
    radius: f64,
    /// Which leaf it is.
    leaf: Option<u32>,
}

enum Bounds {
    /// Of each node the least and the greatest of every feature.
    Boxes { least: Vec<f64>, greatest: Vec<f64> },
    /// Of each node the middle.
    Balls(Vec<f64>),
}

struct Leaf {
    points: Vec<u32>,
    distances: Distances,
}

impl Tree {
    pub(super) fn read(fitted: &Fitted<'_>, metric: Metric) -> Result<Self, Refusal> {
        let tree = fitted.attr("_tree")?;
        let wrong = |what: &str| fitted.refuse(format!("its tree {what}"));
        let state = tree.state().ok_or_else(|| wrong("has no state"))?;
        let part = |index| state.item(index).map_err(|error| fitted.refuse(error));
        let points = part(0)?;
        let &[count, width] = points.as_array().map(Array::shape).unwrap_or_default() else {
            return Err(wrong("has no matrix of points"));
        };
        let points = fitted.numbers_of("_tree", points)?;
        let order = part(1)?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
        let order: Option<Vec<u32>> = order
            .into_iter()
            .map(|point| u32::try_from(point).ok().filter(|point| (*point as usize) < count))
            .collect();
        let order = order.filter(|order| order.len() == count && width > 0);
        let order = order.ok_or_else(|| wrong("does not order its points"))?;
        let (nodes, leaves) = read_nodes(fitted, part(2)?, count, |range| {
            let points = |point: &u32| &points[*point as usize * width..][..width];
            let order = order.get(range)?.to_vec();
            let values: Vec<f64> = order.iter().flat_map(points).copied().collect();
            let distances = Distances::new(metric, width, &values);
            Some(Leaf { points: order, distances })
        })?;
        if metric == Metric::Cosine || (metric == Metric::Haversine && width != 2) {
            return Err(fitted.refuse_option(format!("a tree of {width} features by its metric")));
        }
        let bounds = fitted.numbers_of("_tree", part(3)?)?;
        let one = nodes.len() * width;
        let bounds = if bounds.len() == one {
            Bounds::Balls(bounds)
        } else if bounds.len() == 2 * one && metric.adds() {
            let (least, greatest) = bounds.split_at(one);
            Bounds::Boxes { least: least.to_vec(), greatest: greatest.to_vec() }
        } else {
            return Err(wrong("has bounds of another number of nodes"));
        };
        Ok(Self { metric, width, count, nodes, bounds, leaves })
    }

    /// How many points there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Finds the nearest points of a row.
    pub(super) fn search(&self, row: &[f64], nearest: &mut Nearest, room: &mut Vec<f64>) {
        self.visit(0, self.least(0, row), row, nearest, room);
    }

    fn visit(
        &self,
        node: usize,
        least: f64,
        row: &[f64],
        nearest: &mut Nearest,
        room: &mut Vec<f64>,
    ) {
        if least > nearest.greatest() {
            return;
        }
        if let Some(leaf) = self.nodes[node].leaf {
            let leaf = &self.leaves[leaf as usize];
            room.resize(leaf.points.len(), 0.0);
            leaf.distances.apply(Rows::new(row, 1), room);
            for (distance, point) in room.iter().zip(&leaf.points) {
                nearest.push(*distance, *point);
            }
            return;
        }
        let (left, right) = (2 * node + 1, 2 * node + 2);
        let (to_left, to_right) = (self.least(left, row), self.least(right, row));
        let nearer = to_left <= to_right;
        let sides = [(left, to_left), (right, to_right)];
        for (node, least) in if nearer { sides } else { [sides[1], sides[0]] } {
            self.visit(node, least, row, nearest, room);
        }
    }

    /// The least reduced distance that a point of a node can have.
    fn least(&self, node: usize, row: &[f64]) -> f64 {
        let range = node * self.width..(node + 1) * self.width;
        match &self.bounds {
            Bounds::Boxes { least, greatest } => {
                let bounds = least[range.clone()].iter().zip(&greatest[range]);
                row.iter().zip(bounds).fold(0.0, |sum, (x, (least, greatest))| {
                    let (below, above) = (least - x, x - greatest);
                    let twice = (below + below.abs()) + (above + above.abs());
                    self.metric.add(sum, 0.5 * twice)
                })
            }
            Bounds::Balls(middles) => {
                let apart = self.metric.between(row, &middles[range]);
                let apart = self.metric.distance(apart) - self.nodes[node].radius;
                self.metric.reduced(apart.max(0.0))
            }
        }
    }
}

fn read_nodes(
    fitted: &Fitted<'_>,
    value: Value<'_>,
    count: usize,
    leaf: impl Fn(std::ops::Range<usize>) -> Option<Leaf>,
) -> Result<(Vec<Node>, Vec<Leaf>), Refusal> {
    let array = fitted.wanted("_tree", value.as_array(), "a tree with an array of nodes")?;
    let field = |name: &str| array.field(name).map_err(|error| fitted.refuse(error));
    let integers = |name: &str| field(name)?.to_i64_vec().map_err(|error| fitted.refuse(error));
    let (starts, ends) = (integers("idx_start")?, integers("idx_end")?);
    let is_leaf = integers("is_leaf")?;
    let radii = field("radius")?.to_f64_vec().map_err(|error| fitted.refuse(error))?;
    let wrong = || fitted.refuse("its tree has nodes that do not fit together");
    let (mut nodes, mut leaves, mut held) = (Vec::new(), Vec::new(), 0_usize);
    for (index, radius) in radii.iter().enumerate() {
        let mut node = Node { radius: *radius, leaf: None };
        if is_leaf[index] != 0 {
            let start = usize::try_from(starts[index]).map_err(|_| wrong())?;
            let end = usize::try_from(ends[index]).map_err(|_| wrong())?;
            // Leaves that shared points would take more memory than the file.
            held += end.saturating_sub(start);
            if held > count {
                return Err(wrong());
            }
            node.leaf = Some(leaves.len() as u32);
            leaves.push(leaf(start..end).ok_or_else(wrong)?);
        } else if 2 * index + 2 >= radii.len() {
            return Err(wrong());
        }
        nodes.push(node);
    }
    if nodes.is_empty() {
        return Err(wrong());
    }
    Ok((nodes, leaves))
}
