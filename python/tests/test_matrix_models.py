"""Models trained on plain matrices: outputs, types and shapes are those of the model itself."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import texts
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    LabelEncoder,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import SVC

X, Y = load_iris(return_X_y=True)
SPECIES = np.array(["setosa", "versicolor", "virginica"])[Y]


def test_a_classifier_answers_all_it_has_bit_for_bit(serve):
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    served = serve(model)
    assert served.hello["form"] == "matrix"
    assert served.hello["inputs"] == [
        {"name": "input", "dtype": "FP64", "shape": [-1, 4], "accepts": "numeric"}
    ]
    assert [output["name"] for output in served.hello["outputs"]] == [
        "predict",
        "predict_proba",
        "decision_function",
    ]
    assert served.output("predict")["dtype"] == "INT64"
    assert served.output("predict_proba")["shape"] == [-1, 3]
    assert served.hello["default_outputs"] == ["predict"]
    assert served.hello["classes"] == ["0", "1", "2"]
    answer = served.matrix(X, "predict_proba", "predict", "decision_function")
    assert list(answer) == ["predict_proba", "predict", "decision_function"]
    for name, values in answer.items():
        np.testing.assert_array_equal(values, getattr(model, name)(X))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "i4", "u1", "?"])
def test_any_numeric_dtype_is_taken(serve, dtype):
    model = LinearRegression().fit(X, Y)
    sent = X.astype(dtype)
    np.testing.assert_array_equal(serve(model).matrix(sent)["predict"], model.predict(sent))


@pytest.mark.parametrize("dtype", ["u1", "i2", "f2"])
def test_a_matrix_sent_narrow_does_not_overflow_in_the_model(serve, dtype):
    squares = np.arange(12.0).reshape(4, 3) * 20
    model = make_pipeline(FunctionTransformer(np.square), LinearRegression()).fit(squares, range(4))
    answer = serve(model).matrix(squares.astype(dtype))["predict"]
    np.testing.assert_array_equal(answer, model.predict(squares))


def test_text_labels_come_back_as_text(serve):
    served = serve(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, SPECIES))
    assert served.output("predict") == {"name": "predict", "dtype": "BYTES", "shape": [-1]}
    assert served.hello["classes"] == ["setosa", "versicolor", "virginica"]
    assert served.matrix(X[[0, 60, 149]])["predict"].tolist() == ["setosa", "versicolor", "virginica"]


def test_boolean_labels_and_a_binary_decision(serve):
    served = serve(LogisticRegression(max_iter=1000).fit(X, Y == 1))
    assert served.output("predict")["dtype"] == "BOOL"
    assert served.output("decision_function")["shape"] == [-1]
    assert served.matrix(X)["predict"].dtype == bool


def test_outputs_that_are_not_there_are_not_offered(serve):
    names = [output["name"] for output in serve(SVC().fit(X, Y)).hello["outputs"]]
    assert names == ["predict", "decision_function"]


def test_several_targets_get_one_probability_output_each(serve):
    targets = np.column_stack([Y, Y == 1])
    for model in (
        MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(X, targets),
        RandomForestClassifier(5, random_state=0).fit(X, targets),
    ):
        served = serve(model)
        names = [output["name"] for output in served.hello["outputs"]]
        assert names == ["predict", "predict_proba_0", "predict_proba_1"]
        assert served.output("predict")["shape"] == [-1, 2]
        assert served.output("predict_proba_1")["shape"] == [-1, 2]
        answer = served.matrix(X, "predict_proba_1", "predict_proba_0")
        np.testing.assert_array_equal(answer["predict_proba_0"], model.predict_proba(X)[0])
        np.testing.assert_array_equal(answer["predict_proba_1"], model.predict_proba(X)[1])


def test_transformers_clusterers_and_outlier_detectors(serve):
    served = serve(PCA(2).fit(X))
    assert served.hello["default_outputs"] == ["transform"]
    assert served.output("transform")["shape"] == [-1, 2]
    assert served.matrix(X)["transform"].shape == (150, 2)
    served = serve(KMeans(3, n_init=1, random_state=0).fit(X))
    assert served.output("predict")["dtype"] == "INT32"
    served = serve(IsolationForest(n_estimators=5, random_state=0).fit(X))
    assert {"predict", "decision_function", "score_samples"} <= {o["name"] for o in served.hello["outputs"]}


def test_a_sparse_answer_is_made_dense(serve):
    model = OneHotEncoder(handle_unknown="ignore").fit(Y.reshape(-1, 1))
    answer = serve(model).matrix(np.array([[1], [2]]))
    np.testing.assert_array_equal(answer["transform"], [[0, 1, 0], [0, 0, 1]])


def test_a_text_pipeline_takes_one_text_a_row(serve):
    documents = ["good film", "bad film", "good plot", "bad plot"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(documents, [1, 0, 1, 0])
    served = serve(model)
    assert served.hello["inputs"] == [{"name": "input", "dtype": "BYTES", "shape": [-1], "accepts": "text"}]
    for shape in ((4,), (4, 1)):
        answer = served.matrix(texts(*documents).reshape(shape))
        assert answer["predict"].tolist() == [1, 0, 1, 0]


def test_a_label_encoder_takes_one_label_a_row(serve):
    served = serve(LabelEncoder().fit(["no", "yes", "maybe"]))
    assert served.hello["inputs"] == [
        {"name": "input", "dtype": "BYTES", "shape": [-1, 1], "accepts": "text"}
    ]
    assert served.output("transform") == {"name": "transform", "dtype": "INT64", "shape": [-1]}
    for shape in ((2,), (2, 1)):
        assert served.matrix(texts("yes", "maybe").reshape(shape))["transform"].tolist() == [2, 0]
    with pytest.raises(ValueError, match="unseen"):
        served.matrix(texts("perhaps"))
    served = serve(LabelEncoder().fit([5, -2, 9]))
    assert served.hello["inputs"][0]["accepts"] == "numeric"
    assert served.matrix(np.array([[9], [5]]))["transform"].tolist() == [2, 1]


def test_a_label_binarizer_has_a_column_a_class(serve):
    served = serve(LabelBinarizer().fit(["no", "yes", "maybe"]))
    assert served.output("transform") == {"name": "transform", "dtype": "INT64", "shape": [-1, 3]}
    assert served.matrix(texts("yes", "perhaps"))["transform"].tolist() == [[0, 0, 1], [0, 0, 0]]


def test_scores_by_pair_are_told_where_the_probe_row_is_refused(serve):
    six = np.arange(len(X)) % 6
    model = make_pipeline(FunctionTransformer(np.log), SVC(decision_function_shape="ovo")).fit(X, six)
    served = serve(model)
    assert served.output("decision_function")["shape"] == [-1, 15]
    assert served.matrix(X, "decision_function")["decision_function"].shape == (150, 15)


def test_a_model_that_changes_its_input_spoils_no_other_output(serve):
    model = make_pipeline(StandardScaler(copy=False), LogisticRegression(max_iter=1000)).fit(X.copy(), Y)
    answer = serve(model).matrix(X, "predict", "predict_proba")
    np.testing.assert_array_equal(answer["predict_proba"], model.predict_proba(X.copy()))


def test_wrong_width_is_the_inputs_fault_and_the_model_goes_on(serve):
    served = serve(LinearRegression().fit(X, Y))
    with pytest.raises(ValueError, match="features"):
        served.matrix(X[:, :3])
    assert served.matrix(X)["predict"].shape == (150,)
