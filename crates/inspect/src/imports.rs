//! What Python would import to load a file, with a judgement of each name.
//!
//! Information, not protection: a name that looks harmless may be called in a harmful way, and
//! Pelton never loads a pickle outside a worker. The lists say what models of the usual libraries
//! name, and what a file that harms its reader names.

use pelton_pickle::{Class, Document};
use serde::Serialize;

use crate::describe;

/// Names told; a file of more is remarkable in itself.
const IMPORTS_MAX: usize = 10_000;

/// A class or function that loading the file would import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// Its module and name.
    pub name: String,
    /// How that is to be taken.
    pub danger: Danger,
    /// Why, where it is not usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// How a name is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// Models of the usual libraries name it.
    Usual,
    /// Code of somebody's own, or a function that models seldom need.
    Unusual,
    /// Loading a file that names it may do harm.
    Dangerous,
}

/// Libraries whose classes models are made of.
const LIBRARIES: [&str; 16] = [
    "sklearn",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "xgboost",
    "lightgbm",
    "catboost",
    "imblearn",
    "category_encoders",
    "collections",
    "copyreg",
    "copy_reg",
    "datetime",
    "decimal",
    "_loss",
];

/// Functions that picklers of those libraries call to rebuild data.
const REBUILDERS: [&str; 41] = [
    "_reconstruct",
    "_frombuffer",
    "_frozen_reduce",
    "_reconstructor",
    "__newobj__",
    "__newobj_ex__",
    "scalar",
    "dtype",
    "ndarray",
    "encode",
    "partial",
    "expit",
    "check_array",
    "__generator_ctor",
    "__bit_generator_ctor",
    "__randomstate_ctor",
    "_mareconstruct",
    "_new_Index",
    "_unpickle_block",
    "_unpickle_timestamp",
    "_from_parts",
    "csr_matrix",
    "csc_matrix",
    "coo_matrix",
    "newObj",
    "newBuffer",
    "defaultdict",
    "datetime",
    "date",
    "timedelta",
    "time",
    "float64",
    "float32",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool_",
    "str_",
    "object_",
];

/// Numpy's and Python's functions that FunctionTransformers and scorers often name.
const FUNCTIONS: [&str; 27] = [
    "negative",
    "positive",
    "make_column_selector",
    "log",
    "log1p",
    "log2",
    "log10",
    "exp",
    "expm1",
    "sqrt",
    "square",
    "abs",
    "absolute",
    "sin",
    "cos",
    "tan",
    "tanh",
    "reciprocal",
    "cbrt",
    "sign",
    "identity",
    "mean",
    "median",
    "nanmean",
    "nanmedian",
    "f_classif",
    "f_regression",
];

/// Names of the standard library that hold no danger.
const PLAIN: [&str; 25] = [
    "object",
    "list",
    "dict",
    "set",
    "frozenset",
    "tuple",
    "bytes",
    "bytearray",
    "int",
    "float",
    "str",
    "unicode",
    "long",
    "bool",
    "complex",
    "slice",
    "range",
    "xrange",
    "type",
    "Ellipsis",
    "NotImplemented",
    "OrderedDict",
    "Counter",
    "deque",
    "print",
];

const PROGRAMS: &str = "can start programs";
const CODE: &str = "can run any code";
const FILES: &str = "can read or change files";
const NETWORK: &str = "can open connections";
const PICKLES: &str = "can load another file, and run what that names";
const ATTRIBUTES: &str = "can reach any attribute, and so any code";

/// Modules nothing of which belongs into a model.
const MODULES: [(&str, &str); 46] = [
    ("os", PROGRAMS),
    ("posix", PROGRAMS),
    ("nt", PROGRAMS),
    ("subprocess", PROGRAMS),
    ("_posixsubprocess", PROGRAMS),
    ("commands", PROGRAMS),
    ("popen2", PROGRAMS),
    ("pty", PROGRAMS),
    ("platform", PROGRAMS),
    ("multiprocessing", PROGRAMS),
    ("webbrowser", PROGRAMS),
    ("venv", PROGRAMS),
    ("pip", PROGRAMS),
    ("ensurepip", PROGRAMS),
    ("sys", CODE),
    ("runpy", CODE),
    ("code", CODE),
    ("codeop", CODE),
    ("importlib", CODE),
    ("pkgutil", CODE),
    ("imp", CODE),
    ("ctypes", CODE),
    ("_ctypes", CODE),
    ("cffi", CODE),
    ("types", CODE),
    ("timeit", CODE),
    ("trace", CODE),
    ("pdb", CODE),
    ("bdb", CODE),
    ("cProfile", CODE),
    ("profile", CODE),
    ("doctest", CODE),
    ("idlelib", CODE),
    ("lib2to3", CODE),
    ("marshal", CODE),
    ("torch", PICKLES),
    ("pickle", PICKLES),
    ("_pickle", PICKLES),
    ("shelve", PICKLES),
    ("shutil", FILES),
    ("tempfile", FILES),
    ("pathlib", FILES),
    ("io", FILES),
    ("_io", FILES),
    ("socket", NETWORK),
    ("urllib", NETWORK),
];

/// More of them, by name.
const NAMES: [(&str, &str, &str); 36] = [
    ("builtins", "eval", CODE),
    ("builtins", "exec", CODE),
    ("builtins", "execfile", CODE),
    ("builtins", "compile", CODE),
    ("builtins", "__import__", CODE),
    ("builtins", "breakpoint", CODE),
    ("builtins", "globals", CODE),
    ("builtins", "locals", CODE),
    ("builtins", "vars", CODE),
    ("builtins", "getattr", ATTRIBUTES),
    ("builtins", "setattr", ATTRIBUTES),
    ("builtins", "delattr", ATTRIBUTES),
    ("builtins", "apply", CODE),
    ("builtins", "map", CODE),
    ("builtins", "open", FILES),
    ("builtins", "file", FILES),
    ("builtins", "input", FILES),
    ("operator", "attrgetter", ATTRIBUTES),
    ("operator", "methodcaller", ATTRIBUTES),
    ("functools", "reduce", CODE),
    ("numpy", "runstring", CODE),
    ("numpy", "load", PICKLES),
    ("numpy", "fromfile", FILES),
    ("numpy", "memmap", FILES),
    ("numpy", "save", FILES),
    ("numpy", "savetxt", FILES),
    ("numpy", "loadtxt", FILES),
    ("numpy", "genfromtxt", FILES),
    ("joblib", "load", PICKLES),
    ("joblib", "dump", FILES),
    ("pandas", "read_pickle", PICKLES),
    ("pandas", "eval", CODE),
    ("pandas", "read_csv", FILES),
    ("dill", "_create_function", CODE),
    ("dill", "_create_code", CODE),
    ("dill", "_import_module", CODE),
];

/// Further networks, and cloudpickle, which carries code by its nature.
const ROOTS: [(&str, &str); 9] = [
    ("requests", NETWORK),
    ("http", NETWORK),
    ("httplib", NETWORK),
    ("ftplib", NETWORK),
    ("smtplib", NETWORK),
    ("aiohttp", NETWORK),
    ("asyncio", PROGRAMS),
    ("cloudpickle", CODE),
    ("glob", FILES),
];

/// Modules that libraries import for themselves.
const INNER: [&str; 6] = ["os", "sys", "subprocess", "shutil", "pickle", "importlib"];

/// The names of a file, judged, the most dangerous first.
pub(crate) fn of(document: &Document) -> Vec<Import> {
    let names = document.globals().into_iter().take(IMPORTS_MAX);
    let mut imports: Vec<Import> = names.map(judge).collect();
    imports.sort_by(|a, b| b.danger.cmp(&a.danger).then_with(|| a.name.cmp(&b.name)));
    imports
}

fn judge(class: Class<'_>) -> Import {
    let name = describe::class(&class.to_string());
    let (danger, why) = judgement(class);
    Import { name, danger, why }
}

fn judgement(class: Class<'_>) -> (Danger, Option<&'static str>) {
    let module = match class.module {
        "__builtin__" => "builtins",
        other => other,
    };
    let root = module.split('.').next().unwrap_or_default();
    // `module.name` may stand in either half: a name with dots reaches on.
    let first = class.name.split('.').next().unwrap_or_default();
    let named = NAMES.iter().find(|(place, name, _)| {
        (module == *place || root == *place) && class.name.split('.').any(|part| part == *name)
    });
    if let Some((.., why)) = named {
        return (Danger::Dangerous, Some(why));
    }
    let modules = MODULES.iter().chain(&ROOTS);
    // joblib brings a cloudpickle of its own.
    let root =
        if module.starts_with("joblib.externals.cloudpickle") { "cloudpickle" } else { root };
    if let Some((_, why)) = modules.clone().find(|(place, _)| root == *place) {
        return (Danger::Dangerous, Some(why));
    }
    // A module that a library imported for itself is reached through it.
    let mut through = class.module.split('.').skip(1).chain(class.name.split('.'));
    if through.any(|part| INNER.contains(&part)) {
        return (Danger::Dangerous, Some(CODE));
    }
    if root == "builtins" || root == "collections" {
        return if PLAIN.contains(&class.name) || class.name == "defaultdict" {
            (Danger::Usual, None)
        } else {
            (Danger::Unusual, Some("models seldom need it"))
        };
    }
    let helper = REBUILDERS.contains(&class.name)
        || FUNCTIONS.contains(&class.name)
        || class.name.starts_with("__pyx_unpickle_");
    if matches!(root, "_codecs" | "functools" | "dill") && helper {
        return (Danger::Usual, None);
    }
    if LIBRARIES.contains(&root) {
        let is_class = first.trim_start_matches('_').starts_with(|c: char| c.is_ascii_uppercase());
        // Scorers stand in the pickles of searches.
        let scorer = module.starts_with("sklearn.metrics.");
        return if is_class || helper || scorer || root == "copyreg" || root == "copy_reg" {
            (Danger::Usual, None)
        } else {
            (Danger::Unusual, Some("a function that models seldom need"))
        };
    }
    (Danger::Unusual, Some("code that must be there where the model is loaded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn danger(module: &str, name: &str) -> Danger {
        judgement(Class { module, name }).0
    }

    #[test]
    fn names_are_taken_for_what_they_are() {
        for (module, name, expected) in [
            ("sklearn.pipeline", "Pipeline", Danger::Usual),
            ("sklearn.preprocessing._data", "StandardScaler", Danger::Usual),
            ("numpy._core.multiarray", "_reconstruct", Danger::Usual),
            ("numpy", "log1p", Danger::Usual),
            ("_codecs", "encode", Danger::Usual),
            ("__builtin__", "object", Danger::Usual),
            ("collections", "OrderedDict", Danger::Usual),
            ("sklearn._loss._loss", "__pyx_unpickle_CyHalfBinomialLoss", Danger::Usual),
            ("mypackage.models", "Churn", Danger::Unusual),
            ("__main__", "clean", Danger::Unusual),
            ("sklearn.utils", "resample", Danger::Unusual),
            ("posix", "system", Danger::Dangerous),
            ("os", "system", Danger::Dangerous),
            ("builtins", "eval", Danger::Dangerous),
            ("__builtin__", "getattr", Danger::Dangerous),
            ("subprocess", "Popen", Danger::Dangerous),
            ("importlib", "import_module", Danger::Dangerous),
            ("numpy.testing._private.utils", "runstring", Danger::Dangerous),
            ("numpy.lib.npyio", "load", Danger::Dangerous),
            ("joblib.numpy_pickle", "load", Danger::Dangerous),
            ("sklearn.utils.os", "system", Danger::Dangerous),
            ("joblib", "os.system", Danger::Dangerous),
            ("torch.serialization", "load", Danger::Dangerous),
            ("dill._dill", "_create_function", Danger::Dangerous),
            ("joblib.externals.cloudpickle.cloudpickle", "_make_function", Danger::Dangerous),
        ] {
            assert_eq!(danger(module, name), expected, "{module}.{name}");
        }
    }
}
