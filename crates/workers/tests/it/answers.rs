//! What models answer through a worker.

use std::process::Command;

use bytes::Bytes;
use pelton_core::{Batch, Code, DType, Executor, Form, Inputs, State, Tensor};
use pelton_workers::WorkerConfig;

use crate::support::{
    batch, f64s, faulty, i64s, matrix, numbers, python, start, strings, tell, texts,
};

/// Runs a script that saves a model under the path it is given as `path`.
pub(crate) fn saved(file: &str, script: &str) -> (tempfile::TempDir, WorkerConfig) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    let script = format!("import sys; path = sys.argv[1]\n{script}");
    let status = Command::new(python()).arg("-c").arg(script).arg(&path).status().unwrap();
    assert!(status.success());
    let config = WorkerConfig::new("saved", path, python());
    (directory, config)
}

pub(crate) const LOGISTIC: &str = "
import pickle
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True)
pickle.dump(LogisticRegression(max_iter=1000).fit(X, y), open(path, 'wb'))
";

#[tokio::test]
async fn a_pickle_answers_what_it_says_it_does() {
    let (_directory, config) = saved("iris.pkl", LOGISTIC);
    let executor = start(config).await;
    assert_eq!(executor.state(), State::Ready);
    assert_eq!(executor.platform(), "sklearn");
    let signature = executor.signature();
    let Inputs::Matrix(spec) = &signature.inputs else { panic!("{signature:?}") };
    assert_eq!(spec.shape, [None, Some(4)]);
    assert_eq!(&*signature.default_outputs[0], "predict");
    let rows: [&[f64]; 2] = [&[5.1, 3.5, 1.4, 0.2], &[6.7, 3.0, 5.2, 2.3]];
    let asked = batch(Form::Matrix, vec![matrix(&rows)], &["predict_proba", "predict"]);
    let answer = executor.execute(asked).await.unwrap();
    assert_eq!(answer[0].shape(), [2, 3]);
    assert!(f64s(&answer[0])[0] > 0.9);
    assert_eq!(i64s(&answer[1]), [0, 2]);
    let stats = executor.stats();
    assert_eq!(stats.classes.unwrap(), ["0", "1", "2"]);
    let properties = executor.properties();
    let property = |name: &str| &properties.iter().find(|(key, _)| key == name).unwrap().1;
    assert_eq!(property("classes"), r#"["0","1","2"]"#);
    assert_eq!(*property("class"), stats.class);
    assert_eq!(*property("scikit-learn"), stats.libraries["scikit-learn"]);
    assert!(stats.libraries.contains_key("scikit-learn"));
}

/// Text labels, and a pipeline over named columns of numbers and text with gaps.
const COLUMNS: &str = "
import pickle
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
frame = pd.DataFrame({'age': [1.0, np.nan, 30, 40], 'city': ['Bern', 'Rom', np.nan, 'Bern']})
words = make_pipeline(SimpleImputer(strategy='constant', fill_value='none'), OneHotEncoder())
encode = make_column_transformer((SimpleImputer(strategy='constant', fill_value=-1.0), ['age']), (words, ['city']))
model = make_pipeline(encode, DecisionTreeClassifier(random_state=0))
pickle.dump(model.fit(frame, ['child', 'unknown', 'lost', 'grown']), open(path, 'wb'))
";

#[tokio::test]
async fn columns_are_bound_by_the_signature_and_gaps_reach_the_model() {
    let (_directory, config) = saved("people.pkl", COLUMNS);
    let executor = start(config).await;
    let valid = |name, bits: &'static [u8]| {
        Tensor::new(name, DType::Bool, vec![bits.len()], Bytes::from_static(bits)).unwrap()
    };
    let sent = vec![
        texts("city", &["Bern", "Rom", "", "Bern"]),
        valid("city:valid", &[1, 1, 0, 1]),
        numbers("age", &[1.0, 99.0, 30.0, 40.0]),
        valid("age:valid", &[1, 0, 1, 1]),
    ];
    let signature = executor.signature();
    let bound = signature.bind(sent).unwrap();
    assert_eq!(bound.form, Form::Columns);
    let asked = Batch {
        form: bound.form,
        inputs: bound.inputs,
        rows: bound.rows,
        outputs: signature.select_outputs(&[]).unwrap(),
        deadline: None,
    };
    let whole = executor.execute(asked.clone()).await.unwrap();
    let expected = ["child", "unknown", "lost", "grown"];
    assert_eq!(strings(&whole[0]), expected);
    for (row, label) in expected.iter().enumerate() {
        let alone = executor.execute(asked.slice_rows(row, row + 1)).await.unwrap();
        assert_eq!(strings(&alone[0]), [*label]);
    }
    let error = signature.bind(vec![numbers("city", &[1.0]), numbers("age", &[1.0])]).unwrap_err();
    assert!(error.message().contains("'city'"), "{error}");
}

#[tokio::test]
async fn what_a_model_raises_comes_back_by_type_and_message() {
    let executor = start(faulty()).await;
    let error = executor.execute(tell("raise", &[7.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::ModelRejected);
    assert_eq!(error.message(), "ValueError: could not convert '7.0.csv'");
    assert!(error.detail().unwrap().contains("/srv/data"));
    let error = executor.execute(tell("raise_own", &[7.0])).await.unwrap_err();
    assert_eq!(error.code(), Code::ModelRaised);
    assert_eq!(error.message(), "RuntimeError: out of ideas");
    for (what, told) in [("sys_exit", "SystemExit: enough"), ("interrupt", "KeyboardInterrupt")] {
        let error = executor.execute(tell(what, &[7.0])).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::ModelRaised, told));
    }
    assert_eq!(executor.stats().restarts, 0);
}

#[tokio::test]
async fn an_answer_that_is_none_names_the_output() {
    let executor = start(faulty()).await;
    for (what, told) in [
        ("fewer_rows", "output 'y' has 1 rows, the batch has 2"),
        ("ragged", "output 'y' is ragged, its rows must be of equal length"),
    ] {
        let error = executor.execute(tell(what, &[1.0, 2.0])).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::BadReply, told));
    }
}

#[tokio::test]
async fn large_tensors_arrive_whole() {
    let executor = start(faulty()).await;
    let values: Vec<f64> = (0..1_000_000).map(f64::from).collect();
    let asked = batch(Form::Tensors, vec![numbers("x", &values)], &["y", "pid"]);
    let answer = executor.execute(asked).await.unwrap();
    assert_eq!(answer[0].dtype(), DType::Fp64);
    assert!(f64s(&answer[0]).iter().zip(&values).all(|(y, x)| *y == 2.0 * x));
}
