"""Refuses some rows: a batch with one of them must cost that row alone."""

import pelton


class Fussy(pelton.Model):
    """13 is refused (the input is at fault), 14 breaks the model, everything else is doubled."""

    inputs = {"x": ("FP64", [-1])}
    outputs = {"y": ("FP64", [-1])}

    def predict(self, inputs):
        """Doubles."""
        x = inputs["x"]
        if (x == 13).any():
            raise ValueError("13 is unlucky")
        if (x == 14).any():
            raise RuntimeError("the model tripped over 14")
        return {"y": x * 2.0}
