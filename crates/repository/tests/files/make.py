"""Writes the files beside it: small models saved by every library and in every way that the
repository must tell apart by content. Needs scikit-learn, joblib, lz4, skops, skl2onnx, lightgbm,
xgboost, catboost and h5py. Run it to add a case; the files are committed."""

import bz2
import gzip
import json
import os
import pickle
import zipfile
from pathlib import Path

import catboost
import h5py
import joblib
import lightgbm
import numpy
import skl2onnx
import skops.io
import xgboost
from sklearn.linear_model import LogisticRegression

os.chdir(Path(__file__).parent)
features = numpy.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
labels = numpy.array([0, 0, 1, 1])
model = LogisticRegression().fit(features, labels)

for protocol in range(6):
    Path(f"pickle{protocol}.bin").write_bytes(pickle.dumps(model, protocol=protocol))
Path("pickle-dict-0.bin").write_bytes(pickle.dumps({"model": model}, protocol=0))
Path("pickle-gzip.bin").write_bytes(gzip.compress(pickle.dumps(model), mtime=0))
Path("pickle-bz2.bin").write_bytes(bz2.compress(pickle.dumps(model)))
joblib.dump(model, "joblib-raw.bin")
for compression in ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"]:
    joblib.dump(model, f"joblib-{compression}.bin", compress=(compression, 3))
skops.io.dump(model, "skops.bin")
Path("onnx.bin").write_bytes(skl2onnx.to_onnx(model, features[:1], options={"zipmap": False}).SerializeToString())
booster = xgboost.XGBClassifier(n_estimators=1, max_depth=1).fit(features, labels).get_booster()
booster.save_model("xgboost.json")
booster.save_model("xgboost.ubj")
light = lightgbm.LGBMClassifier(n_estimators=1, min_child_samples=1, verbose=-1)
light.fit(features, labels).booster_.save_model("lightgbm.bin")
cat = catboost.CatBoostClassifier(iterations=1, depth=1, verbose=False, allow_writing_files=False)
cat.fit(features, labels).save_model("catboost.bin")

with h5py.File("hdf5.bin", "w", libver="latest") as file:
    file.attrs["model_config"] = "{}"
with zipfile.ZipFile("keras.bin", "w") as archive:
    for name in ["metadata.json", "config.json", "model.weights.h5"]:
        archive.writestr(name, "{}")
with zipfile.ZipFile("torch.bin", "w") as archive:
    archive.writestr("archive/data.pkl", pickle.dumps({}, protocol=2))
numpy.save("array.npy", features)
numpy.savez("arrays.npz", a=features)
Path("lfs.bin").write_text(
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n"
)
Path("annex.bin").write_text("/annex/objects/SHA256E-s12345--4d7a2146.pkl\n")
Path("page.bin").write_text("<!DOCTYPE html>\n<html><head></head></html>\n")
Path("text.bin").write_text("age,income\n1,2\n3,4\n")
Path("json.bin").write_text(json.dumps({"name": "not a model"}))
Path("gzip-text.bin").write_bytes(gzip.compress(b"age,income\n1,2\n", mtime=0))
Path("pmml.bin").write_text('<?xml version="1.0"?>\n<PMML version="4.4"></PMML>\n')
Path("empty.bin").write_bytes(b"")
