"""Answers with what it was sent: `x` comes back as `y`, whatever the type."""

import pelton


class Echo(pelton.Model):
    """Says nothing about its inputs, so anything reaches it."""

    def predict(self, inputs):
        """`y` is `x`; every other input comes back under its own name."""
        return {"y" if name == "x" else name: values for name, values in inputs.items()}
