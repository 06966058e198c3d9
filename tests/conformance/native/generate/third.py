"""imbalanced-learn's pipelines and category_encoders."""

from __future__ import annotations

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import data

X = data.numbers(n=120)
ROWS = data.awkward(X)
Y = np.where(data.target(X) > 1.0, "rare", "common")
PEOPLE = data.people(seed=12)
WHOLE = PEOPLE.fillna({"age": 40.0, "city": "?"})
WORDS = ["city", "plan"]
INPUTS = data.people_inputs(12, columns=WORDS)


def cases(w) -> None:
    try:
        import imblearn  # noqa: F401
    except ImportError:
        return
    balanced(w)
    encoders(w)


def balanced(w) -> None:
    import lightgbm
    from imblearn import ensemble, over_sampling, pipeline, under_sampling

    forest = RandomForestClassifier(4, max_depth=3, random_state=0)
    for name, steps in {
        "smote_logistic": [StandardScaler(), over_sampling.SMOTE(random_state=0), LogisticRegression()],
        "smote_forest": [over_sampling.SMOTE(random_state=0), forest],
        "over": [over_sampling.RandomOverSampler(random_state=0), forest],
        "under": [StandardScaler(), under_sampling.RandomUnderSampler(random_state=0), LogisticRegression()],
        "both": [over_sampling.ADASYN(random_state=0), under_sampling.TomekLinks(), forest],
    }.items():
        w.add(f"imblearn_{name}", lambda s=steps: pipeline.make_pipeline(*s).fit(X, Y), ROWS)
    w.add("imblearn_balanced_forest", lambda: ensemble.BalancedRandomForestClassifier(
        4, max_depth=3, random_state=0).fit(X, Y), ROWS)  # fmt: skip
    three = np.where(data.target(X) > 2.0, "b", Y)
    w.add(
        "imblearn_balanced_bagging", lambda: ensemble.BalancedBaggingClassifier(n_estimators=3, random_state=0).fit(X, Y), ROWS
    )
    w.add("imblearn_balanced_bagging_parts", lambda: ensemble.BalancedBaggingClassifier(
        LogisticRegression(), n_estimators=3, max_features=0.6, random_state=0).fit(X, three), ROWS)  # fmt: skip
    w.add("imblearn_easy_ensemble", lambda: ensemble.EasyEnsembleClassifier(n_estimators=2, estimator=AdaBoostClassifier(
        n_estimators=3, random_state=0), random_state=0).fit(X, Y), ROWS)  # fmt: skip
    for suffix, y in {"": Y, "_three": three}.items():
        w.add(
            f"imblearn_rus_boost{suffix}",
            lambda y=y: ensemble.RUSBoostClassifier(n_estimators=4, random_state=0).fit(X, y),
            ROWS,
        )
    w.add("imblearn_rus_boost_lightgbm", lambda: ensemble.RUSBoostClassifier(lightgbm.LGBMClassifier(
        n_estimators=2, num_leaves=4, n_jobs=1, verbose=-1), n_estimators=3, random_state=0).fit(X, Y), ROWS)  # fmt: skip
    w.add("imblearn_nested", lambda: make_pipeline(StandardScaler(), pipeline.make_pipeline(
        over_sampling.SMOTE(random_state=0), forest)).fit(X, Y), ROWS)  # fmt: skip


def encoders(w) -> None:
    import category_encoders as ce

    y = (data.people_target(PEOPLE) > 1).astype(int)
    frames = {"": WHOLE[WORDS], "_gaps": PEOPLE[WORDS]}
    for suffix, frame in frames.items():
        for name, build in {
            "ordinal": lambda: ce.OrdinalEncoder(), "ordinal_error": lambda: ce.OrdinalEncoder(handle_unknown="error"),
            "ordinal_nan": lambda: ce.OrdinalEncoder(handle_unknown="return_nan", handle_missing="return_nan"),
            "ordinal_one": lambda: ce.OrdinalEncoder(cols=["plan"]), "one_hot": lambda: ce.OneHotEncoder(),
            "one_hot_names": lambda: ce.OneHotEncoder(use_cat_names=True), "one_hot_error": lambda: ce.OneHotEncoder(
                handle_unknown="error", handle_missing="error"), "one_hot_indicator": lambda: ce.OneHotEncoder(
                handle_unknown="indicator", handle_missing="indicator"), "one_hot_nan": lambda: ce.OneHotEncoder(
                handle_unknown="return_nan", handle_missing="return_nan"), "binary": lambda: ce.BinaryEncoder(),
            "binary_indicator": lambda: ce.BinaryEncoder(handle_unknown="indicator", handle_missing="indicator"),
            "target": lambda: ce.TargetEncoder(), "target_smooth": lambda: ce.TargetEncoder(smoothing=3.0, min_samples_leaf=5),
            "target_nan": lambda: ce.TargetEncoder(handle_unknown="return_nan", handle_missing="return_nan"),
            "count": lambda: ce.CountEncoder(), "leave_one_out": lambda: ce.LeaveOneOutEncoder(),
            "count_share": lambda: ce.CountEncoder(normalize=True, handle_unknown=-1), "count_nan": lambda: ce.CountEncoder(
                handle_unknown="return_nan", handle_missing="return_nan"), "count_error": lambda: ce.CountEncoder(
                handle_unknown="error"), "count_missing_nan": lambda: ce.CountEncoder(handle_missing="return_nan"),
            "count_mixed": lambda: ce.CountEncoder(handle_unknown={"city": "error", "plan": 7}, normalize={"city": True}),
            "leave_one_out_nan": lambda: ce.LeaveOneOutEncoder(handle_unknown="return_nan", handle_missing="return_nan"),
            "leave_one_out_error": lambda: ce.LeaveOneOutEncoder(handle_unknown="error", handle_missing="value", sigma=0.1),
            "cat_boost": lambda: ce.CatBoostEncoder(), "cat_boost_a": lambda: ce.CatBoostEncoder(
                a=2.5, handle_unknown="return_nan", cols=["city"]), "james_stein": lambda: ce.JamesSteinEncoder(),
            "james_stein_beta": lambda: ce.JamesSteinEncoder(model="beta", handle_missing="return_nan"),
            "m_estimate": lambda: ce.MEstimateEncoder(m=3.0, handle_unknown="return_nan"), "woe": lambda: ce.WOEEncoder(),
            "woe_error": lambda: ce.WOEEncoder(handle_unknown="error"), "quantile": lambda: ce.QuantileEncoder(quantile=0.3),
            "helmert": lambda: ce.HelmertEncoder(), "sum": lambda: ce.SumEncoder(), "backward": lambda: ce.BackwardDifferenceEncoder(),
            "polynomial": lambda: ce.PolynomialEncoder(handle_unknown="return_nan", handle_missing="return_nan"),
            "sum_indicator": lambda: ce.SumEncoder(handle_unknown="indicator", handle_missing="indicator"),
            "base_3": lambda: ce.BaseNEncoder(base=3), "base_1": lambda: ce.BaseNEncoder(base=1, cols=["plan"]),
            "gray": lambda: ce.GrayEncoder(),
        }.items():  # fmt: skip
            if (name, suffix) != ("one_hot_error", "_gaps"):  # refuses to be trained
                w.add(f"ce_{name}{suffix}", lambda b=build, f=frame: b().fit(f, y), INPUTS)
    whole = data.people_inputs(12)
    for name, build in {"ordinal": lambda: ce.OrdinalEncoder(), "target": lambda: ce.TargetEncoder(), "binary": lambda: ce.BinaryEncoder(),
                        "one_hot": lambda: ce.OneHotEncoder(), "count": lambda: ce.CountEncoder(),
                        "cat_boost": lambda: ce.CatBoostEncoder(), "leave_one_out": lambda: ce.LeaveOneOutEncoder(),
                        "helmert": lambda: ce.HelmertEncoder()}.items():  # fmt: skip
        forest = RandomForestClassifier(4, max_depth=3, random_state=0)
        frame = WHOLE[["age", "income", "city", "plan"]]
        inputs = {name: whole[name] for name in frame.columns}
        w.add(f"ce_{name}_forest", lambda b=build, f=frame, c=forest: make_pipeline(b(), c).fit(f, y), inputs)
        w.add(f"ce_{name}_columns", lambda b=build, f=frame: make_pipeline(ColumnTransformer([("c", b(), WORDS), (
            "n", StandardScaler(), ["income"])]), LogisticRegression()).fit(f, y), inputs)  # fmt: skip
