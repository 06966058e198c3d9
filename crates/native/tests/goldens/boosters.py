"""Trains small boosters with the real libraries and writes their own files, awkward rows and the libraries' answers.

    python boosters.py STACK [DIRECTORY]

STACK names the sub-folder of `boosters/` (the versions in use: `xgb32_lgb47_cat1210`, ...). Beside each model file lies
`NAME.rows` in safetensors layout: `x`, `raw` (margins) and `answers` (the library's `predict`), and in its metadata how
the library was called. The Rust tests compare bits.
"""

import pathlib
import sys
import warnings

from boosters_catboost import catboost_models
from boosters_lightgbm import lightgbm_models
from boosters_xgboost import xgboost_models

warnings.filterwarnings("ignore")


def main():
    stack = sys.argv[1]
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "boosters" / stack
    out.mkdir(parents=True, exist_ok=True)
    for models in (xgboost_models, lightgbm_models, catboost_models):
        models(out)
    print(f"{sum(f.stat().st_size for f in out.iterdir()) >> 10} KiB in {len(list(out.iterdir()))} files: {stack}")


if __name__ == "__main__":
    main()
