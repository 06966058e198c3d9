//! Models that run without Python, and what is said where they cannot.

use pelton_proto::prediction::PredictionRequest;
use pelton_proto::prediction::prediction_service_client::PredictionServiceClient;

use crate::harness::{Place, python, sample};

/// An instance of a class that nobody has: `sklearn.magic.Oracle`.
const ORACLE: &[u8] = b"\x80\x02csklearn.magic\nOracle\n)\x81}b.";

#[tokio::test(flavor = "multi_thread")]
async fn a_pickle_is_served_without_python() {
    let place = Place::with_model();
    let mut server = place.serve(&["iris.pkl", "--native-threads", "3"]);
    assert_eq!(server.get("/v2/health/ready"), "HTTP/1.1 200 OK");
    let address = format!("http://{}", server.address("grpc  "));
    let mut client = PredictionServiceClient::connect(address).await.expect("it listens");
    let features = vec![3.0, 1.0];
    let answer = client.predict(PredictionRequest { features }).await.expect("an answer");
    assert!((answer.into_inner().prediction - 1.0).abs() < f64::EPSILON);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("executor=\"native\""), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    let runs = "  runs     native, 3 threads, within 1e-12 of Python, labels equal, trained with \
                scikit-learn 1.";
    assert!(block.contains(runs), "{block}");
    assert!(block.contains("  class    sklearn.linear_model._logistic.LogisticRegression\n"));
    assert!(block.contains("  inputs   input FP64 [-1, 2]\n"), "{block}");
    assert!(block.ends_with("  classes  0, 1\n"), "{block}");
}

#[test]
fn a_file_that_was_cut_short_is_not_sent_to_python() {
    let place = Place::new();
    let whole = sample("pickle5.bin");
    place.write("cut.pkl", &whole[..whole.len() / 2]);
    let outcome = place.run(&["serve", "cut.pkl"]);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("error: model 'cut' (cut.pkl): "), "{}", outcome.stderr);
    let words = ": was the copy or the download cut short?\n";
    assert!(outcome.stderr.ends_with(words), "{}", outcome.stderr);
}

/// The libraries' own formats, by the classes that they load them with.
const OWN: [(&str, &str, &str); 4] = [
    ("xgboost.json", "an XGBoost model (JSON)", "xgboost.core.Booster"),
    ("xgboost.ubj", "an XGBoost model (UBJSON)", "xgboost.core.Booster"),
    ("lightgbm.bin", "a LightGBM model (text)", "lightgbm.basic.Booster"),
    ("catboost.bin", "a CatBoost model", "catboost.core.CatBoostClassifier"),
];

#[test]
fn the_own_files_of_boosting_libraries_are_served_whatever_they_are_called() {
    for (name, is, class) in OWN {
        let place = Place::new();
        place.write("m.pkl", sample(name));
        let mut server = place.serve(&["m.pkl"]);
        server.signal("TERM");
        assert_eq!(server.wait().code(), Some(0), "{}", server.log());
        let block = server.block.clone() + &server.rest_of_block();
        assert!(block.contains("  runs     native, "), "{block}");
        assert!(block.contains(&format!("  class    {class}\n")), "{block}");
        let outcome = place.run(&["serve", "m.pkl", "--executor", "python"]);
        let words = format!(
            "error: model 'm' (m.pkl) is {is}: outside the native engine its library loads it, which \
             happens only in a worker process"
        );
        assert!(outcome.stderr.starts_with(&words), "{}", outcome.stderr);
        assert_eq!(outcome.code, Some(2));
    }
}

#[test]
fn the_native_engine_goes_before_an_interpreter_unless_told_otherwise() {
    let place = Place::with_model();
    place.write("other.pkl", sample("joblib-zlib.bin"));
    place.write("pelton.toml", "[models.other]\npath = \"other.pkl\"\nexecutor = \"python\"\n");
    let python = python();
    let mut server = place.serve(&["iris.pkl", "--config", "pelton.toml", "--python", &python]);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    let runs: Vec<&str> =
        block.lines().filter_map(|line| line.strip_prefix("  runs     ")).collect();
    assert!(runs[0].starts_with("native, ") && runs[1].starts_with("python 3."), "{block}");
    assert!(!block.contains("because"), "{block}");
}

#[test]
fn what_cannot_run_natively_says_why_and_the_way_out() {
    let place = Place::new();
    place.write("oracle.pkl", ORACLE);
    place.refuses(
        &["oracle.pkl"],
        "error: model 'oracle' (oracle.pkl) cannot run natively: sklearn.magic.Oracle is not \
         supported natively; it can run as it is in a Python worker, where loading it runs code \
         from the file: add --python /path/to/python (one that can import the model's libraries)",
    );
    place.refuses(
        &["oracle.pkl", "--executor", "native"],
        "error: model 'oracle' (oracle.pkl) cannot run natively: sklearn.magic.Oracle is not \
         supported natively; without --executor native it runs in a Python worker, with the \
         interpreter that --python names",
    );
    place.refuses(
        &["oracle.pkl", "--executor", "rust"],
        "error: --executor: 'rust' is not one of auto, native, onnx, python",
    );
}

/// A class that works, under a name the native engine does not know.
const ECHO: &str =
    "class Echo:\n    n_features_in_ = 1\n    def predict(self, x):\n        return x\n";

#[test]
fn a_model_that_runs_in_python_says_why() {
    let place = Place::new();
    place.write("echo_model.py", ECHO).write("echo.pkl", b"\x80\x02cecho_model\nEcho\n)\x81.");
    let python = python();
    let mut server = place.serve(&["echo.pkl", "--python", &python]);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    let because = "  because  it cannot run natively: echo_model.Echo is not supported natively\n";
    assert!(block.contains(because), "{block}");
}
