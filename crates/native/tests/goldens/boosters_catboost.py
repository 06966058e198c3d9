"""CatBoost's models: each loss, way of growing and treatment of gaps, as cbm and JSON."""

import numpy as np
from boosters_rows import at_thresholds, rows, training, write_rows


def cat_write(out, name, model, x, kind="cbm", prediction="RawFormulaVal"):
    file = out / f"{name}.{kind}"
    model.save_model(file, format=kind)
    import catboost

    # Probabilities of two classes: the second one's alone.
    raw = model.predict(x, prediction_type="RawFormulaVal")
    answers = model.predict(x, prediction_type=prediction)
    if prediction == "Probability" and raw.ndim == 1:
        answers = answers[:, 1]
    if prediction == "Class":
        position = {label: i for i, label in enumerate(model.classes_)}
        answers = np.array([position[label] for label in answers.ravel()], "f8")
    if kind == "cbm":  # the file says what the trained model says
        again = catboost.CatBoost().load_model(str(file))
        assert (again.predict(x, prediction_type="RawFormulaVal") == raw).all()
    write_rows(out / f"{name}.rows", {"x": x, "raw": raw, "answers": answers}, prediction=prediction)


def catboost_models(out):
    from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor

    common = {"iterations": 5, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 1}

    def spots(model):
        return [(f, np.float32(b)) for f, borders in model.get_borders().items() for b in borders]

    def test(model, seed, missing=True):
        x = rows(5, seed, missing).astype("f4").astype("f8")
        x[8::16, 1], x[9::16, 2] = np.inf, -np.inf
        return at_thresholds(x, spots(model)) if spots(model) else x

    x, y = training(500, 5, 51)
    xm, ym = training(500, 5, 52, missing=True)
    for kind in ("cbm", "json"):
        for name, data, target, params in (
            ("binary", x, y, {}), ("missing_min", xm, ym, {"nan_mode": "Min"}), ("missing_max", xm, ym, {"nan_mode": "Max"}),
            ("depthwise", xm, ym, {"grow_policy": "Depthwise"}),
            ("lossguide", xm, ym, {"grow_policy": "Lossguide", "max_leaves": 9}),
        ):  # fmt: skip
            model = CatBoostClassifier(**common, **params).fit(data, target)
            cat_write(out, f"cat_{name}_{kind}", model, test(model, 53), kind, "Probability")
        x3, y3 = training(500, 5, 54, classes=3)
        for loss in ("MultiClass", "MultiClassOneVsAll"):
            model = CatBoostClassifier(loss_function=loss, **common).fit(x3, np.array(["b", "ä", "c"])[y3])
            cat_write(out, f"cat_{loss}_{kind}", model, test(model, 55), kind, "Probability")
        deep = {"grow_policy": "Lossguide", "max_leaves": 12, "depth": 8}
        model = CatBoostClassifier(**{**common, **deep}).fit(x3, y3 * 3 + 1)
        cat_write(out, f"cat_classes_lossguide_{kind}", model, test(model, 55), kind, "Class")
    x5, y5 = training(600, 5, 56, classes=5)
    model = CatBoostClassifier(**{**common, "iterations": 80, "learning_rate": 1.0}).fit(x5, y5)
    cat_write(out, "cat_five_classes", model, test(model, 57), "cbm", "Probability")
    model = CatBoostClassifier(**common).fit(x, y)
    cat_write(out, "cat_class", model, test(model, 58), "cbm", "Class")
    model.set_probability_threshold(0.3)
    cat_write(out, "cat_class_threshold", model, test(model, 58), "cbm", "Class")
    cat_write(out, "cat_class_threshold_json", model, test(model, 58), "json", "Class")
    model = CatBoostClassifier(**common).fit(x, y > 0)
    cat_write(out, "cat_boolean", model, test(model, 58), "cbm", "Class")
    x, y = training(500, 5, 59, classes=0)
    positive = np.exp(np.clip(y, -3, 3))
    for loss, prediction in (
        ("RMSE", "RawFormulaVal"), ("MAE", "RawFormulaVal"), ("Quantile:alpha=0.3", "RawFormulaVal"), ("Poisson", "Exponent"),
        ("Tweedie:variance_power=1.5", "Exponent"), ("RMSEWithUncertainty", "RMSEWithUncertainty"),
    ):  # fmt: skip
        model = CatBoostRegressor(loss_function=loss, **common).fit(x, positive)
        cat_write(out, f"cat_{loss.split(':')[0]}", model, test(model, 60), "cbm", prediction)
    model = CatBoostRegressor(loss_function="MultiRMSE", **common).fit(x, np.column_stack([y, y * x[:, 0]]))
    cat_write(out, "cat_MultiRMSE", model, test(model, 61))
    model = CatBoostRegressor(boost_from_average=True, model_shrink_rate=0.1, **common).fit(x, y + 100)
    model.set_scale_and_bias(1.7, 3.3)
    cat_write(out, "cat_scale_and_bias", model, test(model, 62))
    import pandas as pd

    frame = pd.DataFrame(x, columns=["a b", "ü", "c", "d", "e"])
    cat_write(out, "cat_feature_names", CatBoost({**common, "loss_function": "RMSE"}).fit(frame, y), test(model, 63), "json")
    x[:, 1] = np.digitize(x[:, 1], [-1, 0, 1])
    mixed = pd.DataFrame(x, columns=list("abcde")).astype({"b": int}).astype({"b": str})
    for name, size in (("one_hot", 10), ("ctr", 2)):  # read and damaged, not asked
        model = CatBoostRegressor(one_hot_max_size=size, cat_features=["b"], **common).fit(mixed, y + x[:, 1])
        for kind in ("cbm", "json"):
            if (name, kind) != ("ctr", "json"):
                model.save_model(out / f"cat_categories_{name}.{kind}", format=kind)
    small = {**common, "iterations": 2, "depth": 1}
    words = np.array(["alpha", "beta", "gamma", "delta"])[np.random.default_rng(64).integers(0, 4, (60, 3))]
    texts = pd.DataFrame({"t": [" ".join(row) for row in words], "x": x[:60, 0]})
    one = (words == "alpha").any(axis=1).astype(int)
    calcers = ["BoW:top_tokens_count=4"]
    model = CatBoostClassifier(text_features=["t"], feature_calcers=calcers, **small).fit(texts, one)
    model.save_model(out / "cat_refused_text.cbm")
    vectors = pd.DataFrame({"e": [list(row) for row in x[:60, :2]], "x": x[:60, 2]})
    CatBoostClassifier(embedding_features=["e"], **small).fit(vectors, one).save_model(out / "cat_refused_embedding.cbm")
