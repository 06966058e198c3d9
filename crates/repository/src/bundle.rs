//! What a key means in a file that holds several things, and words for what it holds: the same as the
//! Python worker's (`python/pelton/worker/pieces.py`), so that one model is named alike whatever runs it.
//!
//! Must not read files.

use pelton_pickle::{Kind, Value};

/// Entries listed in one message; the rest is counted.
const SHOWN: usize = 12;

/// Bundles within bundles that are looked into for a model, and how many of each.
const NESTED: usize = 3;
const LOOKED_INTO: usize = 32;

/// Parts of the names that people give to what predicts.
const NAMES: [&str; 4] = ["model", "pipeline", "clf", "classifier"];

/// Packages whose objects are data.
const DATA: [&str; 6] = ["pandas", "numpy", "scipy", "builtins", "collections", "datetime"];

/// Modules of scikit-learn that prepare rows for what predicts.
const PREPARING: [&str; 6] = [
    "sklearn.preprocessing",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.impute",
    "sklearn.compose",
    "sklearn.decomposition",
];

/// Modules whose calls start programs, run code or end the process, and give no model.
const PROGRAMS: [&str; 14] = [
    "posix",
    "nt",
    "os",
    "subprocess",
    "sys",
    "shutil",
    "socket",
    "pty",
    "runpy",
    "ctypes",
    "commands",
    "webbrowser",
    "pip",
    "timeit",
];

/// What the key means: an entry of a dict, an item of a list by its number, `a.b` one in the other.
///
/// # Errors
/// There is none; says which there are, to follow the file's name.
pub(crate) fn picked<'d>(value: Value<'d>, key: &str) -> Result<Value<'d>, String> {
    if let Some(found) = value.find(key) {
        return Ok(found);
    }
    if !is_bundle(value) {
        return Err(format!(
            "holds {}, which has no keys: leave '#{key}' away to serve it",
            described(value)
        ));
    }
    let held = value.keyed();
    // Of a step into an entry, the entry itself would be the nearest.
    let names = held.iter().map(|(name, _)| name.as_str()).filter(|_| !key.contains('.'));
    let near = nearest(key, names);
    let asked = near.map_or_else(String::new, |near| format!(" did you mean '{near}'?"));
    Err(format!("has no '{key}';{asked} it holds {}", contents(value)))
}

/// The key most like a mistyped one, if one is.
fn nearest<'a>(wrong: &str, keys: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    keys.map(|key| (strsim::jaro_winkler(&wrong, &key.to_lowercase()), key))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, key)| key)
}

/// A collection is no model, and neither is data: says what it is and how to serve what is in it, to
/// follow the file's name.
///
/// # Errors
/// It is a collection, or data.
pub(crate) fn refuse(value: Value<'_>, shown: &str) -> Result<(), String> {
    if is_object(value) {
        return Ok(());
    }
    if let Some(call) = called(value) {
        return Err(format!("holds no model but a call of {call}, which loading it would run"));
    }
    if !is_bundle(value) {
        return Err(format!("holds {}, not a model", described(value)));
    }
    let Some(key) = likely(value, NESTED) else {
        return Err(format!("holds {} without a model: {}", described(value), contents(value)));
    };
    let step = if shown.contains('#') { '.' } else { '#' };
    let joined = match pieces(value, &key) {
        keys if keys.len() > 1 => {
            let keys: Vec<_> = keys.iter().map(|key| format!("{shown}{step}{key}")).collect();
            format!(", or with what goes with it, in the order applied, 'NAME={}'", keys.join("+"))
        }
        _ => String::new(),
    };
    Err(format!(
        "holds {}, not a model; name the entry that is one by its key, such as \
         '{shown}{step}{key}'{joined}: it holds {}",
        described(value),
        contents(value)
    ))
}

/// The keys of what may prepare a model's rows, of the model, and of what may decode its labels.
fn pieces(value: Value<'_>, model: &str) -> Vec<String> {
    let held = value.keyed();
    let keys = |wanted: fn(Value<'_>) -> bool| {
        let keys = held.iter().filter(move |(_, value)| is_object(*value) && wanted(*value));
        keys.map(|(key, _)| key.clone()).take(SHOWN)
    };
    match held.iter().find(|(key, _)| key == model) {
        Some((_, of)) if !prepares(*of) => keys(|value| prepares(value) && !decodes(value))
            .chain([model.to_owned()])
            .chain(keys(decodes).take(1))
            .collect(),
        _ => Vec::new(),
    }
}

fn decodes(value: Value<'_>) -> bool {
    value.class().is_some_and(|class| class.name == "LabelEncoder")
}

/// The key of what is most likely meant in a bundle: a model before what prepares its rows, and what is
/// held here before what is deeper.
fn likely(value: Value<'_>, deeper: usize) -> Option<String> {
    let held = value.keyed();
    let objects = || held.iter().filter(|(_, value)| is_object(*value));
    let models = || objects().filter(|(_, value)| !prepares(*value));
    let named = models().find(|(key, _)| NAMES.iter().any(|name| key.contains(name)));
    if let Some((key, _)) = named.or_else(|| models().next()).or_else(|| objects().next()) {
        return Some(key.clone());
    }
    let bundles = held.iter().filter(|(_, value)| deeper > 0 && is_bundle(*value));
    bundles
        .take(LOOKED_INTO)
        .find_map(|(key, value)| Some(format!("{key}.{}", likely(*value, deeper - 1)?)))
}

fn is_bundle(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Dict | Kind::List | Kind::Tuple)
}

/// Whether it may be a model: an object that is not known to be data.
fn is_object(value: Value<'_>) -> bool {
    let package = |module: &str| module.split('.').next().is_some_and(|top| DATA.contains(&top));
    match value.kind() {
        Kind::Object => {
            value.class().is_none_or(|class| !package(class.module)) && called(value).is_none()
        }
        Kind::Persistent => true,
        _ => false,
    }
}

/// What loading an object would call, if that is no class of a model's but starts programs.
fn called(value: Value<'_>) -> Option<String> {
    let class = value.class().filter(|_| value.kind() == Kind::Object)?;
    let top = class.module.split('.').next().unwrap_or_default();
    let runs = ["eval", "exec", "compile", "__import__"];
    let builtin = matches!(top, "builtins" | "__builtin__") && runs.contains(&class.name);
    (builtin || PROGRAMS.contains(&top)).then(|| class.to_string())
}

fn prepares(value: Value<'_>) -> bool {
    let module = value.class().map_or("", |class| class.module);
    PREPARING.iter().any(|of| {
        module.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The keys of a bundle with what each holds.
fn contents(value: Value<'_>) -> String {
    let held = value.keyed();
    if held.is_empty() {
        return "nothing".to_owned();
    }
    let shown: Vec<String> = held
        .iter()
        .take(SHOWN)
        .map(|(key, value)| format!("'{key}' ({})", described(*value)))
        .collect();
    let shown = shown.join(", ");
    if held.len() > SHOWN { format!("{shown} and {} more", held.len() - SHOWN) } else { shown }
}

/// A value in a few words.
fn described(value: Value<'_>) -> String {
    match value.kind() {
        Kind::None => "None".to_owned(),
        Kind::Array => {
            let shape = value.as_array().map(|array| array.shape().to_vec()).unwrap_or_default();
            format!("an array of shape {shape:?}")
        }
        kind @ (Kind::Dict | Kind::List | Kind::Tuple) => {
            let name = match kind {
                Kind::Dict => "dict",
                Kind::List => "list",
                _ => "tuple",
            };
            format!("a {name} of {}", value.keyed().len())
        }
        _ => value.describe(),
    }
}

#[cfg(test)]
mod tests {
    use pelton_pickle::Document;

    use super::refuse;

    /// What is said of a pickle of protocol 0.
    fn told(pickle: &str) -> String {
        let document = Document::read(pickle.as_bytes().to_vec()).unwrap();
        refuse(document.root(), "b.pkl").err().unwrap_or_default()
    }

    const SCALER: &str = "csklearn.preprocessing._data\nStandardScaler\n(tR";
    const MODEL: &str = "csklearn.svm._classes\nSVC\n(tR";
    const ENCODER: &str = "csklearn.preprocessing._label\nLabelEncoder\n(tR";
    const FRAME: &str = "cpandas.core.frame\nDataFrame\n(tR";

    #[test]
    fn the_entry_that_predicts_is_proposed() {
        let key = |pickle: &str| {
            let told = told(pickle);
            told.split_once("such as '").unwrap().1.split_once('\'').unwrap().0.to_owned()
        };
        assert_eq!(
            key(&format!("(dVmodel_name\nVx\nsVscaler\n{SCALER}sVsvc\n{MODEL}s.")),
            "b.pkl#svc"
        );
        assert_eq!(key(&format!("(dVold\n{MODEL}sVmodel\n{MODEL}s.")), "b.pkl#model");
        assert_eq!(
            key(&format!("(dVmodels\n(dVsvc\n{MODEL}ssVdata\n{FRAME}s.")),
            "b.pkl#models.svc"
        );
        assert_eq!(key(&format!("(dVscaler\n{SCALER}s.")), "b.pkl#scaler");
    }

    #[test]
    fn what_goes_with_a_model_is_proposed_in_order() {
        let told = told(&format!(
            "(dVmodel\n{MODEL}sVcodes\n{ENCODER}sVscaler\n{SCALER}sVdata\n{FRAME}s."
        ));
        let proposed = "such as 'b.pkl#model', or with what goes with it, in the order applied, \
                        'NAME=b.pkl#scaler+b.pkl#model+b.pkl#codes': it holds 'model' (";
        assert!(told.contains(proposed), "{told}");
    }

    #[test]
    fn data_is_no_model() {
        assert_eq!(told(&format!("{FRAME}.")), "holds pandas.core.frame.DataFrame, not a model");
        assert_eq!(
            told("(dVmodel\n(dVrecall\nF0.5\nss."),
            "holds a dict of 1 without a model: 'model' (a dict of 1)"
        );
        assert_eq!(told(&format!("{MODEL}.")), "");
    }

    #[test]
    fn a_bundle_that_holds_itself_is_left() {
        let told = told("(lp0\ng0\nag0\nag0\na.");
        assert!(told.starts_with("holds a list of 3 without a model"), "{told}");
    }
}
