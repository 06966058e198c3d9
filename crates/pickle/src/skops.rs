//! skops: a zip archive of `schema.json`, a tree of nodes that name Python classes, and one npy file
//! an array. Nodes become the same plain values that a pickle of the object would give.

mod arrays;
mod containers;

use std::collections::HashMap;

use crate::archive::Archive;
use crate::error::{Error, ErrorKind};
use crate::graph::{EMPTY_TUPLE, FALSE, Graph, Id, NONE, Node, Span, TRUE};
use crate::json::Json;
use crate::text;

const SCHEMA: &str = "schema.json";

/// The newest protocol known; older ones differ only in how functions are spelled.
const PROTOCOL: i64 = 2;

/// Nesting of a JSON text inside the JSON: skops writes numbers and strings so, never containers.
const MAX_TEXT_DEPTH: usize = 16;

/// Reads the archive that a buffer is; the root and skops' protocol.
pub(crate) fn read(graph: &mut Graph, span: Span) -> Result<(Id, u8), Error> {
    let archive = Archive::open(graph, span)?;
    if !archive.names().any(|name| name == SCHEMA) {
        return Err(not_skops(&archive));
    }
    let mut reader = Reader { graph, archive, arrays: HashMap::new() };
    let most = reader.graph.budget.limits.max_schema_bytes;
    let depth = reader.graph.budget.limits.max_schema_depth;
    let schema = reader.archive.entry(reader.graph, SCHEMA, most)?;
    let bytes = reader.graph.buffer(schema.buffer);
    let bytes = &bytes[schema.start..schema.start + schema.len];
    let schema = Json::read(bytes, depth, &mut reader.graph.budget)?;
    let protocol = match schema.get("protocol") {
        Some(Json::Int(protocol @ 0..=PROTOCOL)) => *protocol as u8,
        Some(Json::Int(protocol)) => {
            return Err(Error::unsupported(format!(
                "skops protocol {protocol} is newer than {PROTOCOL}, the newest known"
            )));
        }
        _ => return Err(Error::malformed("the skops schema has no protocol")),
    };
    let root = reader.node(&schema).map_err(|error| error.at(SCHEMA))?;
    Ok((root, protocol))
}

/// Names an archive that is not skops.
fn not_skops(archive: &Archive) -> Error {
    let any = |test: fn(&str) -> bool| archive.names().any(test);
    let what = if any(|name| name.ends_with("data.pkl")) {
        "a PyTorch file; export it to ONNX"
    } else if any(|name| name == "model.weights.h5") {
        "a Keras model; export it to ONNX"
    } else if any(|name| name.strip_suffix(".npy").is_some()) {
        "an npz archive: arrays without a model"
    } else if any(|name| name.starts_with("META-INF/")) {
        "a Java archive"
    } else {
        "a zip archive without the schema.json of skops"
    };
    Error::new(ErrorKind::NotAModel, format!("the file is {what}"))
}

struct Reader<'g> {
    graph: &'g mut Graph,
    archive: Archive,
    /// Arrays by file name: an archive holds each once.
    arrays: HashMap<String, Id>,
}

impl Reader<'_> {
    /// A node of the schema. Recurses as deep as the JSON, whose depth is bounded.
    fn node(&mut self, node: &Json) -> Result<Id, Error> {
        let loader = part(node, "__loader__")?.text().unwrap_or_default();
        match loader {
            "JsonNode" => self.json_node(node),
            "DictNode" => self.dict(node),
            "ListNode" | "TupleNode" | "SetNode" => self.sequence(node, loader),
            "TypeNode" | "FunctionNode" => self.named(node),
            "NdArrayNode" => self.array(node),
            "ObjectNode" => self.object(node, EMPTY_TUPLE),
            "TreeNode" | "LossNode" => {
                let args = self.node(part(part(node, "__reduce__")?, "args")?)?;
                self.object(node, args)
            }
            "RandomStateNode" | "RandomGeneratorNode" => self.random(node),
            "ConstructorFromReduceNode" => {
                let args = self.node(part(node, "content")?)?;
                self.call(node, args)
            }
            "OperatorFuncNode" => {
                let args = self.node(part(node, "attrs")?)?;
                self.call(node, args)
            }
            "DefaultDictNode" => self.default_dict(node),
            "_DictWithDeprecatedKeysNode" => self.node(part(part(node, "content")?, "main")?),
            "SliceNode" => self.slice(node),
            "PartialNode" => self.partial(node),
            "MethodNode" => self.method(node),
            "DTypeNode" => self.dtype(node),
            "MaskedArrayNode" => self.masked(node),
            "SparseMatrixNode" => self.sparse(node),
            "BytesNode" | "BytearrayNode" => {
                let span = self.file(node)?;
                let is_bytes = loader == "BytesNode";
                self.graph.push(if is_bytes { Node::Bytes(span) } else { Node::ByteArray(span) })
            }
            _ => Err(Error::unsupported(format!("skops node '{loader}' is not known"))),
        }
    }

    /// A JSON text inside the JSON.
    fn json_node(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let Some(source) = content.text() else { return self.plain(content) };
        match source.trim() {
            "NaN" => return self.graph.push(Node::Float(f64::NAN)),
            "Infinity" => return self.graph.push(Node::Float(f64::INFINITY)),
            "-Infinity" => return self.graph.push(Node::Float(f64::NEG_INFINITY)),
            digits if digits.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => {
                let int = text::decimal_integer(digits.as_bytes(), self.graph)?;
                return self.graph.push(int);
            }
            _ => {}
        }
        let value = Json::read(source.as_bytes(), MAX_TEXT_DEPTH, &mut self.graph.budget)?;
        self.plain(&value)
    }

    /// JSON as the values Python would read from it.
    fn plain(&mut self, value: &Json) -> Result<Id, Error> {
        let node = match value {
            Json::Null => return Ok(NONE),
            Json::Bool(value) => return Ok(if *value { TRUE } else { FALSE }),
            Json::Int(int) => Node::Int(*int),
            Json::Float(float) => Node::Float(*float),
            Json::Text(text) => return self.graph.push_text(text),
            Json::List(items) => {
                Node::List(items.iter().map(|item| self.plain(item)).collect::<Result<_, _>>()?)
            }
            Json::Map(entries) => {
                let mut pairs = Vec::new();
                for (key, value) in entries {
                    pairs.push((self.graph.push_text(key)?, self.plain(value)?));
                }
                Node::Dict(pairs)
            }
        };
        self.graph.push(node)
    }

    fn named(&mut self, node: &Json) -> Result<Id, Error> {
        let (mut module, mut name) = class_of(node)?;
        // Protocol 0 puts a function's name into its content.
        if let Some(content) =
            node.get("content").filter(|content| content.get("function").is_some())
        {
            module = part(content, "module_path")?.text().unwrap_or(module);
            name = part(content, "function")?.text().unwrap_or(name);
        }
        self.graph.push_global(module, name)
    }

    fn class(&mut self, node: &Json) -> Result<Id, Error> {
        let (module, name) = class_of(node)?;
        self.graph.push_global(module, name)
    }

    fn call(&mut self, node: &Json, args: Id) -> Result<Id, Error> {
        let class = self.class(node)?;
        self.graph.push_object(class, args)
    }

    fn object(&mut self, node: &Json, args: Id) -> Result<Id, Error> {
        let state = match node.get("content") {
            None | Some(Json::Null) => None,
            Some(content) => Some(self.node(content)?),
        };
        let id = self.call(node, args)?;
        self.set(id, |object| object.states.extend(state))?;
        Ok(id)
    }

    fn set(&mut self, id: Id, change: impl FnOnce(&mut crate::graph::Object)) -> Result<(), Error> {
        self.graph.budget.charge(size_of::<Id>())?;
        if let Node::Object(object) = self.graph.node_mut(id) {
            change(object);
        }
        Ok(())
    }

    fn random(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let state = if content.get("__loader__").is_some() {
            self.node(content)?
        } else {
            let mut pairs = Vec::new();
            for name in ["bit_generator", "seed_seq"] {
                if let Some(value) = content.get(name) {
                    pairs.push((self.graph.push_text(name)?, self.node(value)?));
                }
            }
            self.graph.push(Node::Dict(pairs))?
        };
        let id = self.call(node, EMPTY_TUPLE)?;
        self.set(id, |object| object.states.push(state))?;
        Ok(id)
    }

    fn slice(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let mut args = [NONE; 3];
        for (arg, name) in args.iter_mut().zip(["start", "stop", "step"]) {
            *arg = self.plain(part(content, name)?)?;
        }
        let args = self.graph.push(Node::Tuple(args.into()))?;
        self.call(node, args)
    }

    /// As a pickle records it: `partial(func)`, state `(func, args, keywords, namespace)`.
    fn partial(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let mut state = [NONE; 4];
        for (slot, name) in state.iter_mut().zip(["func", "args", "kwds", "namespace"]) {
            *slot = self.node(part(content, name)?)?;
        }
        let args = self.graph.push(Node::Tuple([state[0]].into()))?;
        let state = self.graph.push(Node::Tuple(state.into()))?;
        let id = self.call(node, args)?;
        self.set(id, |object| object.states.push(state))?;
        Ok(id)
    }

    /// As a pickle records it: `getattr(object, name)`.
    fn method(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let object = self.node(part(content, "obj")?)?;
        let name = part(content, "func")?.text().unwrap_or_default().to_owned();
        let name = self.graph.push_text(&name)?;
        let args = self.graph.push(Node::Tuple([object, name].into()))?;
        let getattr = self.graph.push_global("builtins", "getattr")?;
        self.graph.push_object(getattr, args)
    }
}

fn part<'j>(node: &'j Json, name: &str) -> Result<&'j Json, Error> {
    node.get(name).ok_or_else(|| Error::malformed(format!("a skops node has no '{name}'")))
}

fn class_of(node: &Json) -> Result<(&str, &str), Error> {
    match (part(node, "__module__")?.text(), part(node, "__class__")?.text()) {
        (Some(module), Some(name)) => Ok((module, name)),
        _ => Err(Error::malformed("a skops node does not name its class")),
    }
}
