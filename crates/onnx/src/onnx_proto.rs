//! Numbers of the fields that are read of `onnx.proto`'s messages (IR version 3 to 13), a module a message.

pub(crate) mod model {
    pub(crate) const PRODUCER: u64 = 2;
    pub(crate) const PRODUCER_VERSION: u64 = 3;
    pub(crate) const GRAPH: u64 = 7;
    pub(crate) const FUNCTIONS: u64 = 25;
}

pub(crate) mod function {
    pub(crate) const NODE: u64 = 7;
}

pub(crate) mod graph {
    pub(crate) const NODE: u64 = 1;
    pub(crate) const INITIALIZER: u64 = 5;
    pub(crate) const INPUT: u64 = 11;
    pub(crate) const OUTPUT: u64 = 12;
    pub(crate) const SPARSE_INITIALIZER: u64 = 15;
}

pub(crate) mod node {
    pub(crate) const INPUT: u64 = 1;
    pub(crate) const OUTPUT: u64 = 2;
    pub(crate) const OPERATOR: u64 = 4;
    pub(crate) const ATTRIBUTE: u64 = 5;
}

pub(crate) mod attribute {
    pub(crate) const NAME: u64 = 1;
    pub(crate) const TENSOR: u64 = 5;
    pub(crate) const GRAPH: u64 = 6;
    pub(crate) const INTS: u64 = 8;
    pub(crate) const STRINGS: u64 = 9;
    pub(crate) const TENSORS: u64 = 10;
    pub(crate) const GRAPHS: u64 = 11;
    pub(crate) const SPARSE_TENSOR: u64 = 22;
    pub(crate) const SPARSE_TENSORS: u64 = 23;
}

/// `ValueInfoProto`: an input or output of a graph.
pub(crate) mod value_info {
    pub(crate) const NAME: u64 = 1;
    pub(crate) const TYPE: u64 = 2;
}

/// `TypeProto`, the tensor in it, and that tensor's shape.
pub(crate) mod value_type {
    pub(crate) const TENSOR: u64 = 1;
    pub(crate) const TENSOR_SHAPE: u64 = 2;
    pub(crate) const SHAPE_DIMENSION: u64 = 1;
}

pub(crate) mod tensor {
    pub(crate) const RAW_DATA: u64 = 9;
    pub(crate) const EXTERNAL_DATA: u64 = 13;
    pub(crate) const DATA_LOCATION: u64 = 14;
}

pub(crate) mod sparse_tensor {
    pub(crate) const VALUES: u64 = 1;
    pub(crate) const INDICES: u64 = 2;
}

/// `StringStringEntryProto`.
pub(crate) mod entry {
    pub(crate) const KEY: u64 = 1;
    pub(crate) const VALUE: u64 = 2;
}
