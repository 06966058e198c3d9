//! Finds the way from a document's root to a value, for messages. Values carry only their last
//! step, which keeps them free to copy; the rest is searched for when an error needs it.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use crate::document::Document;
use crate::graph::{ArrayData, Graph, Id, Node};
use crate::value::{Origin, Step, Value};

/// Nodes looked at before a path is given up: only a message is at stake.
const MAX_VISITED: usize = 5_000_000;

/// The path of a value: `Pipeline.steps[1][1].coef_`.
pub(crate) fn of(value: Value<'_>) -> String {
    let doc = value.doc;
    let mut steps = Vec::new();
    if value.origin.step != Step::Root {
        match steps_to(doc, value.origin.parent) {
            Some(found) => steps = found,
            None => return format!("?{}", render(&doc.graph, &[value.origin.step])),
        }
        steps.push(value.origin.step);
    }
    root_name(doc) + &render(&doc.graph, &steps)
}

fn root_name(doc: &Document) -> String {
    let root = doc.root();
    match root.class() {
        Some(class) => class.name.chars().take(80).collect(),
        None => "root".into(),
    }
}

/// The shortest way from the root to `target`.
fn steps_to(doc: &Document, target: Id) -> Option<Vec<Step>> {
    let mut reached: HashMap<Id, Origin> = HashMap::new();
    let mut queue = VecDeque::from([doc.root]);
    reached.insert(doc.root, Origin { parent: doc.root, step: Step::Root });
    while let Some(id) = queue.pop_front() {
        if id == target {
            break;
        }
        if reached.len() > MAX_VISITED {
            return None;
        }
        each_child(&doc.graph, id, &mut |child, step| {
            reached.entry(child).or_insert_with(|| {
                queue.push_back(child);
                Origin { parent: id, step }
            });
        });
    }
    let mut steps = Vec::new();
    let mut at = target;
    while at != doc.root {
        let origin = reached.get(&at)?;
        steps.push(origin.step);
        at = origin.parent;
    }
    steps.reverse();
    Some(steps)
}

fn each_child(graph: &Graph, id: Id, visit: &mut impl FnMut(Id, Step)) {
    match graph.node(id) {
        Node::Tuple(items) => each_item(items, visit),
        Node::List(items) | Node::Set(items) | Node::FrozenSet(items) => each_item(items, visit),
        Node::Dict(pairs) => pairs.iter().for_each(|(key, value)| visit(*value, Step::Key(*key))),
        Node::Array(array) => {
            if let ArrayData::Objects(items) = &array.data {
                each_item(items, visit);
            }
        }
        Node::Object(object) => {
            for state in &object.states {
                each_attribute(graph, *state, visit);
            }
            object.pairs.iter().for_each(|(key, value)| visit(*value, Step::Key(*key)));
            each_item(&object.items, visit);
            for (index, arg) in graph.sequence(object.args).unwrap_or_default().iter().enumerate() {
                visit(*arg, Step::Argument(index as u32));
            }
            object.states.iter().for_each(|state| visit(*state, Step::State));
            visit(object.args, Step::Arguments);
            object.kwargs.iter().for_each(|kwargs| visit(*kwargs, Step::Arguments));
            visit(object.class, Step::Class);
        }
        _ => {}
    }
}

fn each_item(items: &[Id], visit: &mut impl FnMut(Id, Step)) {
    for (index, item) in items.iter().enumerate() {
        visit(*item, Step::Index(index as u32));
    }
}

fn each_attribute(graph: &Graph, state: Id, visit: &mut impl FnMut(Id, Step)) {
    let dicts = match graph.node(state) {
        Node::Tuple(pair) if pair.len() == 2 => &**pair,
        _ => &[state],
    };
    for dict in dicts {
        if let Node::Dict(pairs) = graph.node(*dict) {
            for (key, value) in pairs {
                visit(*value, Step::Attribute(*key));
            }
        }
    }
}

fn render(graph: &Graph, steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        // Writing to a String cannot fail.
        let _ = match step {
            Step::Root => Ok(()),
            Step::Attribute(key) => write!(path, ".{}", key_text(graph, *key)),
            Step::Key(key) => match graph.int(*key) {
                Some(int) => write!(path, "[{int}]"),
                None => write!(path, "['{}']", key_text(graph, *key)),
            },
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Argument(index) => write!(path, ".<argument {index}>"),
            Step::Class => write!(path, ".<class>"),
            Step::Arguments => write!(path, ".<arguments>"),
            Step::State => write!(path, ".<state>"),
        };
    }
    path
}

fn key_text(graph: &Graph, key: Id) -> String {
    match graph.text(key) {
        Some(text) => text.chars().take(80).collect(),
        None => graph.node(key).article().into(),
    }
}
